// The review page: one address a list or a document; moving between them loads data only.

const review = {
  collection: "", number: null, doc: null, fields: new Map(), current: null, editing: null, head: "",
  drafts: {}, notes: {}, faults: {}, sending: {}, done: [], claim: null, takenBy: null, generation: 0,
};
const FIELDS_AT_ONCE = 500;
let begun = Promise.resolve(); // who is asking is known: reading need not wait for it

function documentAddress() { return `${queueAddress(review.collection)}/${review.number}`; }

/** Go to an address of this page without loading the page again. */
async function go(address) {
  giveBack();
  history.pushState(null, "", address);
  await show();
}

function followed(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const address = event.currentTarget.getAttribute("href");
  turn.then(() => go(address)); // what was decided is sent first
}

async function show() {
  const [, , collection, number] = location.pathname.split("/");
  readQueueSearch();
  review.generation += 1;
  review.collection = decodeURIComponent(collection);
  review.number = number ? Number(number) : null;
  try {
    if (review.number === null) await begun.then(() => showQueue(review.collection)); else await showDocument();
  } catch (error) {
    fill(document.getElementById("actions"));
    fill(document.getElementById("main"), h("div", { class: "wide" }, refusalNotice(error, h("p", null, h("a", { href: "/" }, "To the upload page")))));
  }
}

async function showDocument() {
  const generation = review.generation;
  const doc = await ask("GET", `${documentAddress()}?fields_from=0&limit=${FIELDS_AT_ONCE}`);
  if (generation !== review.generation) return;
  Object.assign(review, { doc, head: doc.head, current: null, editing: null, faults: {}, sending: {}, done: [], claim: null, takenBy: null });
  review.fields = new Map(doc.fields.map((f) => [f.path, f]));
  windows.clear();
  texts.clear();
  readDrafts();
  if (doc.first_doubtful !== null && doc.first_doubtful >= doc.fields.length) await loadFields(doc.first_doubtful);
  layOutDocument();
  const first = navigation()[0];
  if (first !== undefined) select(first, { quiet: true }); else tellPage();
  document.title = `${plainText(doc.name, 60)} · Review · Thresher`;
  const left = [...review.fields.values()].filter(isOpen).length;
  say(`${plainText(doc.name)}. ${left ? `${count(left, "value")} to check` : "Nothing to check"}. ${first !== undefined ? spoken(review.fields.get(first)) : ""}`);
  begun.then(claim, () => null);
  loadRest(generation);
  if (queue.loaded !== review.collection + queueSearch()) loadQueue(review.collection).then(renderHeader).catch(() => null);
}

function layOutDocument() {
  fill(document.getElementById("main"), h("div", { class: "document" },
    h("section", { class: "left", "aria-label": "The document" }, pageToolbar(), h("div", { id: "place-note", class: "place-note small" }),
      h("div", { id: "pages", tabindex: "0", role: "region", "aria-label": "Pages", onscroll: tellPage })),
    h("section", { class: "right", "aria-label": "Values" }, h("div", { id: "fault" }), h("div", { id: "fields" }))));
  renderHeader();
  buildPages(review.doc.pages, document.getElementById("pages"));
  indexPlaces();
  renderFields();
}

function renderHeader() {
  if (review.number === null) return;
  const doc = review.doc;
  const state = reviewState(doc);
  const list = `/review/${encodeURIComponent(review.collection)}${queueSearch()}`;
  fill(document.getElementById("title"),
    h("a", { href: list, onclick: followed, class: "back" }, "‹ All documents"), h("h1", { class: "ellipsis", title: plainText(doc.name) }, untrusted(doc.name, 120)),
    statusChip(doc.status), state !== "open" && stateChip(state));
  const move = (by, words, key) => h("button", { type: "button", class: "quiet", title: `${words} (${key})`, "aria-label": words, disabled: neighbour(review.number, by) === null && !(by > 0 && queue.next), onclick: () => goDocument(by) }, by < 0 ? "‹" : "›");
  fill(document.getElementById("actions"), move(-1, "Previous document", "K"), move(1, "Next document", "J"),
    state === "open" ? [
      h("button", { type: "button", onclick: () => decideDocument("rejected") }, "Reject document"),
      h("button", { type: "button", id: "accept-document", onclick: () => decideDocument("accepted") }, "Accept document"),
    ] : h("button", { type: "button", onclick: () => decideDocument("open") }, "Reopen"));
  if (document.getElementById("fields")) tellProgress();
}

function documentNotice() {
  const doc = review.doc;
  if (review.takenBy) return h("p", { class: "notice doubt" }, h("strong", null, untrusted(review.takenBy.by, 60)), ` is reviewing this document${review.takenBy.until ? ` until ${clock(review.takenBy.until)}` : ""}. You can look; it becomes free by itself.`);
  if (doc.review && doc.review.state !== "open") return h("p", { class: "notice " + (doc.review.state === "accepted" ? "good" : "bad") }, `${STATES[doc.review.state]} by `, untrusted(doc.review.by, 60), `, ${moment(doc.review.at)}.`);
  return null;
}

function documentFooter() {
  return h("section", { class: "row foot", "aria-label": "More of this document" },
    h("button", { type: "button", onclick: showHistory }, "History"),
    h("button", { type: "button", onclick: makeCase, title: "Keeps the document with the corrected values, for `thresher score`" }, "Make a scorecard case"),
    h("span", { id: "case-note", class: "small soft" }));
}

async function makeCase() {
  const note = document.getElementById("case-note");
  try {
    const made = await ask("POST", `${documentAddress()}/case`);
    fill(note, "Case ", h("b", null, untrusted(made.case, 120)), " · ", h("a", { href: `${documentAddress()}/case.zip`, download: "" }, "download"));
    say(`Case ${plainText(made.case)} is made`);
  } catch (error) { documentFault(error); }
}

async function showHistory() {
  const dialog = document.getElementById("dialog");
  const said = await ask("GET", `${documentAddress()}/events`).catch((error) => { documentFault(error); return null; });
  if (!said) return;
  fill(dialog, h("h2", { id: "dialog-title" }, "History"),
    h("p", { class: "small" }, said.right ? "✓ The chain of events is whole: nothing was changed or taken away." : "✕ The chain of events is broken: somebody changed the records."),
    h("div", { class: "scroll-x" }, h("table", { class: "small" },
      h("thead", null, h("tr", null, ["When", "Who", "What", "Before", "After", "Note"].map((t) => h("th", { scope: "col" }, t)))),
      h("tbody", null, said.events.map((e) => h("tr", null, h("td", null, moment(e.at)), h("td", null, untrusted(e.by, 40)), h("td", null, plainText(e.action), " ", h("code", null, untrusted(e.path, 80))),
        h("td", null, untrusted(valueText(e.old), 80)), h("td", null, untrusted(valueText(e.new), 80)), h("td", null, untrusted(e.note || "", 200))))))),
    h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
}

async function loadFields(from) {
  const said = await ask("GET", `${documentAddress()}?fields_from=${from}&limit=${FIELDS_AT_ONCE}`);
  for (const field of said.fields) review.fields.set(field.path, field);
}

/** Load the other fields of a large document behind the scenes, and keep the target's order. */
async function loadRest(generation) {
  const total = review.doc.fields_total;
  if (review.fields.size >= total) return;
  const ordered = [...review.doc.fields];
  while (ordered.length < total) {
    const said = await ask("GET", `${documentAddress()}?fields_from=${ordered.length}&limit=${FIELDS_AT_ONCE}`).catch(() => null);
    if (!said?.fields.length || generation !== review.generation) break;
    ordered.push(...said.fields.map((f) => review.fields.get(f.path)?.correction ? review.fields.get(f.path) : f));
  }
  if (generation !== review.generation) return;
  const now = review.fields;
  review.fields = new Map(ordered.map((f) => [f.path, now.get(f.path)?.correction ? now.get(f.path) : f]));
  indexPlaces();
  keepFocus(renderFields);
}

/** Load the document again after somebody else changed it; what is typed here stays. */
async function reload() {
  const doc = await ask("GET", `${documentAddress()}?fields_from=0&limit=${FIELDS_AT_ONCE}`);
  Object.assign(review.doc, { review: doc.review, reasons: doc.reasons, claim: doc.claim });
  review.head = doc.head;
  for (const field of doc.fields) if (!review.sending[field.path]) review.fields.set(field.path, field);
  if (!doc.fields.some((f) => f.path === review.current) && doc.fields_total > doc.fields.length) {
    const at = [...review.fields.keys()].indexOf(review.current);
    if (at >= 0) await loadFields(at);
  }
  indexPlaces();
  keepFocus(renderFields);
}

async function goDocument(by) {
  const next = await nextDocument(by);
  if (next === null) say(by > 0 ? "This is the last document of the queue." : "This is the first document of the queue.");
  else turn.then(() => go(documentLink(review.collection, next)));
}

document.addEventListener("DOMContentLoaded", async () => {
  document.getElementById("help-button").addEventListener("click", showHelp);
  addEventListener("popstate", () => turn.then(() => { giveBack(); show(); }));
  addEventListener("resize", () => { if (review.number !== null && review.doc) { layOut(); framePlacesOnly(); } });
  begun = begin();
  try { await Promise.all([begun, show()]); } catch (error) {
    if (error.status !== 401) fill(document.getElementById("main"), h("div", { class: "wide" }, refusalNotice(error)));
  }
});
