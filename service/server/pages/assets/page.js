"use strict";
// What every page shares: elements from text alone, questions to the service, the session, the theme.

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** Return an element. Strings become text nodes, never markup; `on…` properties are listeners. */
function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false));
  return made;
}

/** Return untrusted text, kept apart from the direction of its surroundings; characters that no one sees are named. */
function untrusted(text, most = 4000) {
  const whole = String(text ?? "");
  const shown = whole.length > most ? whole.slice(0, most) + "…" : whole;
  const out = h("bdi", { dir: "auto" });
  let plain = "";
  for (const sign of shown) {
    if (!CONTROLS.test(sign)) { plain += sign; continue; }
    const code = "U+" + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    out.append(plain, h("span", { class: "hidden-character", title: "a character that is not seen" }, code));
    plain = "";
  }
  out.append(plain);
  return out;
}

/** Return untrusted text for an attribute or a spoken message: without characters that are not seen. */
function plainText(text, most = 300) {
  return [...String(text ?? "").slice(0, most)].filter((c) => !CONTROLS.test(c)).join("");
}

/** Replace what an element holds, unless it is that already. */
function fill(element, ...children) {
  element.replaceChildren(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

/** A refusal of the service: `code` is stable, `message` says what to do. */
class Refusal extends Error {
  constructor(status, body) {
    super(body.detail || "the service did not answer as expected");
    this.status = status;
    this.code = body.code || "no_answer";
    this.body = body;
  }
}

const session = { csrf: "", tenant: "", expires: null, left: false };

/** Ask the service; return its JSON. Throws Refusal. A session that has ended leads to the login page. */
async function ask(method, path, body, more = {}) {
  const headers = { Accept: "application/json", ...more.headers };
  if (method !== "GET" && session.csrf) headers["X-CSRF-Token"] = session.csrf;
  let sent = body;
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    sent = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: sent, credentials: "same-origin", keepalive: method !== "GET" && !(body instanceof FormData) });
  } catch {
    throw new Refusal(0, { code: "no_connection", detail: "the service can not be reached; what you typed is kept here, try again in a moment" });
  }
  if (answer.status === 204) return null;
  const said = await answer.text().then((text) => JSON.parse(text, exactly)).catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401 && !more.stay) toLogin();
  throw new Refusal(answer.status, said);
}

/** Keep the digits of values as they were sent, where the browser can: 42.00 stays 42.00, and long numbers stay whole. */
function exactly(key, value, more) {
  const exact = typeof value === "number" && JSON.rawJSON && more?.source && ["value", "old", "new"].includes(key);
  return exact && more.source !== String(value) ? JSON.rawJSON(more.source) : value;
}

/** Return a value as text. */
function valueText(value) {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Go to the login page, and back here afterwards; once, for several requests may learn at the same time that the session has ended. */
function toLogin() {
  if (session.left) return;
  session.left = true;
  location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
}

/** Learn who is asking; fills the corner of the bar with the name and the way out. */
async function begin() {
  Object.assign(session, await ask("GET", "/v1/session"));
  const corner = document.getElementById("who");
  if (!corner) return;
  const noted = session.name && !/^[0-9a-f]{12}$/.test(session.name); // else the key's id
  const name = h("span", { class: "soft small ellipsis", title: plainText(`${session.tenant} · ${session.name}`) }, untrusted(noted ? session.name : session.tenant, 60));
  const out = h("button", { class: "quiet", type: "button", onclick: endSession }, "Log out");
  fill(corner, session.expires ? [name, out] : name);
}

async function endSession() {
  await ask("DELETE", "/v1/session").catch(() => null);
  location.assign("/login");
}

/** Tell a screen reader what has happened. */
function say(message) {
  const region = document.getElementById("live");
  region.textContent = "";
  setTimeout(() => { region.textContent = message; }, 30);
}

/** Return a notice of a refusal with its code and remedy. */
function refusalNotice(error, ...more) {
  return h("div", { class: "notice bad", role: "alert" },
    h("strong", null, codeWords(error.code || "fault")), " ", untrusted(error.message), ...more);
}

function codeWords(code) {
  const words = String(code).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1) + ":";
}

/** Read or write a choice that stays in this browser; without storage it lasts as long as the page. */
const choices = {
  get(name, otherwise) { try { return localStorage.getItem("thresher." + name) ?? otherwise; } catch { return otherwise; } },
  set(name, value) { try { localStorage.setItem("thresher." + name, value); } catch { /* private windows */ } },
};

/** Show the theme that was chosen; "auto" follows the system. */
function applyTheme() {
  const chosen = choices.get("theme", "auto");
  const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const button = document.getElementById("theme");
  if (button) { button.textContent = dark ? "☀" : "☾"; button.setAttribute("aria-label", dark ? "Light theme" : "Dark theme"); }
}

function switchTheme() {
  choices.set("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  applyTheme();
}

applyTheme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
document.addEventListener("DOMContentLoaded", () => {
  applyTheme();
  document.getElementById("theme")?.addEventListener("click", switchTheme);
});

function clock(seconds) {
  return new Date(typeof seconds === "number" ? seconds * 1000 : seconds).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function moment(seconds) {
  return new Date(typeof seconds === "number" ? seconds * 1000 : seconds).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

function count(n, one, many = one + "s") { return `${n.toLocaleString()} ${n === 1 ? one : many}`; }
