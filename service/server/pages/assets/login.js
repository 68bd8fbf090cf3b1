// A key becomes a session. The address to return to is taken only where it is one of this service.

function returnAddress() {
  const next = new URLSearchParams(location.search).get("next") || "/";
  const address = new URL(next, location.origin);
  return next.startsWith("/") && address.origin === location.origin ? address.pathname + address.search : "/";
}

async function logIn(event) {
  event.preventDefault();
  const fault = document.getElementById("fault");
  const input = document.getElementById("key");
  fill(fault);
  try {
    await ask("POST", "/v1/session", { key: input.value.trim() }, { stay: true });
    await ask("GET", "/v1/session", undefined, { stay: true }).catch(() => { throw new Refusal(0, { code: "session_not_kept", detail: "the browser did not keep the session: beyond this machine the service must be opened over HTTPS" }); });
    location.replace(returnAddress());
  } catch (error) {
    fill(fault, error.code === "key_invalid" ? refusalNotice({ code: "key_invalid", message: "this is no valid key: look for a letter that is missing, or ask for a new one" }) : refusalNotice(error));
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
}

/** Where no key is needed (on loopback), say so; an ended session is dropped first. */
async function offerKeyless() {
  const asked = () => ask("GET", "/v1/session", undefined, { stay: true }).catch((error) => error);
  let who = await asked();
  if (who.code === "session_ended") {
    await ask("DELETE", "/v1/session", undefined, { stay: true }).catch(() => null);
    who = await asked();
  }
  if (who instanceof Refusal) return;
  const link = document.getElementById("keyless");
  link.hidden = false;
  link.setAttribute("href", returnAddress());
  if (who.expires) link.textContent = `Go on as ${plainText(who.name, 60)}`;
}

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("login").addEventListener("submit", logIn);
  document.getElementById("key").focus();
  offerKeyless();
});
