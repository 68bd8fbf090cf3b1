// The list of a collection: queues by reason, who is at what, and where to begin.

const REASONS = {
  absent: ["Not found", "required, and the document does not state it"],
  unsupported: ["Not proven", "a value was removed because the document does not hold it"],
  arithmetic: ["Sums differ", "numbers that belong together do not add up"],
  conflict: ["Conflict", "the document gives several values"],
  unclaimed: ["Rows left over", "lines look like records and are in none"],
  unresolved: ["No valid answer", "the model gave no valid answer for a part"],
  unread: ["Not read", "a part of the document could not be read"],
  invalid: ["Not valid", "the value breaks a rule of the target"],
  not_of_this_kind: ["Another kind", "the document is not of the kind that was asked for"],
  prompt_cut: ["Question cut", "the server read only a part of the question"],
  hidden: ["Hidden text", "text lies hidden under the visible page"],
  unsure: ["Low confidence", "the value is kept, and may be wrong"],
};
const STATES = { open: "To review", accepted: "Accepted", rejected: "Rejected" };
const STATUS_MARKS = { complete: "✓", partial: "◐", abstained: "○", failed: "✕" };
const LIST_PAGE = 100;

const queue = { documents: [], counts: {}, queues: {}, next: null, reason: "", state: "open", loaded: "" };

function reasonName(code) { return REASONS[code] ? REASONS[code][0] : codeWords(code).slice(0, -1); }

function reviewState(document_) { return document_.review ? document_.review.state : "open"; }

function statusChip(status) {
  const kind = { complete: "good", failed: "bad", abstained: "bad" }[status] || "doubt";
  return h("span", { class: "chip " + kind }, h("span", { "aria-hidden": "true" }, STATUS_MARKS[status] || "·"), status);
}

function stateChip(state) {
  const mark = { accepted: "✓", rejected: "✕" }[state];
  return h("span", { class: "chip " + ({ accepted: "good", rejected: "bad" }[state] || "") }, mark, STATES[state] || state);
}

function queueAddress(collection) { return "/v1/reviews/" + encodeURIComponent(collection); }

/** The queue that a reader is in travels in the address, so that a document leads to the next of the same queue. */
function queueSearch() {
  const search = new URLSearchParams();
  if (queue.reason) search.set("reason", queue.reason);
  if (queue.state !== "open") search.set("state", queue.state || "all");
  return search.size ? "?" + search : "";
}

function readQueueSearch() {
  const search = new URLSearchParams(location.search);
  queue.reason = search.get("reason") || "";
  queue.state = search.get("state") || "open";
  if (queue.state === "all") queue.state = "";
}

/** Load the first page of a queue, or the next one. */
async function loadQueue(collection, more = false) {
  const search = new URLSearchParams({ limit: LIST_PAGE });
  if (queue.reason) search.set("reason", queue.reason);
  if (queue.state) search.set("state", queue.state);
  if (more && queue.next) search.set("cursor", queue.next);
  const said = await ask("GET", `${queueAddress(collection)}?${search}`);
  const documents = more ? [...queue.documents, ...said.documents] : said.documents;
  Object.assign(queue, said, { documents, loaded: collection + queueSearch() });
}

function documentLink(collection, number) {
  return `/review/${encodeURIComponent(collection)}/${number}${queueSearch()}`;
}

async function showQueue(collection) {
  document.title = "Review · Thresher";
  await loadQueue(collection);
  fill(document.getElementById("title"), h("h1", { class: "ellipsis" }, untrusted(queue.target?.name || "Review", 80)));
  fill(document.getElementById("actions"));
  fill(document.getElementById("main"), h("div", { class: "wide", id: "queue" }));
  renderQueue(collection);
}

function renderQueue(collection) {
  const first = queue.documents.find((d) => reviewState(d) === "open" && !isTaken(d)) || queue.documents[0];
  fill(document.getElementById("queue"),
    progressPanel(collection, first), chipRow(collection),
    queue.documents.length ? documentTable(collection) : h("p", { class: "notice" }, emptyWords()),
    queue.next && h("button", { type: "button", onclick: () => moreOfQueue(collection) }, "Show more"));
}

function emptyWords() {
  if (queue.state === "open" && !queue.reason) return "Nothing is left to review here.";
  return "No document is in this queue. Choose another reason or state above.";
}

function isTaken(one) { return !!one.claim && one.claim.by !== session.name && one.claim.by !== session.tenant; }

function progressPanel(collection, first) {
  const { open = 0, accepted = 0, rejected = 0 } = queue.counts;
  const total = open + accepted + rejected;
  return h("section", { class: "panel progress-panel" },
    h("div", { class: "grow" },
      h("h2", null, `${(accepted + rejected).toLocaleString()} of ${count(total, "document")} reviewed`),
      h("progress", { max: String(total || 1), value: String(accepted + rejected), "aria-label": "Reviewed documents" }),
      h("p", { class: "soft small" }, `${accepted.toLocaleString()} accepted · ${rejected.toLocaleString()} rejected · ${open.toLocaleString()} to review`)),
    collection !== "folder" && h("a", { class: "button", href: `/v1/extractions/${encodeURIComponent(collection)}/export.xlsx`, download: "" }, "Excel"),
    first && h("a", { class: "button primary", id: "start", href: documentLink(collection, first.number), onclick: followed }, open ? "Start reviewing" : "Look through"));
}

function chipRow(collection) {
  const reason = (code, words, n, title) => h("button", {
    class: "chip", type: "button", "aria-pressed": String(queue.reason === code), title, onclick: () => choose(collection, { reason: code }),
  }, words, n !== null && h("span", { class: "soft" }, n.toLocaleString()));
  const state = (code, words) => h("button", {
    class: "chip", type: "button", "aria-pressed": String(queue.state === code), onclick: () => choose(collection, { state: code }),
  }, words);
  const codes = Object.keys(queue.queues).sort((a, b) => queue.queues[b] - queue.queues[a]);
  return h("div", { class: "queues" },
    h("div", { class: "row", role: "group", "aria-label": "Queue by reason" }, reason("", "Any reason", null, ""),
      codes.map((c) => reason(c, reasonName(c), queue.queues[c], REASONS[c] ? REASONS[c][1] : ""))),
    h("div", { class: "row", role: "group", "aria-label": "State of the review" },
      state("open", "To review"), state("accepted", "Accepted"), state("rejected", "Rejected"), state("", "All")));
}

async function choose(collection, chosen) {
  Object.assign(queue, chosen);
  history.replaceState(null, "", location.pathname + queueSearch());
  await loadQueue(collection);
  renderQueue(collection);
  document.querySelector(`[aria-label="${"reason" in chosen ? "Queue by reason" : "State of the review"}"] [aria-pressed="true"]`)?.focus();
  say(`${count(queue.documents.length, "document")} shown`);
}

function documentTable(collection) {
  return h("div", { class: "panel scroll-x" }, h("table", { class: "documents" },
    h("thead", null, h("tr", null, ["Document", "Status", "Why", "To check", "Review"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", null, queue.documents.map((d) => documentRow(collection, d)))));
}

function documentRow(collection, one) {
  const reasons = Object.entries(one.reasons || {}).sort((a, b) => b[1] - a[1]);
  return h("tr", null,
    h("th", { scope: "row" }, h("a", { href: documentLink(collection, one.number), onclick: followed }, untrusted(one.name, 120))),
    h("td", null, statusChip(one.status)),
    h("td", null, h("span", { class: "row" }, reasons.map(([code, n]) => h("span", { class: "chip" }, reasonName(code), n > 1 && ` ×${n}`)))),
    h("td", null, one.doubtful ? String(one.doubtful) : h("span", { class: "soft" }, "–")),
    h("td", null, stateChip(reviewState(one)), one.review?.by && h("div", { class: "soft small" }, untrusted(one.review.by, 40)),
      isTaken(one) && h("div", { class: "small soft" }, "in hand: ", untrusted(one.claim.by, 40))));
}

async function moreOfQueue(collection) {
  await loadQueue(collection, true);
  renderQueue(collection);
}

/** Return the number of the next document of the queue, with more of the queue where the loaded part ends. */
async function nextDocument(by, openOnly = false) {
  for (;;) {
    const found = neighbour(review.number, by, openOnly);
    if (found !== null || by < 0 || !queue.next) return found;
    await loadQueue(review.collection, true);
  }
}

/** Return the number of the document after (or before) one in the queue; null at its end. */
function neighbour(number, step, openOnly = false) {
  const at = queue.documents.findIndex((d) => d.number === number);
  const rest = step > 0 ? queue.documents.slice(at + 1) : queue.documents.slice(0, Math.max(at, 0)).reverse();
  const found = rest.find((d) => !openOnly || (reviewState(d) === "open" && !isTaken(d)));
  return found ? found.number : null;
}
