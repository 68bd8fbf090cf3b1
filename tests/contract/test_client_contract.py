"""The typed client and the OpenAPI: whatever the service offers the client can ask, and reads as the contract shows it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.test_openapi import CONTRACT, examples, operation
from thresher.service.client import CallFilter, Client, Extraction

ID = "01a1f5c2b6e84d0f9c3a7e21"
MATTER = "019a8c1e7f3b4d2c5e6f708192a3b4c5"
EVERY = CallFilter(
    tenant="acme", since=1.0, until=2.0, job=ID, document="d", model="openai/m", prompt="extract.v1", status="made"
)
ELSEWHERE = {  # what an operation takes and no method says, and why
    ("post /v1/extractions", "wait"): "`wait` waits in pieces, so that no proxy cuts it",
    ("get /v1/extractions", "limit"): "pages are joined",
    ("get /v1/extractions/{id}", "limit"): "pages are joined",
    ("get /v1/calls", "limit"): "pages are joined",
    ("get /v1/reviews/{collection}", "limit"): "pages are joined",
    ("get /v1/matters", "limit"): "pages are joined",
    ("get /v1/matters/{matter}/imports", "limit"): "pages are joined",
    ("get /v1/matters/{matter}/exports", "limit"): "pages are joined",
    ("get /v1/matters/{matter}/extractions", "limit"): "pages are joined",
    ("get /v1/matters/{matter}/actions", "limit"): "pages are joined",
    ("get /v1/matters/{matter}/documents", "limit"): "pages are joined",
    ("get /v1/matters/{matter}/exceptions", "limit"): "pages are joined",
    ("get /v1/reviews/{collection}/{number}/picture", "version"): "for the browser's cache",
    ("get /v1/calls", "format"): "rows are typed",
    ("get /v1/calls/by/{group}", "format"): "rows are typed",
}


NO_ANSWER = {
    "forget",
    "original",
    "page",
    "workbook",
    "table",
    "picture",
    "release",
    "case",
    "delete_matter",
    "report",
    "export_file",
    "action_file",
}  # or written to a file
FOR_BROWSERS = {f"{m} /v1/session" for m in ("get", "post", "delete")}  # programs send their key each time


class Offered:
    """Answers each request with the contract's own example; notes what was asked."""

    def __init__(self) -> None:
        """Nothing was asked."""
        self.asked: dict[str, set[str]] = {}
        self.sent: dict[str, bytes] = {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The example of an operation; `next` is there once, so that a second page is asked for."""
        path = next(p for p in CONTRACT["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), request.url.path))
        name = f"{request.method.lower()} {path}"
        self.sent[name] = await request.aread()
        first = name not in self.asked
        self.asked.setdefault(name, set()).update(request.url.params.keys(), request.headers.keys())
        status, answer = next(iter(operation(path, request.method.lower())["responses"].items()))
        if not answer.get("content"):
            return httpx.Response(int(status))
        ((kind, held), *_) = answer["content"].items()
        example = examples(held)[0]
        if kind == "text/event-stream":
            return httpx.Response(200, text="".join(f"{k}: {v}\n" for k, v in stream(example).items()) + "\n")
        if isinstance(example, str):
            return httpx.Response(200, text=example)
        paged = any(p["name"] == "cursor" for p in operation(path, request.method.lower()).get("parameters", ()))
        more = {"next": "1.0-1"} if first and paged else {}
        return httpx.Response(int(status), json={**example, **more})


def stream(example: dict[str, str]) -> dict[str, str]:
    """An event as the example has it, with counts as they are always there."""
    return {**example, "data": json.dumps({**json.loads(example["data"]), "counts": {"total": 1, "done": 1}})}


async def all_of(found: Any) -> list[Any]:
    """What an asynchronous iterator gives."""
    return [one async for one in found]


Ask = Callable[[Client, Path], Any]
JOB = Extraction.model_validate({"id": ID, "state": "finished", "target": "t", "created": 0.0, "counts": {}})
SAID: dict[str, Ask] = {
    "extract": lambda c, p: c.extract(
        [p], "invoice", {"stance": "recall"}, idempotency_key="k", webhook="https://x.example/h", priority=3
    ),
    "files": lambda c, _: all_of(c.files(ID)),
    "job": lambda c, _: c.job(ID),
    "jobs": lambda c, _: all_of(c.jobs("open")),
    "wait": lambda c, _: c.wait(ID),
    "results": lambda c, _: all_of(c.results(JOB, partial=True)),
    "page": lambda c, p: c.page(ID, 0, 1, p.with_name("page.jpg"), scale=2.0),
    "workbook": lambda c, p: c.workbook(ID, p.with_name("t.xlsx"), partial=True),
    "table": lambda c, p: c.table(ID, p.with_name("t.csv"), "lines", bom=True, partial=True),
    "original": lambda c, p: c.original(ID, 0, p.with_name("original")),
    "events": lambda c, _: all_of(c.events(ID, after=2)),
    "retry": lambda c, _: c.retry(ID),
    "cancel": lambda c, _: c.cancel(ID),
    "result_schema": lambda c, _: c.result_schema(),
    "targets": lambda c, _: c.targets(),
    "target": lambda c, _: c.target("order"),
    "register": lambda c, _: c.register("order", {"type": "object"}),
    "forget": lambda c, _: c.forget("order"),
    "calls": lambda c, _: all_of(c.calls(EVERY, order="newest")),
    "sums": lambda c, _: c.sums("model", EVERY),
    "budgets": lambda c, _: c.budgets("acme"),
    "quota": lambda c, _: c.quota("acme"),
    "webhook_secret": lambda c, _: c.webhook_secret("*"),
    "reviews": lambda c, _: all_of(c.reviews(ID, reason="arithmetic", state="open")),
    "review": lambda c, _: c.review(ID, 0, fields_from=500),
    "picture": lambda c, p: c.picture(ID, 0, p.with_name("page.png"), page=2),
    "passage": lambda c, _: c.passage(ID, 0, 7, 12, source="a", around=9),
    "correct": lambda c, _: c.correct(ID, 0, "/total", "edit", value="1.204,50", head="h"),
    "claim": lambda c, _: c.claim(ID, 0),
    "release": lambda c, _: c.release(ID, 0),
    "decide": lambda c, _: c.decide(ID, 0, "accepted"),
    "review_events": lambda c, _: c.review_events(ID, 0),
    "make_case": lambda c, _: c.make_case(ID, 0),
    "case": lambda c, p: c.case(ID, 0, p.with_name("case.zip")),
    "create_matter": lambda c, _: c.create_matter("Acme v. Ternboat", "UTC"),
    "matters": lambda c, _: all_of(c.matters()),
    "matter": lambda c, _: c.matter(MATTER),
    "delete_matter": lambda c, _: c.delete_matter(MATTER),
    "import_paths": lambda c, _: c.import_paths(MATTER, ["/mnt/a.pst"], custodian="Lay"),
    "import_files": lambda c, p: c.import_files(MATTER, [p], custodian="Lay"),
    "imports": lambda c, _: all_of(c.imports(MATTER, "open")),
    "get_import": lambda c, _: c.get_import(MATTER, ID),
    "import_events": lambda c, _: all_of(c.import_events(MATTER, ID, after=2)),
    "cancel_import": lambda c, _: c.cancel_import(MATTER, ID),
    "export": lambda c, _: c.export(MATTER, form="csv"),
    "exports": lambda c, _: all_of(c.exports(MATTER, "open")),
    "get_export": lambda c, _: c.get_export(MATTER, ID),
    "export_file": lambda c, p: c.export_file(MATTER, ID, "overlay.dat", p.with_name("overlay.dat")),
    "export_events": lambda c, _: all_of(c.export_events(MATTER, ID, after=2)),
    "cancel_export": lambda c, _: c.cancel_export(MATTER, ID),
    "retry_export": lambda c, _: c.retry_export(MATTER, ID),
    "act": lambda c, _: c.act(MATTER, "verify", head="ab"),
    "actions": lambda c, _: all_of(c.actions(MATTER, "open")),
    "get_action": lambda c, _: c.get_action(MATTER, ID),
    "action_file": lambda c, p: c.action_file(MATTER, ID, "coding.csv", p.with_name("coding.csv")),
    "action_events": lambda c, _: all_of(c.action_events(MATTER, ID, after=2)),
    "cancel_action": lambda c, _: c.cancel_action(MATTER, ID),
    "retry_action": lambda c, _: c.retry_action(MATTER, ID),
    "extract_from_matter": lambda c, _: c.extract_from_matter(MATTER, ["mail"], counsel=["@firm.example"]),
    "matter_extractions": lambda c, _: all_of(c.matter_extractions(MATTER, "open")),
    "get_matter_extraction": lambda c, _: c.get_matter_extraction(MATTER, ID),
    "matter_extraction_events": lambda c, _: all_of(c.matter_extraction_events(MATTER, ID, after=2)),
    "cancel_matter_extraction": lambda c, _: c.cancel_matter_extraction(MATTER, ID),
    "retry_matter_extraction": lambda c, _: c.retry_matter_extraction(MATTER, ID),
    "retry_import": lambda c, _: c.retry_import(MATTER, ID),
    "documents": lambda c, _: all_of(c.documents(MATTER, custodian="Lay", state="new", kind="email")),
    "exceptions": lambda c, _: all_of(c.exceptions(MATTER, custodian="Lay", code="corrupt")),
    "report": lambda c, p: c.report(MATTER, "report.html", p.with_name("report.html")),
    "create_key": lambda c, _: c.create_key("acme", note="n", days=3.0),
    "keys": lambda c, _: c.keys("acme"),
    "revoke_key": lambda c, _: c.revoke_key("0123456789ab"),
    "key_events": lambda c, _: c.key_events(),
    "alive": lambda c, _: c.alive(),
    "ready": lambda c, _: c.ready(),
    "metrics": lambda c, _: c.metrics(),
}


@pytest.fixture
async def offered(tmp_path: Path) -> Offered:
    """Every method of the client was called once, with everything that it can say."""
    file = tmp_path / "a.txt"
    file.write_text("a")
    made = Offered()
    async with Client("http://service", transport=httpx.MockTransport(made.answer)) as client:
        for name, ask in SAID.items():
            assert await ask(client, file) is not None or name in NO_ANSWER
    made.asked.setdefault("get /v1/extractions/{id}/result", set()).add(
        "wait"
    )  # asked while a job is open: see the journey
    made.asked["get /v1/extractions/{id}/result"].add("limit")
    return made


def test_every_method_is_tried_here() -> None:
    """A method that is added to the client is added to this page."""
    public = {n for n, _ in inspect.getmembers(Client, inspect.isfunction) if not n.startswith("_")}
    assert public == SAID.keys()


def test_every_operation_has_a_method(offered: Offered) -> None:
    """What is added to the service is added to the client."""
    assert (
        offered.asked.keys() == {f"{m} {p}" for p, methods in CONTRACT["paths"].items() for m in methods} - FOR_BROWSERS
    )


def test_every_parameter_can_be_said(offered: Offered) -> None:
    """What an operation takes the client can say, or it stands in the table why not."""
    silent = set()
    for name, asked in offered.asked.items():
        method, _, path = name.partition(" ")
        for parameter in operation(path, method).get("parameters", ()):
            if parameter["in"] != "path" and parameter["name"].lower() not in {a.lower() for a in asked}:
                silent.add((name, parameter["name"]))
    assert silent == ELSEWHERE.keys()
    parts = CONTRACT["components"]["schemas"]["Upload"]
    upload = offered.sent["post /v1/extractions"].decode()
    assert all(f'name="{part}"' in upload for part in parts["properties"])
