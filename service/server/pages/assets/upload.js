// The upload page: files and a target become a job; its events show how far it has come; then the review opens.

const STAGE_WORDS = { read: "reading", chunk: "cutting", extract: "asking the model", ground: "proving", evaluate: "checking", merge: "merging", ocr: "recognising text" };
const JOBS_SHOWN = 10;
const files = [];
let cursor = null;

function addFiles(list) {
  for (const file of list) if (!files.some((f) => f.name === file.name && f.size === file.size)) files.push(file);
  renderFiles();
}

function renderFiles() {
  fill(document.getElementById("chosen"), files.map((file, i) => h("li", null, h("span", { class: "ellipsis" }, untrusted(file.name, 120)), h("span", { class: "soft small" }, sizeWords(file.size)),
    h("button", { type: "button", class: "quiet", "aria-label": `Remove ${plainText(file.name)}`, onclick: () => { files.splice(i, 1); renderFiles(); } }, "✕"))));
  tellReady();
}

function sizeWords(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function tellReady() {
  const missing = !files.length ? "Choose at least one file." : !targetText() ? "Choose what to extract." : "";
  document.getElementById("send").disabled = !!missing;
  document.getElementById("hint").textContent = missing || `${count(files.length, "file")}, ${sizeWords(files.reduce((sum, f) => sum + f.size, 0))}`;
}

async function send(event) {
  event.preventDefault();
  const button = document.getElementById("send");
  const fault = document.getElementById("fault");
  fill(fault);
  button.disabled = true;
  document.getElementById("hint").textContent = "Sending …";
  const form = new FormData();
  form.append("target", targetText());
  for (const file of files) form.append("file", file, file.name);
  try {
    const job = await ask("POST", "/v1/extractions", form);
    if (kindOfTarget() === "named") choices.set("target", targetText());
    files.length = 0;
    document.getElementById("files").value = "";
    addJob(job, true);
    say(`${count(job.counts.total, "file")} taken. Extraction has begun.`);
  } catch (error) {
    if (error.status !== 401) fill(fault, refusalNotice(error));
  }
  renderFiles();
}

/** Show a job; a running one is followed. */
function addJob(job, first = false) {
  document.getElementById("jobs").hidden = false;
  const item = h("li", { class: "panel job", data: { job: job.id } });
  document.getElementById("job-list")[first ? "prepend" : "append"](item);
  renderJob(item, job);
  if (job.state === "open") follow(item, job); else if (first) ended(item, job);
}

function renderJob(item, job) {
  const { total, done, failed, cancelled, running } = job.counts;
  const ended = job.state !== "open";
  const stages = Object.entries(job.stages || {}).filter(([s, n]) => s && n > 0).map(([s, n]) => `${STAGE_WORDS[s] || s} ${n > 1 ? n : ""}`.trim()).join(" · ");
  const state = ended ? (failed ? h("span", { class: "chip bad" }, "✕ ", count(failed, "file"), " failed") : job.state === "cancelled" ? h("span", { class: "chip" }, "cancelled") : h("span", { class: "chip good" }, "✓ finished")) : h("span", { class: "chip" }, running ? "working" : "waiting");
  const failures = item.querySelector(".failures");
  fill(item,
    h("div", { class: "row" }, h("strong", null, untrusted(job.target, 80)), h("span", { class: "soft small" }, `${count(total, "file")} · ${moment(job.created)}`), h("span", { class: "grow" }), state),
    !ended && [h("progress", { max: String(total || 1), value: String(done + failed + cancelled), "aria-label": "Finished files" }), h("p", { class: "small soft" }, `${done + failed + cancelled} of ${total} finished`, stages && ` · ${stages}`, item.dataset.last && " · last: ", item.dataset.last && untrusted(item.dataset.last, 80))],
    item.outcome, failures || h("div", { class: "failures" }),
    h("div", { class: "row" },
      done > 0 && ended && ["xlsx", "csv"].map((kind) => h("a", { class: "button", href: `/v1/extractions/${encodeURIComponent(job.id)}/export.${kind}${kind === "csv" ? "?bom=true" : ""}`, download: "" }, kind === "csv" ? "CSV" : "Excel")),
      done > 0 && h("a", { class: ended ? "button primary" : "button", href: `/review/${encodeURIComponent(job.id)}` }, ended ? "Open the review" : "Review what is finished"),
      ended && failed > 0 && h("button", { type: "button", onclick: () => retryJob(item, job) }, "Try the failed files again"),
      !ended && h("button", { type: "button", onclick: () => cancelJob(item, job) }, "Cancel"),
      ended && failed > 0 && !failures?.children.length && h("button", { type: "button", class: "quiet", onclick: () => showFailures(item, job) }, "Why?")));
}

/** Follow a job's events until it ends. EventSource comes back by itself, and misses nothing (Last-Event-ID). */
function follow(item, job) {
  const source = new EventSource(`/v1/extractions/${encodeURIComponent(job.id)}/events`);
  const told = (event) => {
    const data = JSON.parse(event.data);
    const name = data.file || data.name || (data.files && data.files[0]);
    if (name) item.dataset.last = plainText(name, 80);
    Object.assign(job, { counts: data.counts, stages: data.stages });
    if (event.type === "finished" || event.type === "cancelled") { source.close(); ended(item, job); } else renderJob(item, job);
  };
  for (const kind of ["progress", "submitted", "done", "failed", "again", "finished", "cancelled", "held", "retried"]) source.addEventListener(kind, told);
  source.addEventListener("error", async () => {
    const now = await ask("GET", `/v1/extractions/${encodeURIComponent(job.id)}`).catch(() => null);
    if (now && now.state !== "open") { source.close(); Object.assign(job, now); ended(item, job); }
  });
}

async function ended(item, job) {
  Object.assign(job, await ask("GET", `/v1/extractions/${encodeURIComponent(job.id)}`).catch(() => job));
  renderJob(item, job);
  if (job.state === "open") return;
  const { done, failed } = job.counts;
  say(`Finished: ${done} done${failed ? `, ${failed} failed` : ""}.`);
  if (failed) await showFailures(item, job);
  await showOutcome(item, job);
  if (done) item.querySelector("a.button")?.focus();
}

/** Say how the Results of a job came out, and name those that failed. */
async function showOutcome(item, job) {
  const said = await ask("GET", `/v1/reviews/${encodeURIComponent(job.id)}?limit=500`).catch(() => null);
  if (!said) return;
  const states = {};
  for (const d of said.documents) states[d.status] = (states[d.status] || 0) + 1;
  const bad = said.documents.filter((d) => d.status === "failed").slice(0, 10);
  item.outcome = h("div", { class: "row small" }, Object.entries(states).map(([status, n]) => h("span", { class: "chip" }, `${n} ${status}`)),
    bad.length > 0 && ["Failed: ", bad.map((d) => h("a", { href: `/review/${encodeURIComponent(job.id)}/${d.number}` }, untrusted(d.name, 80)))], said.next && " … and more");
  renderJob(item, job);
}

/** List the files that gave no Result, each with its code and what to do. */
async function showFailures(item, job) {
  const said = await ask("GET", `/v1/extractions/${encodeURIComponent(job.id)}/result?limit=1&partial=true`).catch(() => null);
  if (!said) return;
  fill(item.querySelector(".failures"), said.failed.slice(0, 20).map((f) => h("div", { class: "notice bad" },
    h("strong", null, untrusted(f.file, 120)), " ", f.problem ? [h("code", null, untrusted(f.problem.code)), " ", untrusted(f.problem.message, 400)] : plainText(f.state))),
    said.failed.length > 20 && h("p", { class: "small soft" }, `and ${said.failed.length - 20} more`));
  renderJob(item, job);
}

async function retryJob(item, job) {
  await change(item, job, "POST", "/retry");
}

async function cancelJob(item, job) {
  await change(item, job, "DELETE", "");
}

async function change(item, job, method, where) {
  try {
    const now = await ask(method, `/v1/extractions/${encodeURIComponent(job.id)}${where}`);
    fill(item.querySelector(".failures"));
    renderJob(item, Object.assign(job, now));
    if (job.state === "open" && method === "POST") follow(item, job);
  } catch (error) { fill(item.querySelector(".failures"), refusalNotice(error)); }
}

async function loadJobs() {
  const said = await ask("GET", `/v1/extractions?limit=${JOBS_SHOWN}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  cursor = said.next;
  for (const job of said.extractions) addJob(job);
  document.getElementById("more-jobs").hidden = !cursor;
}

function listenForFiles() {
  const drop = document.getElementById("drop");
  const over = (event) => { event.preventDefault(); drop.classList.add("over"); };
  addEventListener("dragover", over);
  addEventListener("dragleave", () => drop.classList.remove("over"));
  addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); addFiles(event.dataTransfer.files); });
  document.getElementById("files").addEventListener("change", (event) => addFiles(event.target.files));
}

document.addEventListener("DOMContentLoaded", async () => {
  listenForFiles();
  document.getElementById("form").addEventListener("submit", send);
  document.getElementById("target").addEventListener("change", () => { aboutTarget(); tellReady(); });
  document.getElementById("schema").addEventListener("input", () => { checkSchema(); tellReady(); });
  document.getElementById("more-jobs").addEventListener("click", loadJobs);
  for (const radio of document.querySelectorAll("[name=kind]")) radio.addEventListener("change", switchTarget);
  try {
    await begin();
    await Promise.all([loadTargets(), loadJobs()]);
    tellReady();
  } catch (error) {
    if (error.status !== 401) fill(document.getElementById("fault"), refusalNotice(error));
  }
});
