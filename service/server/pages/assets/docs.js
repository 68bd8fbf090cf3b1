// The reference of the API, made from /openapi.json: every operation with its parameters, bodies, answers and a command.

const METHODS_SHOWN = ["get", "post", "put", "patch", "delete"];
const DEPTH = 4; // of nested schemas that are opened in place
let contract = null;

function resolve(schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { ...contract.components.schemas[name], called: name } : schema || {};
}

function typeWords(schema) {
  const one = resolve(schema);
  if (schema.$ref) return one.called;
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (one.enum) return one.enum.map((e) => JSON.stringify(e)).join(" | ");
  const many = one.anyOf || one.oneOf;
  if (many) return many.map(typeWords).join(" | ");
  if (one.type === "array") return `list of ${typeWords(one.items || {})}`;
  return [].concat(one.type || "any").join(" | ") + (one.format ? ` (${one.format})` : "");
}

/** Return the fields of a schema as a table, with nested ones behind a click. */
function schemaTable(schema, depth = 0) {
  const one = inner(schema);
  const properties = Object.entries(one.properties || {});
  if (!properties.length) return null;
  const required = new Set(one.required || []);
  return h("table", { class: "schema" }, h("tbody", null, properties.map(([name, held]) => h("tr", null,
    h("th", { scope: "row" }, h("code", null, name), required.has(name) && h("span", { class: "soft" }, " required")),
    h("td", null, h("code", null, typeWords(held)), describe(held), nested(held, depth))))));
}

/** Return the object inside of lists and alternatives. */
function inner(schema) {
  let one = resolve(schema);
  for (let i = 0; i < 6; i += 1) {
    if (one.items) one = resolve(one.items);
    else if (one.anyOf || one.oneOf) one = (one.anyOf || one.oneOf).map(resolve).find((o) => o.properties || o.items) || {};
    else break;
  }
  return one;
}

function nested(held, depth) {
  if (depth >= DEPTH || !inner(held).properties) return null;
  const box = h("details", { ontoggle: () => { if (box.open && box.children.length === 1) box.append(schemaTable(held, depth + 1)); } }, h("summary", null, "its fields"));
  return box;
}

function describe(held) {
  const words = held.description || resolve(held).description;
  return words ? h("div", { class: "small soft" }, words) : null;
}

function operationElement(path, method, operation) {
  const id = operationId(path, method);
  return h("section", { class: "panel operation", id, "aria-labelledby": id + "-title" },
    h("h3", { id: id + "-title" }, h("span", { class: "method " + method }, method.toUpperCase()), " ", h("code", null, path)),
    h("p", null, operation.description || operation.summary), parameterTable(operation), bodyElement(operation), answers(operation),
    h("pre", { class: "command", tabindex: "0", "aria-label": "Command" }, command(path, method, operation)));
}

function operationId(path, method) { return `${method}${path}`.replace(/[^a-zA-Z0-9]+/g, "-"); }

function parameterTable(operation) {
  if (!operation.parameters?.length) return null;
  return [h("h4", null, "Parameters"), h("table", { class: "schema" }, h("tbody", null, operation.parameters.map((p) => h("tr", null,
    h("th", { scope: "row" }, h("code", null, p.name), h("span", { class: "soft" }, ` ${p.in}${p.required ? ", required" : ""}`)),
    h("td", null, h("code", null, typeWords(p.schema || {})), p.description && h("div", { class: "small soft" }, p.description))))))];
}

function bodyElement(operation) {
  return Object.entries(operation.requestBody?.content || {}).map(([kind, held]) => [h("h4", null, "Body ", h("code", null, kind)), schemaTable(held.schema), example(held)]);
}

function answers(operation) {
  return [h("h4", null, "Answers"), Object.entries(operation.responses || {}).map(([status, answer]) => {
    const [kind, held] = Object.entries(answer.content || {})[0] || ["", {}];
    return h("details", null, h("summary", null, h("code", null, status), ` ${answer.description || ""} `, h("span", { class: "soft" }, kind)), held.schema && schemaTable(held.schema), example(held));
  })];
}

function example(held) {
  const schema = held.schema ? resolve(held.schema) : {};
  const found = held.example ?? Object.values(held.examples || {})[0]?.value ?? schema.examples?.[0];
  if (found === undefined) return null;
  return h("pre", { tabindex: "0", "aria-label": "Example" }, typeof found === "string" ? found : JSON.stringify(found, null, 2));
}

function command(path, method, operation) {
  const body = operation.requestBody?.content || {};
  const parts = ["curl"];
  if (method !== "get") parts.push(`-X ${method.toUpperCase()}`);
  parts.push('-H "Authorization: Bearer $KEY"');
  if (body["multipart/form-data"]) parts.push("-F file=@invoice.pdf -F target=invoice");
  else if (body["application/json"]) parts.push(`-H "Content-Type: application/json" -d @body.json`);
  return `${parts.join(" ")} ${location.origin}${path}`;
}

async function showReference() {
  contract = await ask("GET", "/openapi.json", undefined, { stay: true });
  const groups = new Map();
  for (const [path, operations] of Object.entries(contract.paths)) {
    for (const method of METHODS_SHOWN) {
      if (!operations[method]) continue;
      const tag = operations[method].tags?.[0] || "others";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([path, method, operations[method]]);
    }
  }
  fill(document.getElementById("contents"), [...groups].map(([tag, found]) => [h("h2", null, tag), h("ul", null, found.map(([path, method]) => h("li", null,
    h("a", { href: "#" + operationId(path, method) }, h("span", { class: "method " + method }, method.toUpperCase()), " ", path.replace(/^\/v1/, "")))))]));
  fill(document.getElementById("operations"), h("h1", null, `${contract.info.title} ${contract.info.version}`), contract.info.description.split("\n\n").map((p) => h("p", null, p)),
    [...groups].map(([tag, found]) => [h("h2", null, tag), found.map((o) => operationElement(...o))]));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

document.addEventListener("DOMContentLoaded", () => {
  showReference().catch((error) => fill(document.getElementById("operations"), refusalNotice(error)));
  ask("GET", "/v1/session", undefined, { stay: true }).then((who) => Object.assign(session, who)).catch(() => null);
});
