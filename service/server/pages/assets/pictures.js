// The left side: pictures of pages, made by the server when they come into view, with the places of values as SVG over them.

const SCALES = [1, 1.5, 2, 3, 4]; // pixels a point that pictures are asked for
const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4]; // 1: a point is 1/72 inch, as on paper
const PIXELS_PER_POINT = 96 / 72;
const SVG = "http://www.w3.org/2000/svg";

const view = { zoom: "fit", sheets: new Map(), places: new Map(), near: null, width: 0 };

function sheetKey(source, page) { return `${page}|${source || ""}`; }

/** Build the left side for a document. Pages without a picture are shown as text (passages.js). */
function buildPages(pages, pane) {
  view.sheets.clear();
  view.near?.disconnect();
  view.near = new IntersectionObserver(cameNear, { root: pane, rootMargin: "500px 0px" });
  const blocks = [];
  let source = null;
  for (const page of pages) {
    if (page.source !== source && (page.source || source !== null)) blocks.push(sourceHeading(page.source));
    source = page.source;
    if (!page.picture) blocks.push(textBlock(page.source));
    else blocks.push(buildSheet(page, pages.length).figure);
  }
  const width = fill(pane).clientWidth; // while it is empty, which is quick
  fill(pane, blocks);
  for (const source of textSources()) addTextBlock(source);
  document.querySelector(".tools").hidden = view.sheets.size === 0;
  layOut(width);
  for (const sheet of view.sheets.values()) view.near.observe(sheet.figure);
}

function sourceHeading(source) {
  return h("h2", { class: "source-name", title: plainText(source) }, source ? untrusted(sourceName(source), 120) : "The document itself");
}

/** Return the last part of the path of an attachment or member. */
function sourceName(source) { return source.split("!/").pop(); }

function buildSheet(page, total) {
  const image = h("img", { alt: `Page ${page.page}`, draggable: "false" });
  const boxes = document.createElementNS(SVG, "svg");
  boxes.setAttribute("viewBox", `0 0 ${page.width} ${page.height}`);
  boxes.setAttribute("aria-hidden", "true");
  const paper = h("div", { class: "paper" }, image, boxes);
  const figure = h("figure", { class: "sheet", data: { page: String(page.page) } }, paper, h("figcaption", null, `Page ${page.page}`));
  const sheet = { ...page, figure, paper, image, boxes, turn: 0, scale: 0, drawn: false, total };
  image.addEventListener("error", () => pictureFailed(sheet));
  boxes.addEventListener("click", (e) => e.target.dataset.path !== undefined && select(e.target.dataset.path, { keepPlace: true }));
  boxes.addEventListener("pointerover", (e) => light(e.target.dataset.path));
  boxes.addEventListener("pointerout", () => light(null));
  view.sheets.set(sheetKey(page.source, page.page), sheet);
  return sheet;
}

/** Return CSS pixels a point at which a sheet is shown. */
function sheetScale(sheet) {
  if (view.zoom !== "fit") return view.zoom * PIXELS_PER_POINT;
  const across = sheet.turn % 2 ? sheet.height : sheet.width;
  return Math.max(0.2, (view.width - 40) / across);
}

/** Give every sheet its size; pictures follow when they come near. */
function layOut(width = document.getElementById("pages").clientWidth) {
  view.width = width; // read once: each reading after a writing costs a layout
  for (const sheet of view.sheets.values()) {
    const scale = sheetScale(sheet);
    const [across, down] = [sheet.width * scale, sheet.height * scale];
    const turned = sheet.turn % 2 === 1;
    sheet.figure.style.width = `${turned ? down : across}px`;
    sheet.figure.style.height = `${turned ? across : down}px`;
    Object.assign(sheet.paper.style, {
      width: `${across}px`, height: `${down}px`,
      transform: `translate(-50%, -50%) rotate(${sheet.turn * 90}deg)`,
    });
  }
  for (const sheet of view.sheets.values()) if (sheet.shown) loadPicture(sheet);
  tellZoom();
}

function cameNear(entries) {
  for (const entry of entries) {
    const sheet = [...view.sheets.values()].find((s) => s.figure === entry.target);
    if (!sheet) continue;
    sheet.shown = entry.isIntersecting;
    if (sheet.shown) { loadPicture(sheet); drawBoxes(sheet); }
  }
}

function loadPicture(sheet) {
  const wanted = sheetScale(sheet) * devicePixelRatio * 0.92;
  const scale = SCALES.find((s) => s >= wanted) || SCALES[SCALES.length - 1];
  if (sheet.scale >= scale || sheet.failed) return;
  sheet.scale = scale;
  const address = new URL(sheet.picture, location.href);
  address.searchParams.set("scale", String(scale));
  sheet.image.src = address.pathname + address.search;
}

async function pictureFailed(sheet) {
  sheet.failed = true;
  const why = await ask("GET", sheet.image.getAttribute("src"), undefined, { stay: true }).catch((error) => error);
  const again = h("button", { type: "button", onclick: () => { sheet.failed = false; sheet.scale = 0; sheet.paper.querySelector(".missing").remove(); loadPicture(sheet); } }, "Try again");
  sheet.image.removeAttribute("src");
  sheet.paper.append(h("div", { class: "missing" }, h("strong", null, `Page ${sheet.page} can not be shown`),
    h("p", null, untrusted(why instanceof Refusal ? why.message : "its picture could not be made")), h("p", null, "Values and quotes are at the right all the same."), again));
}

/** Index the places of all fields by page. */
function indexPlaces() {
  view.places.clear();
  for (const field of review.fields.values()) {
    for (const place of field.evidence || []) {
      if (!place.page || !place.boxes?.length) continue;
      const key = sheetKey(place.source, place.page);
      if (!view.places.has(key)) view.places.set(key, []);
      view.places.get(key).push({ path: field.path, boxes: place.boxes });
    }
  }
  for (const sheet of view.sheets.values()) { sheet.drawn = false; if (sheet.shown) drawBoxes(sheet); }
}

/** Draw the thin frames of a page's values, and the strong ones of the chosen field over them. */
function drawBoxes(sheet) {
  const chosen = review.fields.get(review.current);
  if (sheet.drawn === review.current) return;
  sheet.drawn = review.current;
  const shapes = [];
  for (const { path, boxes } of view.places.get(sheetKey(sheet.source, sheet.page)) || []) {
    const field = review.fields.get(path);
    for (const box of boxes) shapes.push(frame(box, path === review.current ? "behind" : isOpen(field) ? "doubtful" : "known", path));
  }
  for (const { place, mark } of chosen ? placesOf(chosen) : []) {
    if (sheetKey(place.source, place.page) !== sheetKey(sheet.source, sheet.page)) continue;
    (place.boxes || []).forEach((box, i) => shapes.push(...chosenFrame(box, chosen.path, i === 0 ? mark : "")));
  }
  sheet.boxes.replaceChildren(...shapes);
}

/** Return the places to frame for a field: of its value, and of each candidate with its number. */
function placesOf(field) {
  const own = (field.evidence || []).map((place) => ({ place, mark: "" }));
  const others = (field.candidates || []).flatMap((c, i) => (c.evidence || []).map((place) => ({ place, mark: String(i + 1) })));
  return hasChoice(field) ? [...others, ...(others.length ? [] : own)] : own;
}

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function frame([x0, y0, x1, y1], kind, path) {
  const made = svg("rect", { x: x0, y: y0, width: Math.max(x1 - x0, 0.5), height: Math.max(y1 - y0, 0.5), class: kind });
  made.dataset.path = path;
  return made;
}

function chosenFrame(box, path, mark) {
  const made = [frame(box, "chosen", path)];
  if (mark) {
    const label = svg("g", { class: "label", transform: `translate(${box[0]} ${box[1]})` });
    const text = svg("text", { x: -6, y: 1 });
    text.textContent = mark;
    label.append(svg("circle", { cx: -6, cy: -2, r: 6 }), text);
    made.push(label);
  }
  return made;
}

/** Frame the places of the chosen field and bring the first into view. Returns whether a place is on a page with a picture. */
function framePlaces(field, wanted) {
  for (const sheet of view.sheets.values()) if (sheet.shown) drawBoxes(sheet);
  const place = wanted || placesOf(field).map((p) => p.place).find((p) => p.page && view.sheets.has(sheetKey(p.source, p.page)));
  const sheet = place && view.sheets.get(sheetKey(place.source, place.page));
  if (!sheet) return false;
  loadPicture(sheet);
  sheet.shown = true;
  drawBoxes(sheet);
  bringIntoView(sheet, place.boxes?.[0]);
  return true;
}

function bringIntoView(sheet, box) {
  const pane = document.getElementById("pages");
  const outer = pane.getBoundingClientRect();
  const shape = box && [...sheet.boxes.querySelectorAll(".chosen")].find((s) => Math.abs(s.getAttribute("x") - box[0]) < 0.01 && Math.abs(s.getAttribute("y") - box[1]) < 0.01);
  const inner = (shape || sheet.figure).getBoundingClientRect();
  const margin = 50;
  if (!shape) { pane.scrollTop += inner.top - outer.top - 20; return; }
  if (inner.top < outer.top + margin || inner.bottom > outer.bottom - margin) pane.scrollTop += (inner.top + inner.bottom) / 2 - (outer.top + outer.height * 0.42);
  if (inner.left < outer.left + 20 || inner.right > outer.right - 20) pane.scrollLeft += (inner.left + inner.right) / 2 - (outer.left + outer.width / 2);
}

/** Zoom by a step, or to "fit"; the place in the middle stays. */
function zoomBy(step) {
  const sheet = currentSheet();
  if (!sheet) return;
  const now = view.zoom === "fit" ? sheetScale(sheet) / PIXELS_PER_POINT : view.zoom;
  if (step === 0) view.zoom = "fit";
  else if (step > 0) view.zoom = ZOOMS.find((z) => z > now * 1.02) || ZOOMS[ZOOMS.length - 1];
  else view.zoom = [...ZOOMS].reverse().find((z) => z < now * 0.98) || ZOOMS[0];
  const pane = document.getElementById("pages");
  const middle = (pane.scrollTop + pane.clientHeight / 2 - sheet.figure.offsetTop) / (sheet.figure.offsetHeight || 1);
  layOut();
  pane.scrollTop = sheet.figure.offsetTop + middle * sheet.figure.offsetHeight - pane.clientHeight / 2;
  const field = review.fields.get(review.current);
  if (field) framePlaces(field);
  say(`Zoom ${zoomWords()}`);
}

function turnPage() {
  const sheet = currentSheet();
  if (!sheet) return;
  sheet.turn = (sheet.turn + 1) % 4;
  layOut();
  bringIntoView(sheet, null);
  say(`Page ${sheet.page} turned to ${sheet.turn * 90} degrees`);
}

/** Return the sheet that takes the middle of the pane. */
function currentSheet() {
  const pane = document.getElementById("pages");
  if (!pane) return null;
  const middle = pane.getBoundingClientRect().top + pane.clientHeight / 2;
  let best = null, distance = Infinity;
  for (const sheet of view.sheets.values()) {
    if (!sheet.shown && best) continue;
    const r = sheet.figure.getBoundingClientRect();
    const off = r.top > middle ? r.top - middle : r.bottom < middle ? middle - r.bottom : 0;
    if (off < distance) [best, distance] = [sheet, off];
  }
  return best;
}

function zoomWords() {
  const sheet = currentSheet();
  return sheet ? `${Math.round((sheetScale(sheet) / PIXELS_PER_POINT) * 100)} %` : "";
}

function tellZoom() {
  const words = document.getElementById("zoom-words");
  if (words) words.textContent = zoomWords();
}

function tellPage() {
  const sheet = currentSheet();
  const words = document.getElementById("page-words");
  if (words && sheet) words.textContent = `Page ${sheet.page} of ${sheet.total}`;
}

function goPage(step) {
  const all = [...view.sheets.values()];
  const next = all[all.indexOf(currentSheet()) + step];
  if (next) bringIntoView(next, null);
}

function pageToolbar() {
  const button = (words, label, action, key) => h("button", { class: "quiet", type: "button", title: key ? `${label} (${key})` : label, "aria-label": label, onclick: action }, words);
  return h("div", { class: "tools", role: "toolbar", "aria-label": "Pages" },
    button("‹", "Page before", () => goPage(-1)), h("span", { id: "page-words", class: "small" }), button("›", "Next page", () => goPage(1)),
    h("span", { class: "grow" }),
    button("−", "Smaller", () => zoomBy(-1), "-"), h("span", { id: "zoom-words", class: "small" }), button("+", "Larger", () => zoomBy(1), "+"),
    button("Fit", "Fit to the width", () => zoomBy(0), "0"), button("Turn", "Turn this page", turnPage, "t"));
}
