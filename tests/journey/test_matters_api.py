"""Matters over HTTP: imports as jobs, from uploads and from folders on the server; killed workers; tenants apart."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.collection_imports import dumped, settled
from tests.journey.serving import Served, make_key, served
from tests.simulation.discovery.mailboxes import Mailboxes
from tests.simulation.discovery.productions import Recipe, make_production
from thresher.schemas.errors import InputProblem
from thresher.service.backend.matters.received_files import unpacked

WAIT_SECONDS = 120


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the server with a mailbox of one custodian and loose files."""
    folder = tmp_path_factory.mktemp("evidence")
    return Mailboxes(60, attached_bytes=300, custodians=1).write(folder)[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, evidence: Path) -> Iterator[tuple[Path, Served, dict[str, str]]]:
    """A service with two tenants; the folder is open to the first alone."""
    folder = tmp_path_factory.mktemp("service")
    keys = {tenant: make_key(folder / "data", tenant) for tenant in ("acme", "other")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THRESHER_IMPORT_ROOTS", f"acme={evidence.parent}")
        with served(folder) as service:
            yield folder, service, keys


def client_of(house: tuple[Path, Served, dict[str, str]], tenant: str) -> AbstractContextManager[httpx.Client]:
    """A client of a tenant."""
    return house[1].client(house[2][tenant])


@pytest.fixture
def client(house: tuple[Path, Served, dict[str, str]]) -> Iterator[httpx.Client]:
    """A client of the first tenant."""
    with client_of(house, "acme") as made:
        yield made


def ended(client: httpx.Client, begun: httpx.Response) -> dict[str, Any]:
    """An import at its end, followed by its events."""
    assert begun.status_code == 202, begun.text
    links = begun.json()["links"]
    with client.stream("GET", links["events"]) as stream:
        kinds = [line.removeprefix("event: ") for line in stream.iter_lines() if line.startswith("event: ")]
    assert [kinds[0], kinds[-1]] == ["submitted", "finished"], kinds
    return dict(client.get(links["self"]).json())


def all_of(client: httpx.Client, address: str, name: str, **asked: str) -> list[dict[str, Any]]:
    """All records, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(address, params={"limit": 50, **asked, **cursor}).json()
        found += page[name]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def matter_folder(house: tuple[Path, Served, dict[str, str]], matter: str) -> Path:
    """Where the service keeps a matter."""
    return next((house[0] / "data" / "matters").glob(f"*/{matter}"))


@pytest.mark.slow
def test_mounted_and_uploaded_sources_give_what_the_command_gives(
    house: tuple[Path, Served, dict[str, str]], client: httpx.Client, evidence: Path, tmp_path: Path
) -> None:
    """The records are those of the command byte for byte; pages hold all; answers come out as an overlay; then all is deleted."""
    made = client.post("/v1/matters", json={"name": "Acme v. Ternboat", "timezone": "UTC"})
    assert made.status_code == 201, made.text
    here = f"/v1/matters/{made.json()['id']}"
    known = evidence.parent / "known.txt"
    known.write_text(f"{hashlib.sha256(b'zero').hexdigest()}\n")
    order = {"custodian": "A", "paths": [str(evidence)], "denist": [str(known)], "dedup": "global"}
    first = ended(client, client.post(f"{here}/imports", json=order))
    settled(tmp_path / "whole", [evidence])
    folder = matter_folder(house, made.json()["id"])
    assert dumped(folder) == dumped(tmp_path / "whole")
    status = client.get(here).json()
    assert first["summary"]["new_documents"] == status["counts"]["documents"] == status["sources"][0]["documents"]
    shown = all_of(client, f"{here}/documents", "documents")
    assert [json.dumps(d, ensure_ascii=False, separators=(",", ":")) for d in shown] == dumped(folder)[: len(shown)]
    assert len(shown) == status["counts"]["documents"]
    mail = b"From: a@x.example\r\nSubject: hello\r\nMessage-ID: <1@x>\r\nDate: Mon, 1 Jan 2001 10:00:00 +0000\r\n\r\nHi\r\n"
    files: list[Any] = [
        ("order", (None, json.dumps({"custodian": "B", "denist": [str(known)]}))),
        ("file", ("one.eml", mail)),
        ("file", ("known.bin", b"zero")),
        ("file", ("zero.txt", b"")),
    ]
    sent = ended(client, client.post(f"{here}/imports", files=files))
    found = [(s["label"], s["documents"], s["left_out"]) for s in sent["summary"]["sources"]]
    assert found == [("one.eml", 1, 0), ("known.bin", 0, 1), ("zero.txt", 1, 0)]
    assert sent["summary"]["status"] == "exceptions"
    assert {e["code"] for e in all_of(client, f"{here}/exceptions", "exceptions", custodian="B")} == {"zero_byte"}
    assert client.get(f"{here}/reports/reconciliation.json").json()["state"] == "reconciled"
    assert client.get(f"{here}/reports/matter.db").status_code == 422
    _extracted_and_exported(client, here, status["counts"]["documents"] + 2)
    _acted(client, here)
    listed = client.get(f"{here}/imports").json()["imports"]
    assert listed[0]["id"] == sent["id"]
    assert client.get("/v1/extractions").json()["extractions"] == []
    assert client.get(f"/v1/extractions/{sent['id']}").status_code == 404
    assert client.delete(here).status_code == 204
    assert not folder.exists()
    assert (client.get(here).status_code, client.get(sent["links"]["self"]).status_code) == (404, 410)


def _acted(client: httpx.Client, here: str) -> None:
    """Draw a sample, whose sheet is fetched; nothing has changed; a kind of work that is none is refused."""
    asked = {"action": "sample", "seed": 4, "size": 2}
    drawn = ended(client, client.post(f"{here}/actions", json=asked))
    sheet = client.get(f"{drawn['links']['self']}/files/coding.csv")
    assert (
        len(list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))) == drawn["summary"]["counts"]["drawn"]
    )
    assert client.get(f"{drawn['links']['self']}/files/matter.db").status_code == 404
    verified = ended(client, client.post(f"{here}/actions", json={"action": "verify"}))["summary"]
    assert verified["status"] == "complete", verified["found"]
    assert (
        client.post(f"{here}/actions", json={"action": "retry", "passwords": ["x"]}).json()["code"]
        == "passwords_need_key"
    )
    assert client.post(f"{here}/actions", json={"action": "burn"}).json()["code"] == "field_invalid"


def _extracted_and_exported(client: httpx.Client, here: str, documents: int) -> None:
    """Extract behind a screen, twice, then export: a row for each document; files come one by one."""
    asked = {"targets": ["mail"], "counsel": ["x.example"]}
    begun = client.post(f"{here}/extractions", json=asked).json()["links"]["self"]
    assert client.delete(begun).json()["state"] == "cancelled"
    extracted = ended(client, client.post(f"{here}/extractions", json=asked))
    summary = extracted["summary"]
    assert (summary["screened"], summary["passed"]["privilege"] > 0) == (True, True), extracted
    assert sum(summary["states"].values()) == summary["asked"] > 0
    states = client.get(here).json()["documents_by_state"]
    assert states["held"] == summary["passed"]["privilege"]
    assert ended(client, client.post(f"{here}/extractions", json=asked))["summary"]["asked"] == summary["asked"]
    key = {"Idempotency-Key": "one"}
    exported = ended(client, client.post(f"{here}/exports", json={"form": "csv"}, headers=key))
    assert client.post(f"{here}/exports", json={"form": "csv"}, headers=key).json()["id"] == exported["id"]
    assert (exported["summary"]["status"], exported["summary"]["rows"]) == ("complete", documents), exported
    files = {one["name"]: one for one in exported["summary"]["files"]}
    assert {"overlay.csv", "privilege_log.csv", "reconciliation.json"} <= files.keys()
    overlay = client.get(f"{exported['links']['self']}/files/overlay.csv")
    assert hashlib.sha256(overlay.content).hexdigest() == files["overlay.csv"]["sha256"]
    assert len(list(csv.DictReader(io.StringIO(overlay.content.decode("utf-8-sig"))))) == documents
    assert client.get(f"{exported['links']['self']}/files/matter.db").status_code == 404
    for other in ("imports", "extractions"):
        assert client.get(f"{here}/{other}/{exported['id']}").status_code == 404
    assert [e["id"] for e in client.get(f"{here}/exports").json()["exports"]] == [exported["id"]]


@pytest.mark.slow
def test_what_a_tenant_may_not_see_or_read(
    house: tuple[Path, Served, dict[str, str]], client: httpx.Client, evidence: Path
) -> None:
    """Another tenant's matter is not there; paths outside the roots, passwords and wrong orders are refused by name."""
    with client_of(house, "other") as other:
        _refusals(client, other, evidence)


def _refusals(acme: httpx.Client, other: httpx.Client, evidence: Path) -> None:
    matter = acme.post("/v1/matters", json={"name": "m"}).json()["id"]
    here = f"/v1/matters/{matter}"
    for address in (here, f"{here}/documents", f"{here}/imports"):
        assert other.get(address).json()["code"] == "not_found"
    assert other.get("/v1/matters").json()["matters"] == []
    own = other.post("/v1/matters", json={"name": "m"}).json()["id"]
    link = evidence.parent / "link"
    link.symlink_to("/etc")
    asked: list[tuple[httpx.Client, str, dict[str, Any], str]] = [
        (other, own, {"paths": [str(evidence)]}, "source_refused"),
        (acme, matter, {"paths": ["/etc/passwd"]}, "source_refused"),
        (acme, matter, {"paths": [f"{evidence}/../../.."]}, "source_refused"),
        (acme, matter, {"paths": [f"{link}/passwd"]}, "source_refused"),
        (acme, matter, {"paths": [f"{evidence.parent}/none"]}, "file_not_found"),
        (acme, matter, {"paths": [str(evidence)], "passwords": ["x"]}, "passwords_need_key"),
        (acme, matter, {"paths": []}, "request_invalid"),
        (acme, matter, {"paths": [str(evidence)], "colour": 1}, "request_invalid"),
    ]
    for client, id_, order, code in asked:
        said = client.post(f"/v1/matters/{id_}/imports", json=order)
        assert said.json()["code"] == code, said.text
    link.unlink()
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("imports", {"paths": [str(evidence)], "denist": ["/etc/passwd"]}, "source_refused"),
        ("imports", {"paths": [str(evidence)], "dedup": "some"}, "request_invalid"),
        ("exports", {"encoding": "klingon"}, "field_invalid"),
        ("exports", {"form": "pdf"}, "field_invalid"),
        ("extractions", {"targets": ["no-such"]}, "target_invalid"),
        ("extractions", {"targets": ["relevance"]}, "option_invalid"),
        ("extractions", {"targets": ["mail"], "counsel": ["not one"]}, "field_invalid"),
        ("extractions", {"targets": ["mail"], "policy": {"workers": 9}}, "policy_invalid"),
    ]
    for place, order, code in wrong:
        said = acme.post(f"{here}/{place}", json=order)
        assert said.json()["code"] == code, said.text


@pytest.mark.slow
def test_a_production_comes_as_a_zip(client: httpx.Client, evidence: Path, tmp_path: Path) -> None:
    """All its documents, with the report of the check; a ZIP that leaves its folder is refused."""
    here = f"/v1/matters/{client.post('/v1/matters', json={'name': 'p'}).json()['id']}"
    volume = evidence.parent / "ABC001"
    made = len(make_production(volume, Recipe(documents=24, faults=("missing_native",))).documents)
    order = {"kind": "production", "custodian": "Q", "load_options": {"encoding": "utf-8"}}
    sent = ended(client, upload(client, here, "ABC001.zip", zipped(volume), order))["summary"]
    assert (sent["status"], sent["new_documents"], sent["sources"][0]["label"]) == ("exceptions", made, "ABC001")
    assert sent["report"]["counts"]["documents"] == made
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../out.dat", b"x")
    with pytest.raises(InputProblem, match="corrupt"):
        unpacked(evil)


def upload(client: httpx.Client, here: str, name: str, data: bytes, order: dict[str, Any]) -> httpx.Response:
    """Send one file to be imported."""
    return client.post(f"{here}/imports", files=[("order", (None, json.dumps(order))), ("file", (name, data))])


def zipped(folder: Path) -> bytes:
    """A folder as a ZIP that holds it."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return kept.getvalue()


@pytest.mark.slow
def test_a_cancelled_import_is_gone_on_with(
    house: tuple[Path, Served, dict[str, str]], client: httpx.Client, tmp_path: Path, evidence: Path
) -> None:
    """Cancelled while it runs, then asked for again: the records are those of an import without a break, none read twice."""
    big = Mailboxes(500, attached_bytes=300, custodians=1).write(evidence.parent / "big")[0]
    here = f"/v1/matters/{client.post('/v1/matters', json={'name': 'c'}).json()['id']}"
    order = {"custodian": "A", "paths": [str(big)]}
    begun = client.post(f"{here}/imports", json=order).json()
    until = time.monotonic() + WAIT_SECONDS
    while client.get(here).json()["counts"]["documents"] == 0 and time.monotonic() < until:
        time.sleep(0.05)
    assert client.delete(begun["links"]["self"]).json()["state"] == "cancelled"
    again = ended(client, client.post(f"{here}/imports", json=order))
    settled(tmp_path / "whole", [big])
    assert dumped(matter_folder(house, here.rpartition("/")[2])) == dumped(tmp_path / "whole")
    assert again["summary"]["new_documents"] < again["summary"]["sources"][0]["documents"]
