// What can be extracted: the targets that the service knows, and a JSON Schema that was pasted.

const SCHEMA_EXAMPLE = {
  title: "Order", type: "object", required: ["number", "lines"],
  properties: {
    number: { type: "string", title: "Order number" }, date: { type: ["string", "null"], format: "date" },
    lines: { type: "array", items: { type: "object", properties: { item: { type: "string" }, amount: { type: "number" } } } },
  },
};
const known = new Map(); // targets by name

async function loadTargets() {
  const said = await ask("GET", "/v1/targets");
  const select_ = document.getElementById("target");
  const groups = { registered: "Registered here", operator: "Of this service", "ready-made": "Ready-made" };
  fill(select_, Object.entries(groups).map(([origin, words]) => {
    const found = said.targets.filter((t) => t.origin === origin);
    for (const target of found) known.set(target.name, target);
    return found.length > 0 && h("optgroup", { label: words }, found.map((t) => h("option", { value: t.name }, plainText(t.name, 80))));
  }));
  const first = said.targets.some((t) => t.origin !== "ready-made") ? select_.value : "invoice";
  const last = choices.get("target", first);
  if (known.has(last)) select_.value = last;
  aboutTarget();
}

/** Show the fields of the chosen target in the words of its schema. */
function aboutTarget() {
  const target = known.get(document.getElementById("target").value);
  const schema = target?.json_schema;
  if (!schema) return;
  const names = fieldNames(schema, schema);
  fill(document.getElementById("about"), schema.description && h("p", null, untrusted(schema.description, 300)),
    h("p", { class: "row" }, names.slice(0, 24).map((n) => h("span", { class: "chip" }, untrusted(n, 50))), names.length > 24 && `and ${names.length - 24} more`));
}

function fieldNames(schema, whole) {
  const here = resolved(schema, whole);
  return Object.entries(here.properties || {}).map(([key, held]) => {
    const inner = [held, ...(held.anyOf || [])].map((one) => resolved(one, whole)).find((one) => one.items || one.properties);
    return key.replaceAll("_", " ") + (inner?.items ? " (list)" : "");
  });
}

function resolved(schema, whole) {
  const name = schema?.$ref?.split("/").pop();
  return name ? (whole.$defs || whole.definitions || {})[name] || {} : schema || {};
}

function kindOfTarget() { return document.querySelector("[name=kind]:checked").value; }

function targetText() {
  return kindOfTarget() === "named" ? document.getElementById("target").value : document.getElementById("schema").value.trim();
}

/** Say while it is typed whether the text is JSON; the service judges the schema itself. */
function checkSchema() {
  const note = document.getElementById("schema-note");
  const text = document.getElementById("schema").value.trim();
  let words = "Paste a JSON Schema of type object.";
  if (text) {
    try { words = `${count(Object.keys(JSON.parse(text).properties || {}).length, "field")} in it.`; } catch (error) { words = `Not JSON yet: ${error.message}`; }
  }
  note.textContent = words;
  choices.set("schema", text);
}

function switchTarget() {
  const pasted = kindOfTarget() === "pasted";
  document.getElementById("named").hidden = pasted;
  document.getElementById("pasted").hidden = !pasted;
  if (pasted && !document.getElementById("schema").value) document.getElementById("schema").value = choices.get("schema", "") || JSON.stringify(SCHEMA_EXAMPLE, null, 2);
  if (pasted) checkSchema();
  tellReady();
}
