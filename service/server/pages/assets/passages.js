// Documents without page pictures (mails, sheets, text): passages round the places of values, marked. Offsets are code points.

const AROUND = 1500; // characters shown on each side of a place at first

const texts = new Map(); // by source: { holder, from, to, text (code points), whole }

/** Return the sources that have no pictures: of values, and the document itself where nothing else can be shown. */
function textSources() {
  const pictured = new Set([...view.sheets.values()].map((s) => s.source || ""));
  const found = new Set(view.sheets.size ? [] : [""]);
  for (const field of review.fields.values()) for (const { place } of placesOf(field)) if (!place.page && place.end > place.start) found.add(place.source || "");
  return [...found].filter((s) => !pictured.has(s));
}

/** Add a block of text to the left side: the document's own first. */
function addTextBlock(source) {
  const block = textBlock(source);
  if (!block) return;
  const pane = document.getElementById("pages");
  const several = pane.children.length > 0 || source;
  if (source) pane.append(sourceHeading(source), block); else pane.prepend(several ? sourceHeading(source) : "", block);
}

/** Return the block of a source that is shown as text; its passage comes when a field asks for it, or at once from the start. */
function textBlock(source) {
  const key = source || "";
  if (texts.has(key) && texts.get(key).generation === review.generation) return null;
  const holder = h("pre", { class: "passage", tabindex: "0", "aria-label": "Text of the document" });
  const block = { source: key, holder, from: 0, to: 0, text: [], generation: review.generation, shown: null };
  texts.set(key, block);
  block.before = h("button", { type: "button", hidden: true, onclick: () => moreText(block, -1) }, "Show the text before");
  block.after = h("button", { type: "button", hidden: true, onclick: () => moreText(block, 1) }, "Show the text after");
  const near = new IntersectionObserver((entries) => {
    if (entries.some((e) => e.isIntersecting) && !block.text.length) { near.disconnect(); showPassage(block, 0, 0, false); }
  });
  const section = h("section", { class: "panel text-source" }, block.before, holder, block.after);
  near.observe(section);
  return section;
}

async function fetchPassage(block, start, end, around = AROUND) {
  const search = new URLSearchParams({ source: block.source, start, end, around });
  return ask("GET", `${documentAddress()}/text?${search}`);
}

/** Show the passage round a place, and mark it. */
async function showPassage(block, start, end, scroll = true) {
  const inside = block.text.length && start >= block.from && end <= block.to;
  if (!inside) {
    try {
      const said = await fetchPassage(block, start, end);
      Object.assign(block, { text: [...said.text], from: said.from, to: said.to, ended: said.to < end + AROUND });
    } catch (error) {
      fill(block.holder, refusalNotice(error));
      return;
    }
  }
  renderPassage(block);
  if (scroll) block.holder.querySelector("mark.chosen")?.scrollIntoView({ block: "center" });
}

async function moreText(block, step) {
  const at = step > 0 ? block.to : block.from;
  const said = await fetchPassage(block, at, at).catch(() => null);
  if (!said) return;
  const got = [...said.text];
  if (step > 0) { block.text.push(...got.slice(Math.max(0, block.to - said.from))); block.to = Math.max(block.to, said.to); block.ended = said.to < at + AROUND; }
  else { block.text.unshift(...got.slice(0, Math.max(0, block.from - said.from))); block.from = Math.min(block.from, said.from); }
  renderPassage(block);
}

/** Write a passage with its marks: of the chosen field strongly, of others as thin lines that can be clicked. */
function renderPassage(block) {
  const pieces = [];
  let at = block.from;
  const slice = (from, to) => untrusted(block.text.slice(from - block.from, to - block.from).join(""), 1e6);
  for (const span of spansIn(block)) {
    if (span.start < at) continue;
    if (span.start > at) pieces.push(slice(at, span.start));
    pieces.push(spanElement(span, slice(span.start, span.end)));
    at = span.end;
  }
  if (at < block.to) pieces.push(slice(at, block.to));
  fill(block.holder, pieces);
  block.before.hidden = block.from <= 0;
  block.after.hidden = !!block.ended || block.text.length === 0;
}

function spanElement(span, content) {
  if (span.chosen) return h("mark", { class: "chosen" }, span.mark && h("sup", null, span.mark), content);
  const made = h("span", { class: "span " + span.kind, onclick: () => select(span.path, { keepPlace: true }), onpointerover: () => light(span.path), onpointerout: () => light(null) }, content);
  made.dataset.path = span.path;
  return made;
}

function spansIn(block) {
  const chosen = review.fields.get(review.current);
  const found = [];
  const add = (place, more) => {
    if ((place.source || "") !== block.source || !(place.end > place.start) || place.start < block.from || place.end > block.to) return;
    found.push({ start: place.start, end: place.end, ...more });
  };
  for (const { place, mark } of chosen ? placesOf(chosen) : []) add(place, { chosen: true, mark });
  const strong = [...found];
  for (const field of review.fields.values()) {
    if (field.path === review.current) continue;
    for (const place of field.evidence || []) {
      if (strong.some((s) => place.start < s.end && s.start < place.end)) continue;
      add(place, { path: field.path, kind: isOpen(field) ? "doubtful" : "known" });
    }
  }
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** Show the first place of a field that lies in a text. Returns whether there is one. */
function markPassages(field, wanted) {
  if (review.sourced !== review.fields.size) for (const source of textSources()) addTextBlock(source); // more were loaded
  review.sourced = review.fields.size;
  const place = wanted || placesOf(field).map((p) => p.place).find((p) => texts.has(p.source || "") && p.end > p.start);
  const block = place && texts.get(place.source || "");
  for (const other of texts.values()) if (other !== block && other.text.length) renderPassage(other);
  if (!block || block.generation !== review.generation) return false;
  showPassage(block, place.start, place.end);
  return true;
}
