// What a person decides: sent one after the other, so that each builds on the one before. Nothing typed is ever dropped unasked.

const CLAIM_RENEWAL_MS = 50_000;

let turn = Promise.resolve(); // the decisions under way

function draftKey() { return `thresher.drafts.${review.collection}.${review.number}`; }

/** Read what was typed and not saved, of an earlier load of the page too. */
function readDrafts() {
  let kept = {};
  try { kept = JSON.parse(sessionStorage.getItem(draftKey()) || "{}"); } catch { /* private windows */ }
  Object.assign(review, { drafts: kept.values || {}, notes: kept.notes || {} });
}

function storeDrafts() {
  try { sessionStorage.setItem(draftKey(), JSON.stringify({ values: review.drafts, notes: review.notes })); } catch { /* they stay in memory */ }
}

function keepDraft(path, text) {
  if (text === undefined) delete review.drafts[path]; else review.drafts[path] = text;
  storeDrafts();
}

/** Decide on a field: shown at once, so that keys never wait; sent in order; brought back where the service refuses. */
function act(action, { value, path = review.current } = {}) {
  const field = review.fields.get(path);
  if (!field) return;
  if (review.takenBy) { say("Somebody else is reviewing this document. You can look."); return; }
  if (action === "accept" && isMissing(field)) action = "absent";
  if ((action === "reject" && isMissing(field)) || (action === "undo" && !field.correction)) return;
  const sent = { path, action, value, note: review.notes[path] || undefined };
  review.fields.set(path, decided(field, sent));
  review.sending[path] = (review.sending[path] || 0) + 1;
  delete review.faults[path];
  delete review.notes[path];
  review.editing = null;
  review.done = review.done.filter((p) => p !== path);
  if (action !== "undo") review.done.push(path);
  turn = turn.then(() => sendDecided(field, sent));
  const told = { accept: "Accepted", edit: "Corrected", reject: "Rejected", absent: "Not in the document", undo: "Taken back" }[action];
  renderField(path);
  tellProgress();
  if (action === "undo") { select(path, { quiet: true }); say(told); } else goNextDoubtful(path, told);
}

/** Return a field as it will be, until the service gives it. */
function decided(field, { action, value, note }) {
  if (action === "undo") return { ...field, correction: null };
  const correction = { action, note, old: field.value, by: session.name, at: Date.now() / 1000 };
  if (action === "edit") return { ...field, correction, value, shown: valueText(value) };
  return action === "accept" ? { ...field, correction } : { ...field, correction, value: null, shown: "" };
}

async function sendDecided(before, sent) {
  const { path } = sent;
  const generation = review.generation;
  try {
    const said = await ask("POST", `${documentAddress()}/corrections`, { ...sent, head: review.head });
    review.head = said.head;
    review.sending[path] -= 1;
    if (review.sending[path]) return; // a later decision on the same field is on its way
    review.fields.set(path, said.field);
    if (review.editing !== path) keepDraft(path, undefined);
  } catch (error) {
    review.sending[path] -= 1;
    if (generation !== review.generation) return;
    await refused(before, sent, error);
  }
  indexPlaces();
  renderField(path);
  tellProgress();
}

/** Bring a refused decision back to its field; what was typed stays. A conflict brings in what the other person did. */
async function refused(before, { path, action, note }, error) {
  review.fields.set(path, before);
  review.done = review.done.filter((p) => p !== path);
  review.faults[path] = error;
  if (note && !review.notes[path]) review.notes[path] = note;
  if (error.code === "review_conflict") await reload().catch(() => null);
  if (!review.editing) {
    if (action === "edit" && review.drafts[path] !== undefined) review.editing = path;
    select(path, { quiet: true });
  }
  say(`${fullName(before)}: ${plainText(error.message)}`);
}

function faultNotice(field) {
  const error = review.faults[field.path];
  if (!error) return null;
  const offers = error.body?.readings || error.body?.could_be || [];
  return refusalNotice(error, offers.length > 0 && h("div", { class: "row" }, "Did you mean ", offers.map((o) => h("button", { type: "button", onclick: () => act("edit", { value: o, path: field.path }) }, untrusted(o, 60)))));
}

/** Go to the next doubtful field after one, or to the document's own decision where none is left. */
function goNextDoubtful(path, words = "") {
  const order = navigation();
  const at = order.indexOf(path);
  const next = [...order.slice(at + 1), ...order.slice(0, at)].find((p) => isOpen(review.fields.get(p)));
  if (next !== undefined) {
    select(next, { quiet: true });
    say(`${words}. Next: ${spoken(review.fields.get(next))}`);
    return;
  }
  if (isDoubtful(review.fields.get(path))) {
    document.getElementById("accept-document")?.focus();
    say(`${words}. Nothing is left to check: accept or reject the document.`);
    return;
  }
  step(1);
}

/** Move to the next or previous field. */
function step(by) {
  const order = navigation();
  const at = order.indexOf(review.current);
  const next = order[Math.min(Math.max(at + by, 0), order.length - 1)];
  if (next !== undefined && next !== review.current) select(next); else say(by > 0 ? "This is the last value." : "This is the first value.");
}

/** Undo the last decision of this page, else that of the chosen field. */
function undo() {
  const last = review.done[review.done.length - 1] ?? review.current;
  if (review.fields.get(last)?.correction) act("undo", { path: last }); else say("Nothing to undo.");
}

function edit(path) {
  if (review.takenBy) { say("Somebody else is reviewing this document."); return; }
  review.editing = path;
  select(path, { quiet: true });
  const input = document.querySelector("[data-editor]");
  input?.focus();
  if (input?.select) input.select();
  say(`Edit ${fullName(review.fields.get(path))}. Enter saves, Escape leaves.`);
}

/** Return the editor of a field: what is typed is kept at every key. */
function editor(field) {
  const input = editorInput(field);
  const id = fieldId(field.path);
  input.id = id + "-input";
  const save = () => { if (review.drafts[field.path] === undefined) keepDraft(field.path, input.value); act("edit", { value: typedValue(field, input.value), path: field.path }); };
  input.addEventListener("input", () => keepDraft(field.path, input.value));
  input.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); save(); } });
  const note = h("input", { type: "text", id: id + "-note", maxlength: "1000", placeholder: "Why (optional)", value: review.notes[field.path] || "", oninput: (e) => { review.notes[field.path] = e.target.value; storeDrafts(); }, onkeydown: (e) => { if (e.key === "Enter") { e.preventDefault(); save(); } } });
  return h("form", { class: "editor", onsubmit: (e) => { e.preventDefault(); save(); } },
    h("label", { for: input.id }, "Right value", field.kind === "number" && h("span", { class: "soft small" }, " as the document writes it: 1.234,56 or 1,234.56")), input,
    h("label", { for: id + "-note", class: "small" }, "Note"), note,
    h("div", { class: "row" }, h("button", { class: "primary", type: "submit" }, "Save", keysOn() && h("kbd", null, "Enter")), h("button", { type: "button", onclick: leaveEditor }, "Leave", keysOn() && h("kbd", null, "Esc"))));
}

function editorInput(field) {
  const draft = review.drafts[field.path] ?? (isMissing(field) ? "" : shownText(field));
  const choices_ = field.kind === "boolean" ? [["true", "yes"], ["false", "no"]] : (field.choices || []).map((c) => [String(c), String(c)]);
  if (choices_.length) {
    return h("select", { "data-editor": true }, [["", "choose …"], ...choices_].map(([value, words]) => h("option", { value, selected: value === String(draft) }, plainText(words, 120))));
  }
  if (draft.length > 70 || draft.includes("\n")) return h("textarea", { "data-editor": true, rows: "4", dir: "auto", value: draft, oninput: null }, draft);
  return h("input", { "data-editor": true, type: "text", dir: "auto", autocomplete: "off", spellcheck: "false", value: draft });
}

function typedValue(field, text) { return field.kind === "boolean" ? text === "true" : text; }

function leaveEditor() {
  const path = review.editing;
  if (!path) return;
  const field = review.fields.get(path);
  if (review.drafts[path] === shownText(field)) keepDraft(path, undefined);
  review.editing = null;
  renderField(path);
  select(path, { keepPlace: true, quiet: true });
}

function draftLine(field) {
  const draft = review.drafts[field.path];
  if (draft === undefined) return null;
  return h("div", { class: "notice doubt row" }, h("span", null, "Not saved: ", h("b", null, untrusted(draft, 120))),
    h("button", { type: "button", onclick: () => edit(field.path) }, "Go on"),
    h("button", { type: "button", onclick: () => { keepDraft(field.path, undefined); delete review.faults[field.path]; renderField(field.path); select(field.path, { quiet: true }); } }, "Drop it"));
}

/** Claim the document while it is open here. Where somebody else has it, it can be looked at only. */
async function claim() {
  const [collection, number] = [review.collection, review.number];
  try {
    const got = await ask("POST", `${documentAddress()}/claim`);
    if (collection !== review.collection || number !== review.number) return;
    const freed = review.takenBy;
    review.claim = got;
    review.takenBy = null;
    if (freed) { await reload(); say("The document is free: you can review it now."); }
  } catch (error) {
    if (error.status !== 409 || number !== review.number) return;
    const held = (await ask("GET", `${documentAddress()}?limit=1`).catch(() => null))?.claim;
    if (!review.takenBy) say("Somebody else is reviewing this document. You can look.");
    review.takenBy = held || { by: "somebody else", until: null };
    keepFocus(renderFields);
  }
}

function giveBack() {
  if (review.number === null || review.takenBy || !review.claim) return;
  review.claim = null;
  ask("DELETE", `${documentAddress()}/claim`, undefined, { stay: true }).catch(() => null);
}

setInterval(() => { if (review.number !== null && document.visibilityState === "visible") claim(); }, CLAIM_RENEWAL_MS);
addEventListener("pagehide", giveBack);

/** Accept, reject or reopen the document as a whole, and go on with the next of the queue. */
function decideDocument(state) {
  turn = turn.then(() => sendDecision(state)).catch((error) => { documentFault(error); });
  return turn;
}

async function sendDecision(state) {
  if (review.takenBy) return;
  const unsaved = [...Object.keys(review.drafts), ...Object.keys(review.faults)].filter((p) => review.fields.has(p));
  if (state !== "open" && unsaved.length) {
    select(unsaved[0], { quiet: true });
    throw new Error("A value is not saved: save it or drop it first.");
  }
  review.doc.review = await ask("POST", `${documentAddress()}/decision`, { state });
  const entry = queue.documents.find((d) => d.number === review.number);
  if (entry) entry.review = review.doc.review;
  if (state === "open") { renderHeader(); renderFields(); say("The document is open again."); return; }
  const next = (await nextDocument(1, true)) ?? queue.documents.find((d) => d.number !== review.number && reviewState(d) === "open" && !isTaken(d))?.number ?? null;
  const words = `${plainText(review.doc.name)}: ${STATES[state].toLowerCase()}.`;
  await go(next === null ? `/review/${encodeURIComponent(review.collection)}${queueSearch()}` : documentLink(review.collection, next));
  say(words + (next === null ? " That was the last one of this queue." : ` Next: ${plainText(review.doc.name)}`));
}

function documentFault(error) {
  say(plainText(error.message));
  fill(document.getElementById("fault"), error instanceof Refusal ? refusalNotice(error) : h("div", { class: "notice bad", role: "alert" }, untrusted(error.message)));
}
