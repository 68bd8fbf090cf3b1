"""The files of a job over HTTP: those already finished, the bytes that were sent, and events that name them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from tests.jobs_house import app_state
from tests.journey.serving import SCHEMA
from thresher.schemas.errors import Note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import AnyResult, TargetFacts
from thresher.schemas.source import Source, SourceFacts
from thresher.schemas.work import Outcome
from thresher.service.backend.resources import opened_resources
from thresher.service.reviews.review_service import ReviewService
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import AppState

TARGET = json.dumps(SCHEMA)
PAGE = b"<script>alert(1)</script>"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AppState]:
    """A service over a file, whose work is done by the test."""
    async with opened_resources(tmp_path) as house:
        made = app_state(house)
        yield made
        await made.schema_checker.close()


async def client(service: AppState, tenant: str = "acme", *, admin: bool = False) -> httpx.AsyncClient:
    """A client with a key of a tenant."""
    key, _ = await service.accounts.create_key(tenant, admin=admin)
    transport = httpx.ASGITransport(application(service))
    return httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {key}"}, timeout=30
    )


async def sent(acme: httpx.AsyncClient, **fields: str) -> str:
    """A job of three files; gives its id."""
    names = ("a.txt", "naïve page.html", "c.txt")
    files = [("file", (name, PAGE + bytes([n]))) for n, name in enumerate(names)]
    made = await acme.post("/v1/extractions", files=files, data={"target": TARGET, **fields})
    assert made.status_code == 202, made.text
    return str(made.json()["id"])


async def worked(service: AppState, body: str = "{}") -> None:
    """The second file is finished, the third failed, and the first is still in hand."""
    first, second, third = sorted(await service.jobs.claim("w", limit=3), key=lambda c: c.number)
    assert first.number == 0
    await service.jobs.finish(second, [Outcome(path="b", status="partial", body=body)])
    await service.jobs.fail(third, Note(code="zero_byte", message="the file is empty"), again_in=None)


async def test_a_job_lists_its_finished_files_page_by_page(service: AppState) -> None:
    """While the job goes on, with the statuses of their Results and why one failed."""
    async with await client(service) as acme:
        address = f"/v1/extractions/{await sent(acme)}"
        assert (await acme.get(address)).json()["files"] == []
        await worked(service)
        page = (await acme.get(address, params={"limit": 1})).json()
        assert [(f["number"], f["name"], f["state"], f["results"]) for f in page["files"]] == [
            (1, "naïve page.html", "done", ["partial"])
        ]
        rest = (await acme.get(address, params={"limit": 1, "cursor": page["next"]})).json()
        assert [(f["number"], f["problem"]["code"]) for f in rest["files"]] == [(2, "zero_byte")]
        assert rest["next"] is None


async def test_an_original_is_only_ever_an_attachment(service: AppState) -> None:
    """The bytes come back whole, named, and as nothing that a browser shows or runs; other tenants see nothing."""
    async with await client(service) as acme, await client(service, "bolt") as bolt:
        job = await sent(acme)
        address = f"/v1/extractions/{job}/files/1/original"
        found = await acme.get(address, headers={"Range": "bytes=1-3"})
        assert (found.status_code, found.content) == (200, PAGE + b"\x01")
        assert found.headers["content-disposition"].startswith("attachment; filename*=utf-8''na%C3%AFve%20page")
        assert found.headers["content-type"] == "application/octet-stream"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in found.headers["content-security-policy"]
        assert problem(await acme.get(f"/v1/extractions/{job}/files/3/original")) == (404, "not_found")
        assert problem(await bolt.get(address)) == (404, "job_not_found")


async def test_a_folder_has_its_files_by_number_too(service: AppState) -> None:
    """A job that is one Task for all its files: the second file is number 1."""
    async with await client(service) as acme:
        job = await sent(acme, policy='{"unit": "folder"}')
        assert (await acme.get(f"/v1/extractions/{job}/files/1/original")).content == PAGE + b"\x01"


async def test_an_original_that_was_deleted_is_a_problem(service: AppState) -> None:
    """Its bytes are gone from the storage: told as such, before anything is sent."""
    async with await client(service) as acme:
        job = await sent(acme)
        file = (await service.jobs.tasks("acme", job))[0].files[0]
        await service.uploads.drop(file.sha256, older=-1.0)
        answer = await acme.get(f"/v1/extractions/{job}/files/0/original")
        assert problem(answer) == (404, "file_not_found")


async def test_tables_of_a_job_have_the_columns_of_its_target(service: AppState) -> None:
    """As XLSX and CSV; what failed and what is not done yet has a row; a wrong table is told with the nearest."""
    async with await client(service) as acme, await client(service, "bolt") as bolt:
        job = await sent(acme)
        address = f"/v1/extractions/{job}/export"
        assert problem(await acme.get(f"{address}.csv")) == (409, "result_not_ready")
        await worked(service, result((await service.jobs.job("acme", job)).fingerprint))
        table = await acme.get(f"{address}.csv", params={"partial": True})
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert [(r["source"], r["status"], r["number"], r["buyer"]) for r in rows] == [
            ("b.html", "partial", "PO-1", "'=Acme()"),
            ("c.txt", "failed", "", ""),
            ("", "unfinished", "", ""),
        ]
        assert table.headers["content-disposition"] == f'attachment; filename="{job}-results.csv"'
        assert table.headers["x-tables"] == "results,reasons"
        reasons = await acme.get(f"{address}.csv", params={"partial": True, "table": "reasons", "bom": True})
        assert reasons.content.startswith(b"\xef\xbb\xbfsource,code")
        wrong = await acme.get(f"{address}.csv", params={"partial": True, "table": "reason"})
        assert problem(wrong) == (404, "not_found")
        assert "did you mean reasons?" in wrong.json()["detail"]
        book = await acme.get(f"{address}.xlsx", params={"partial": True})
        assert (book.status_code, book.content[:2]) == (200, b"PK")
        assert problem(await bolt.get(f"{address}.xlsx")) == (404, "job_not_found")


async def test_a_page_is_a_picture_of_the_file_as_it_was_read(service: AppState) -> None:
    """The picture of the right bytes, page and scale; without a ReviewService, and of a text, it is a clear problem."""
    asked: list[tuple[str, int, float]] = []

    async def picture(source: Source, page: int, scale: float, options: ReadOptions) -> bytes:
        assert options == ReadOptions()
        asked.append((source.sha256, page, scale))
        return b"\xff\xd8..."

    async with await client(service) as acme:
        address = f"/v1/extractions/{await sent(acme)}/files/1/pages/3"
        assert problem(await acme.get(address)) == (404, "not_found")
        service.review_service = cast("ReviewService", SimpleNamespace(views=SimpleNamespace(picture=picture)))
        drawn = await acme.get(address, params={"scale": 2})
    assert (drawn.status_code, drawn.headers["content-type"], asked) == (
        200,
        "image/jpeg",
        [(sha256(PAGE + b"\x01").hexdigest(), 3, 2.0)],
    )


def result(fingerprint: str) -> str:
    """The Result of the second file, whose buyer would be a formula."""
    made = AnyResult(
        source=SourceFacts(path="b.html", sha256="0", media_type="text/html"),
        target=TargetFacts(name="Order", fingerprint=fingerprint),
        status="partial",
        values={"number": "PO-1", "buyer": "=Acme()"},
    )
    return made.model_dump_json()


async def test_events_name_their_file(service: AppState) -> None:
    """Each event of one file says which; an event of the whole job names none."""
    async with await client(service) as acme:
        job = await sent(acme)
        await worked(service)
        await acme.delete(f"/v1/extractions/{job}")
        stream = (await acme.get(f"/v1/extractions/{job}/events")).text
    told = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line.startswith("data: ")]
    assert [e["file"] for e in told if e.get("task") is not None] == ["naïve page.html", "c.txt"]
    assert {e["file"] for e in told if e.get("task", 0) is None} == {None}


@pytest.mark.parametrize(
    ("name", "nearest"), [("files", "file"), ("polcy", "policy"), ("Target", "target"), ("colour", None)]
)
async def test_an_unknown_part_is_refused_with_the_nearest_known_one(
    service: AppState, name: str, nearest: str | None
) -> None:
    """Also where it was sent as a file: a schema under a wrong name is no document."""
    async with await client(service) as acme:
        parts: list[Any] = [("file", ("a.txt", b"a")), ("target", (None, TARGET)), (name, ("b.txt", b"b"))]
        answer = await acme.post("/v1/extractions", files=parts)
    assert problem(answer) == (400, "request_invalid")
    assert name in answer.json()["detail"]
    assert (f"did you mean {nearest}?" in answer.json()["detail"]) == (nearest is not None)


async def test_a_field_may_be_sent_as_a_file(service: AppState) -> None:
    """`curl -F target=@schema.json` sends a file name with it; it is the target all the same."""
    async with await client(service) as acme:
        parts = [("file", ("a.txt", b"a")), ("target", ("schema.json", TARGET.encode()))]
        assert (await acme.post("/v1/extractions", files=parts)).status_code == 202


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a Problem."""
    return answer.status_code, answer.json()["code"]
