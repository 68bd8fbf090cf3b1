// Keys: one letter each, off on request (WCAG 2.1.4), never while something is typed.

const KEYS = [
  ["j", "next value", () => step(1)], ["k", "previous value", () => step(-1)],
  ["a", "accept, and go to the next doubtful value", () => act("accept")],
  ["e", "edit: type the value, Enter saves", () => review.current !== null && edit(review.current)],
  ["r", "reject the value: it is wrong", () => act("reject")],
  ["n", "the document does not state it", () => act("absent")],
  ["u", "undo the last decision", undo],
  ["1 – 9", "take a candidate of a conflict", null],
  ["+", "larger", () => zoomBy(1)], ["-", "smaller", () => zoomBy(-1)], ["0", "fit to the width", () => zoomBy(0)],
  ["t", "turn the page", turnPage],
  ["J", "next document", () => goDocument(1)], ["K", "previous document", () => goDocument(-1)],
  ["A", "accept the document", () => decideDocument("accepted")], ["R", "reject the document", () => decideDocument("rejected")],
  ["?", "this help", showHelp],
];

function keysOn() { return choices.get("keys", "on") === "on"; }

function isTyping(target) { return target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]"); }

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && review.editing) { event.preventDefault(); leaveEditor(); return; }
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?" ) { event.preventDefault(); showHelp(); return; }
  if (!keysOn()) return;
  if (review.number === null) { queueKey(event); return; }
  const field = review.fields.get(review.current);
  if (/^[1-9]$/.test(event.key) && field && hasChoice(field)) {
    const candidate = field.candidates[Number(event.key) - 1];
    if (candidate) { event.preventDefault(); act("edit", { value: candidate.value }); }
    return;
  }
  const wanted = event.key === "ArrowDown" && !event.shiftKey ? "j" : event.key === "ArrowUp" && !event.shiftKey ? "k" : event.key === "=" ? "+" : event.key;
  if (wanted !== event.key && !event.target.closest?.("#fields")) return; // arrows scroll everywhere else
  const found = KEYS.find(([key, , action]) => key === wanted && action);
  if (!found) return;
  event.preventDefault();
  found[2]();
}

/** j and k move through the documents of the list. */
function queueKey(event) {
  const links = [...document.querySelectorAll(".documents th a")];
  const by = { j: 1, k: -1 }[event.key];
  if (!by || !links.length) return;
  event.preventDefault();
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
}

function showHelp() {
  const box = h("input", { type: "checkbox", id: "keys-on", checked: keysOn(), onchange: (e) => { choices.set("keys", e.target.checked ? "on" : "off"); if (review.number !== null) renderFields(); } });
  const dialog = document.getElementById("help");
  fill(dialog, h("h2", { id: "help-title" }, "Keys"),
    h("div", { class: "row" }, box, h("label", { for: "keys-on" }, "Use single keys"), h("span", { class: "soft small" }, "kept in this browser")),
    h("dl", { class: "keys" }, KEYS.map(([key, words]) => [h("dt", null, h("kbd", null, key)), h("dd", null, words)])),
    h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
}

document.addEventListener("keydown", pressed);
