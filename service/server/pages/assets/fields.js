// The right side: what to check first, then the other values, then lists as tables. One field is chosen at a time.

const METHODS = {
  read: "read in the document", derived: "computed from other values", judged: "judged by a second look",
  seen: "seen in the page's picture", corrected: "set by a person", none: "no place is known",
};
const MATCHES = { normalised: "the same but for spelling of digits, dates or spaces", fuzzy: "nearly the same text" };
const ROWS_SHOWN = 40;

const windows = new Map(); // first row shown, by list

function isDoubtful(field) { return !!field && field.doubts.length > 0; }
function isSettled(field) { return !!field && !!field.correction; }
function isOpen(field) { return isDoubtful(field) && !isSettled(field); }
function isMissing(field) { return field.value === null || field.value === undefined; }

function shownText(field) {
  if (isMissing(field)) return "";
  return field.shown ? String(field.shown) : valueText(field.value);
}

function valueElement(field) {
  if (isMissing(field)) {
    const words = field.correction?.action === "absent" ? "not in the document" : field.correction?.action === "reject" ? "rejected" : "not found";
    return h("span", { class: "none" }, words);
  }
  if (field.value === true || field.value === false) return field.value ? "yes" : "no";
  return untrusted(shownText(field), 300);
}

/** Return the list that a path is in, with the row and column; null for a single value. The innermost list counts. */
function cellOf(path) {
  let best = null;
  for (const list of review.doc.lists) {
    if (path.startsWith(list.path + "/") && (!best || list.path.length > best.path.length)) best = list;
  }
  if (!best) return null;
  const rest = path.slice(best.path.length + 1);
  const cut = rest.indexOf("/");
  return { list: best, row: Number(cut < 0 ? rest : rest.slice(0, cut)), column: cut < 0 ? "" : rest.slice(cut + 1) };
}

/** Return the paths in the order of j and k: doubtful ones first. */
function navigation() {
  const all = [...review.fields.values()];
  return [...all.filter(isDoubtful), ...all.filter((f) => !isDoubtful(f))].map((f) => f.path);
}

function fullName(field) {
  const cell = cellOf(field.path);
  return cell ? `${plainText(cell.list.name)}, row ${cell.row + 1}, ${plainText(field.name)}` : [...parents(field.path), plainText(field.name)].join(", ");
}

/** Return the words of the keys that a value is in: a name alone may be the seller's or the buyer's. */
function parents(path) { return path.replaceAll("/*", "").split("/").slice(1, -1).map(keyWords); }

function keyWords(key) {
  if (/^\d+$/.test(key)) return `row ${Number(key) + 1}`;
  const text = plainText(key.replaceAll("~1", "/").replaceAll("~0", "~").replaceAll("_", " "), 60);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function nameElement(field) {
  const cell = cellOf(field.path);
  if (!cell) return [parents(field.path).map((w) => h("span", { class: "soft" }, untrusted(w), " · ")), untrusted(field.name, 120)];
  return [h("span", { class: "soft" }, untrusted(cell.list.name, 60), ` · row ${cell.row + 1} · `), untrusted(field.name, 120)];
}

function renderFields() {
  const all = [...review.fields.values()];
  const doubtful = all.filter(isDoubtful);
  const single = all.filter((f) => !isDoubtful(f) && !cellOf(f.path));
  fill(document.getElementById("fields"),
    documentNotice(), wholeReasons(),
    h("section", { id: "check", "aria-labelledby": "check-title" }, h("h2", { id: "check-title" }), h("ul", { class: "cards" }, doubtful.map(fieldCard))),
    single.length > 0 && h("section", { "aria-label": "Other values" }, h("h2", null, "Other values"), h("ul", { class: "cards" }, single.map(fieldCard))),
    review.doc.lists.map((l) => h("section", { data: { list: l.path } }, listTable(l))),
    review.fields.size < review.doc.fields_total && h("p", { class: "soft small" }, `Loading values: ${review.fields.size.toLocaleString()} of ${review.doc.fields_total.toLocaleString()}`),
    documentFooter());
  tellProgress();
}

/** Say how many are left to check, in the heading and the bar. */
function tellProgress() {
  const doubtful = [...review.fields.values()].filter(isDoubtful);
  const left = doubtful.filter(isOpen).length;
  const heading = document.getElementById("check-title");
  if (heading) fill(heading, doubtful.length ? (left ? `To check: ${left} of ${doubtful.length}` : "All doubtful values are checked ✓") : "Nothing is doubtful ✓");
  document.getElementById("accept-document")?.classList.toggle("primary", left === 0 && reviewState(review.doc) === "open");
}

/** Reasons that no field of the page tells itself. */
function wholeReasons() {
  const partly = review.fields.size < review.doc.fields_total;
  const told = (r) => review.fields.get(r.path)?.doubts.some((d) => d.code === r.code) || (partly && r.path && !review.doc.lists.some((l) => l.path === r.path));
  const rest = new Map(); // by what is said: the names of what it is said of
  for (const r of review.doc.reasons.filter((one) => !told(one))) {
    const key = r.code + r.message;
    if (!rest.has(key)) rest.set(key, { ...r, names: [] });
    if (r.path) rest.get(key).names.push([...parents(r.path), r.path.endsWith("/-") ? "a row" : keyWords(r.path.replaceAll("/*", "").split("/").pop())].join(" · "));
  }
  if (!rest.size) return null;
  const shown = [...rest.values()].slice(0, 12);
  return h("section", { class: "reasons", "aria-labelledby": "reasons-title" },
    h("h2", { id: "reasons-title" }, "About the whole document"),
    h("ul", null, shown.map((r) => h("li", { class: "notice doubt" },
      h("strong", null, reasonName(r.code), r.names.length > 0 && ": "), " ", r.names.length > 0 && [h("b", null, untrusted(r.names.join(", "), 300)), " – "], untrusted(r.message, 400), pageLink(r.message), r.remedy && h("div", { class: "small soft" }, untrusted(r.remedy, 300))))),
    rest.size > shown.length && h("p", { class: "soft small" }, `and ${count(rest.size - shown.length, "reason")} more, in the Result`));
}

/** Return a button to the page that a message names, where its picture is here. */
function pageLink(message) {
  const sheet = view.sheets.get(sheetKey("", Number(/\bpage (\d+)/.exec(message)?.[1])));
  return sheet && [" ", h("button", { type: "button", class: "link", onclick: () => bringIntoView(sheet, null) }, `look at page ${sheet.page}`)];
}

const ids = { of: null, size: 0, map: new Map() };

function fieldId(path) {
  if (ids.of !== review.fields || ids.size !== review.fields.size) Object.assign(ids, { of: review.fields, size: review.fields.size, map: new Map([...review.fields.keys()].map((p, i) => [p, i])) });
  return "f" + ids.map.get(path);
}

/** Return a field as a card of the list: a head that chooses it, and its body where it is chosen. */
function fieldCard(field) {
  const chosen = field.path === review.current;
  const id = fieldId(field.path);
  const kind = isOpen(field) ? "doubtful" : isSettled(field) ? "settled" : "";
  return h("li", { class: `card ${kind} ${chosen ? "selected" : ""}`, id, data: { path: field.path }, onpointerenter: () => lightPlaces(field.path), onpointerleave: () => lightPlaces(null) },
    h("button", { class: "head", type: "button", "aria-expanded": String(chosen), "aria-controls": chosen ? id + "-body" : null, onclick: () => select(field.path) },
      h("span", { class: "name" }, nameElement(field)), h("span", { class: "value" }, valueElement(field)), h("span", { class: "marks" }, fieldMarks(field))),
    chosen && h("div", { class: "body", id: id + "-body" }, fieldBody(field)));
}

function fieldMarks(field) {
  const marks = [];
  if (field.correction) marks.push(h("span", { class: "chip good" }, { accept: "✓ accepted", edit: "✎ corrected", reject: "✕ rejected", absent: "∅ not in document" }[field.correction.action] || "✓ checked"));
  else for (const doubt of field.doubts.slice(0, 3)) marks.push(h("span", { class: "chip doubt" }, "! ", reasonName(doubt.code)));
  if (review.drafts[field.path] !== undefined && field.path !== review.editing && !review.sending[field.path]) marks.push(h("span", { class: "chip bad" }, "not saved"));
  return marks;
}

/** Return all that is known of the chosen field, and what can be done with it. */
function fieldBody(field) {
  return [
    !field.correction && field.doubts.map((d) => h("p", { class: "doubt-text" }, untrusted(d.message, 500))),
    faultNotice(field), candidateList(field), evidenceList(field), correctionLine(field),
    review.editing === field.path ? editor(field) : [draftLine(field), actionRow(field)],
  ];
}

/** Whether another value than the present one can be taken: one of several, or the one that was taken out. */
function hasChoice(field) { return field.candidates?.length > (isMissing(field) ? 0 : 1); }

function candidateList(field) {
  if (!hasChoice(field)) return null;
  return h("div", null, h("h3", null, field.candidates.length > 1 ? "The document gives" : "Was given, and taken out"), h("ul", { class: "candidates" }, field.candidates.map((c, i) => candidateItem(field, c, i))));
}

function candidateItem(field, candidate, i) {
  const places = candidate.evidence || [];
  const same = JSON.stringify(candidate.value) === JSON.stringify(field.value);
  return h("li", { onpointerenter: () => lightMark(i), onpointerleave: () => lightMark(-1) },
    h("button", { type: "button", class: "candidate", "aria-label": `Take candidate ${i + 1}: ${plainText(candidate.shown ?? valueText(candidate.value))}`, onclick: () => act("edit", { value: candidate.value, path: field.path }) },
      h("kbd", null, String(i + 1)), h("strong", null, untrusted(candidate.shown ?? valueText(candidate.value), 120)), same && h("span", { class: "chip" }, "now given")),
    h("div", { class: "small" }, candidate.why && h("span", { class: "soft" }, untrusted(candidate.why, 200), " "), places.slice(0, 4).map((p) => placeItem(field, p))));
}

function evidenceList(field) {
  if (hasChoice(field)) return null;
  const places = field.evidence || [];
  if (!places.length) {
    return isMissing(field) ? null : h("p", { class: "small soft" }, field.method === "derived" ? "Computed from other values." : "No place in the document is known for this value.");
  }
  return h("div", { class: "small" }, h("span", { class: "soft" }, METHODS[field.method] || plainText(field.method || "")), " ", places.slice(0, 5).map((p) => placeItem(field, p)));
}

/** Return a place as its quote and a button that leads there. */
function placeItem(field, place) {
  const where = [place.source && plainText(sourceName(place.source), 60), place.page ? `page ${place.page}` : "text"].filter(Boolean).join(", ");
  return h("span", { class: "place" },
    h("q", null, untrusted(place.quote, 160)), " ", h("button", { type: "button", class: "link", onclick: () => showPlace(field, place) }, where),
    place.struck && h("span", { class: "chip bad" }, "struck out"), MATCHES[place.match] && h("span", { class: "soft", title: MATCHES[place.match] }, ` (${place.match})`));
}

function correctionLine(field) {
  const c = field.correction;
  if (!c) return null;
  const old = c.old === null || c.old === undefined ? "nothing" : untrusted(valueText(c.old), 120);
  return h("p", { class: "small correction" }, { accept: "Accepted", edit: "Corrected", reject: "Rejected", absent: "Marked as not in the document" }[c.action] || "Checked",
    " by ", untrusted(c.by, 60), `, ${moment(c.at)}`, c.action !== "accept" && [". Before: ", h("b", null, old)], c.note && [". Note: ", untrusted(c.note, 500)]);
}

function actionRow(field) {
  const button = (words, key, action, more) => h("button", { type: "button", onclick: action, "aria-keyshortcuts": keysOn() ? key : null, ...more }, words, keysOn() && h("kbd", null, key));
  const readOnly = !!review.takenBy;
  return h("div", { class: "row actions" },
    button("Accept", "a", () => act("accept"), { class: "primary", disabled: readOnly || isMissing(field) && !isDoubtful(field) }),
    button("Edit", "e", () => edit(field.path), { disabled: readOnly }),
    button("Reject", "r", () => act("reject"), { disabled: readOnly || isMissing(field) }),
    button("Absent", "n", () => act("absent"), { disabled: readOnly, title: "The document does not state it" }),
    field.correction && button("Undo", "u", () => act("undo"), { disabled: readOnly }));
}

function listTable(list) {
  const cells = [...review.fields.values()].filter((f) => cellOf(f.path)?.list === list);
  const columns = new Map();
  const rows = new Map();
  for (const field of cells) {
    const { row, column } = cellOf(field.path);
    if (!columns.has(column)) columns.set(column, [...parents("/" + column), field.name].join(" · "));
    if (!rows.has(row)) rows.set(row, new Map());
    rows.get(row).set(column, field);
  }
  list.shown = columns;
  const first = windows.get(list.path) || 0;
  const shown = [...rows.keys()].sort((a, b) => a - b).filter((r) => r >= first && r < first + ROWS_SHOWN);
  return [
    h("h2", null, untrusted(list.name, 80), h("span", { class: "soft" }, ` · ${count(list.rows, "row")}`)),
    list.rows > 0 && h("div", { class: "panel scroll-x", tabindex: "0", role: "group", "aria-label": `Table ${plainText(list.name)}` }, h("table", { class: "list" },
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "#"), [...columns.values()].map((name) => h("th", { scope: "col" }, untrusted(name, 60))))),
      h("tbody", null, shown.map((row) => tableRow(list, row, columns, rows.get(row)))))),
    h("div", { class: "row small pager" }, list.rows > ROWS_SHOWN && rowPager(list, first),
      h("button", { type: "button", class: "quiet", disabled: !!review.takenBy, onclick: () => addRow(list) }, "+ Add a row")),
  ];
}

function tableRow(list, row, columns, cells) {
  const chosen = [...cells.values()].find((f) => f.path === review.current && !isDoubtful(f));
  return [
    h("tr", { class: isRemoved(cells) ? "gone" : "", data: { row: String(row) } }, h("th", { scope: "row" }, String(row + 1), !columns.has("") && rowButton(list, row, isRemoved(cells))), [...columns.keys()].map((c) => tableCell(cells.get(c)))),
    chosen && h("tr", { class: "detail" }, h("td", { colspan: String(columns.size + 1), id: fieldId(chosen.path) + "-body" }, h("div", { class: "body" }, fieldBody(chosen)))),
  ];
}

/** Whether a whole row was taken away: one word of one moment stands for all its cells. */
function isRemoved(cells) {
  const words = [...cells.values()].map((f) => f.correction);
  return words.every((c) => c && c.at === words[0].at && ["reject", "absent"].includes(c.action));
}

function rowButton(list, row, removed) {
  const label = removed ? `Restore row ${row + 1}` : `Remove row ${row + 1}`;
  return h("button", { type: "button", class: "quiet row-button", title: label, "aria-label": label, disabled: !!review.takenBy, onclick: () => actRow(list, row, removed ? "undo" : "reject") }, removed ? "↶" : "✕");
}

/** Show an empty row behind the last, and edit its first field. */
function addRow(list) {
  const columns = list.columns.length ? list.columns : [""];
  const paths = columns.map((c) => `${list.path}/${list.rows}${c && "/" + c}`);
  const last = [...review.fields.keys()].filter((p) => p.startsWith(list.path + "/")).pop();
  const entries = [...review.fields];
  const at = last === undefined ? entries.length : entries.findIndex(([p]) => p === last) + 1;
  const made = paths.map((path, i) => [path, { path, name: columns[i].split("/").pop().replaceAll("_", " "), kind: "missing", value: null, shown: "", method: "", doubts: [], evidence: [], candidates: [], correction: null }]);
  entries.splice(at, 0, ...made);
  review.fields = new Map(entries);
  list.rows += 1;
  windows.set(list.path, Math.floor((list.rows - 1) / ROWS_SHOWN) * ROWS_SHOWN);
  renderFields();
  edit(paths[0]);
}

function tableCell(field) {
  if (!field) return h("td", null);
  const kind = isOpen(field) ? "doubtful" : isSettled(field) ? "settled" : "";
  const inCard = isDoubtful(field);
  const mark = isOpen(field) ? "! " : isSettled(field) ? "✓ " : "";
  return h("td", { class: `${kind} ${field.path === review.current ? "selected" : ""} ${field.kind === "number" || field.kind === "date" ? field.kind : ""}`, data: { path: field.path }, onpointerenter: () => lightPlaces(field.path), onpointerleave: () => lightPlaces(null) },
    h("button", { class: "cell", type: "button", id: inCard ? null : fieldId(field.path), "aria-expanded": inCard ? null : String(field.path === review.current), onclick: () => select(field.path) },
      mark && h("span", { class: "mark-sign", "aria-hidden": "true" }, mark), mark && h("span", { class: "only-read" }, isOpen(field) ? "doubtful: " : "checked: "),
      isMissing(field) && !field.correction ? [h("span", { class: "none", "aria-hidden": "true" }, "–"), h("span", { class: "only-read" }, "not found")] : valueElement(field)));
}

function rowPager(list, first) {
  const last = Math.min(first + ROWS_SHOWN, list.rows);
  const go = (to) => { windows.set(list.path, to); renderList(list); };
  return [
    h("button", { type: "button", disabled: first <= 0, onclick: () => go(Math.max(0, first - ROWS_SHOWN)) }, "Rows before"),
    `Rows ${first + 1} to ${last} of ${list.rows.toLocaleString()}`,
    h("button", { type: "button", disabled: last >= list.rows, onclick: () => go(first + ROWS_SHOWN) }, "Rows after")];
}

function renderList(list) {
  const section = [...document.querySelectorAll("[data-list]")].find((s) => s.dataset.list === list.path);
  if (section) fill(section, listTable(list));
}

/** Render one row of a list again; the whole list where the row is not shown. */
function renderRow(list, row) {
  const section = [...document.querySelectorAll("[data-list]")].find((s) => s.dataset.list === list.path);
  const old = section?.querySelector(`tr[data-row="${row}"]`);
  const first = windows.get(list.path) || 0;
  if (!old || row < first || row >= first + ROWS_SHOWN) { renderList(list); return; }
  if (old.nextElementSibling?.classList.contains("detail")) old.nextElementSibling.remove();
  const fields = [...list.shown.keys()].map((c) => [c, review.fields.get(`${list.path}/${row}${c && "/" + c}`)]);
  old.replaceWith(...tableRow(list, row, list.shown, new Map(fields.filter(([, f]) => f))).filter(Boolean));
}

/** Render one field again, wherever it stands. */
function renderField(path) {
  const field = review.fields.get(path);
  if (!field) return;
  const cell = cellOf(path);
  keepFocus(() => {
    const card = document.getElementById(fieldId(path));
    if (card?.classList.contains("card")) card.replaceWith(fieldCard(field));
    if (cell) renderRow(cell.list, cell.row);
  });
}

/** Render something of the right side without moving the reader's focus, nor the caret of the editor. */
function keepFocus(render) {
  const inside = !!document.activeElement?.closest("#fields");
  const { selectionStart, selectionEnd } = document.querySelector("[data-editor]") || {};
  const typing = document.activeElement?.matches("[data-editor]");
  render();
  if (!inside || document.activeElement?.closest("#fields") || review.current === null) return;
  focusField(document.getElementById(fieldId(review.current)));
  if (typing && selectionStart !== undefined) document.querySelector("[data-editor]")?.setSelectionRange?.(selectionStart, selectionEnd);
}

/** Choose a field: open it, frame its place, tell what it is. */
function select(path, { focus = true, keepPlace = false, quiet = false } = {}) {
  const field = review.fields.get(path);
  if (!field) return;
  const before = review.current;
  if (before !== path) review.editing = null;
  review.current = path;
  const cell = cellOf(path);
  if (cell && !isDoubtful(field)) {
    const first = windows.get(cell.list.path) || 0;
    if (cell.row < first || cell.row >= first + ROWS_SHOWN) windows.set(cell.list.path, Math.floor(cell.row / ROWS_SHOWN) * ROWS_SHOWN);
  }
  if (before && before !== path) renderField(before);
  if (review.drafts[path] !== undefined && before !== path) review.editing = path;
  renderField(path);
  const element = document.getElementById(fieldId(path));
  if (focus) focusField(element);
  element?.closest(".card, tr")?.scrollIntoView({ block: "nearest" });
  if (!keepPlace) showField(field); else { framePlacesOnly(); }
  if (!quiet) say(spoken(field));
}

function focusField(element) {
  const inner = element?.querySelector("[data-editor]") || (element?.matches("button") ? element : element?.querySelector(".head"));
  inner?.focus({ preventScroll: true });
}

function showField(field) {
  const pictured = framePlaces(field);
  const marked = markPassages(field);
  const note = document.getElementById("place-note");
  fill(note, pictured || marked ? "" : h("span", null, "No place is known for ", h("b", null, untrusted(field.name, 60)), "."));
  tellPage();
}

function showPlace(field, place) { if (!framePlaces(field, place)) markPassages(field, place); tellPage(); }

function framePlacesOnly() {
  for (const sheet of view.sheets.values()) if (sheet.shown) drawBoxes(sheet);
  for (const block of texts.values()) if (block.text.length && block.generation === review.generation) renderPassage(block);
  fill(document.getElementById("place-note"));
}

function spoken(field) {
  const open = navigation().filter((p) => isDoubtful(review.fields.get(p)));
  const at = open.indexOf(field.path);
  const doubts = field.correction ? "checked" : field.doubts.map((d) => reasonName(d.code)).join(", ");
  return [fullName(field), isMissing(field) ? "not found" : plainText(shownText(field)), doubts, at >= 0 ? `${at + 1} of ${open.length} to check` : ""].filter(Boolean).join(". ");
}

/** Light the field whose box is under the pointer. */
function light(path) {
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  if (path === undefined || path === null) return;
  for (const found of document.querySelectorAll("#fields [data-path]")) if (found.dataset.path === path) found.classList.add("lit");
}

/** Light the boxes of the field that is under the pointer. */
function lightPlaces(path) {
  for (const lit of document.querySelectorAll("#pages .lit")) lit.classList.remove("lit");
  if (path === null) return;
  for (const found of document.querySelectorAll("#pages [data-path]")) if (found.dataset.path === path) found.classList.add("lit");
}

function lightMark(i) {
  for (const label of document.querySelectorAll("#pages .label")) label.classList.toggle("lit", label.textContent === String(i + 1));
}
