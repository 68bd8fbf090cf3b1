"""`thresher report` opens documents with passwords, and writes nothing into the folder of Results."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from tests.exported import result, target
from tests.pdf_maker import Page, Pdf, text
from thresher.schemas.extraction import Evidence
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Reason
from thresher.schemas.source import SourceFacts
from thresher.service.cli.results.report import Request, main
from thresher.service.reviews.base import NewEvent
from thresher.service.reviews.folder_file import folder_place, opened_folder_reviews
from thresher.service.runs.exports import Folder
from thresher.service.storage.run_inputs import RunInputs, save_inputs


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with the Result of a locked PDF, which lies beside it."""
    data = Pdf().write([Page(text(72, 700, "Number 17-B"))])
    writer, locked = PdfWriter(PdfReader(io.BytesIO(data))), io.BytesIO()
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(locked)
    (tmp_path / "a.pdf").write_bytes(locked.getvalue())
    facts = SourceFacts(
        path="a.pdf", sha256=hashlib.sha256(locked.getvalue()).hexdigest(), media_type="application/pdf", pages=1
    )
    found = Evidence(path="/number", quote="17-B", start=7, end=11, page=1, boxes=((120.0, 80.0, 150.0, 95.0),))
    folder = tmp_path / "results"
    Folder(folder).write(
        "a.pdf",
        result(
            '{"number": "17-B"}',
            source=facts,
            status="partial",
            evidence=[found],
            reasons=[Reason(code="unsure", path="/number", message="found once")],
        ),
    )
    save_inputs(folder, RunInputs().added([tmp_path / "a.pdf"], [target()], ReadOptions()))
    return folder


def listed(folder: Path) -> dict[str, int]:
    """Every file of a folder and when it was changed."""
    return {str(f.relative_to(folder)): f.stat().st_mtime_ns for f in [folder, *folder.rglob("*")]}


def test_a_locked_document_is_shown_with_its_password_and_the_folder_stays_as_it_is(results: Path) -> None:
    """The page is drawn with the password, and its absence is said without; no file of reviews is made."""
    before, out, passwords = listed(results), results.with_name("r.html"), results.with_name("passwords.txt")
    passwords.write_text("wrong\nsecret\n")
    assert main(Request(results, out)) == 0
    assert "data:image/" not in out.read_text("utf-8")
    assert main(Request(results, out, passwords=passwords)) == 0
    assert "data:image/" in out.read_text("utf-8")
    assert listed(results) == before


def test_reviews_are_read_where_nobody_may_write(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person corrected is shown, and SQLite makes no file beside its own."""

    async def corrected() -> None:
        async with opened_folder_reviews(results) as reviews:
            wanted = NewEvent(by="Ada", path="/number", action="edit", value="17-C")
            await reviews.append(folder_place("a.pdf.json"), wanted)

    asyncio.run(corrected())
    before, out = listed(results), results.with_name("r.html")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and allowed(path, mode))
    assert main(Request(results, out)) == 0
    assert "17-C" in out.read_text("utf-8")
    assert listed(results) == before


@pytest.mark.parametrize("stated", [False, True], ids=["of evidence", "of sources"])
def test_a_result_of_a_stranger_shows_no_file_that_it_was_not_made_of(tmp_path: Path, stated: bool) -> None:  # noqa: FBT001 - a parameter
    """It may name any place of this machine: only documents whose hash it knows are shown, in archives too."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "key.txt").write_text("the secret of this house")
    with zipfile.ZipFile(home / "box.zip", "w") as archive:
        archive.writestr("key.txt", "the secret of this house")
    paths = ("key.txt", "box.zip!/key.txt")
    known = {"sha256": "0" * 64, "media_type": "text/plain"}
    sources = [SourceFacts(path=p, relation="attachment", **known) for p in paths] if stated else []
    places = [Evidence(path="/number", quote="the", start=0, end=3, source=p) for p in paths]  # guessed
    made = result('{"number": "1"}', source=SourceFacts(path="a.txt", **known), sources=sources, evidence=places)
    Folder(tmp_path / "out").write("a.txt", made)
    save_inputs(tmp_path / "out", RunInputs().added([home], [target()], ReadOptions()))
    main(Request(place=tmp_path / "out", out=tmp_path / "report.html"))
    assert "secret" not in (tmp_path / "report.html").read_text("utf-8")
