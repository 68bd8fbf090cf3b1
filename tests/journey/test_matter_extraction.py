"""`thresher matter extract` over real HTTP: what is held or redacted reaches no model, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from tests.collection_imports import dumped, imported
from tests.office_files import make_xlsx
from tests.simulation.server import Said, Server
from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.cli.exits import SOME_FAILED
from thresher.service.cli.matters import privilege as matter_privilege
from thresher.service.cli.matters.extract import Request, main
from thresher.service.discovery.extraction.citations import Citation, citations
from thresher.service.discovery.extraction.outcomes import Outcomes
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.audit_log import faults
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.reading.texts import Texts
from thresher.service.discovery.reconciliation.reconciling import reconcile
from thresher.service.runs.exports import Folder

FIXTURES = Path(__file__).parents[1] / "fixtures"
pytestmark = pytest.mark.slow

TARGET = """
from pydantic import BaseModel

class Fact(BaseModel):
    code: str | None

class Other(BaseModel):
    kind: str | None
"""
HEADER = ("BEGBATES", "ENDBATES", "REDACTED", "NATIVELINK", "TEXTLINK")
NATIVE_SECRET, COUNSEL_SECRET, MEMO_SECRET = "Quetzal-Nativ", "Walfisch-Rat", "Kolibri-Memo"


def answered(request: dict[str, Any]) -> Said:
    """Say the code that stands in the document, or none."""
    text = json.dumps(request["messages"][-1])
    found = re.findall(r"Code: (\w+-\d+)", text)
    if "kind" in request["response_format"]["json_schema"]["schema"]["properties"]:
        return Said(content=json.dumps({"kind": "counsel", "not_of_this_kind": None}))
    is_memo = "What counsel should know" in text
    code = None if is_memo or not found else found[0]
    return Said(content=json.dumps({"code": code, "not_of_this_kind": "a memo" if is_memo else None}))


def mail(name: str, body: str, people: str = "bob@acme.example", memo: bytes | None = None) -> bytes:
    """A mail as bytes."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Ann <ann@acme.example>", people, name
    made["Date"], made["Message-ID"] = "Mon, 21 May 2001 15:48:00 +0000", f"<{name}@acme.example>"
    made.set_content(body)
    if memo:
        made.add_attachment(memo, maintype="text", subtype="plain", filename="memo.txt")
    return made.as_bytes()


@pytest.fixture
def matter(tmp_path: Path) -> Path:
    """Two mails of business, one to counsel with a memo, a copy of the memo, and a production of three documents."""
    inbox, volume = tmp_path / "in", tmp_path / "ABC001"
    (volume / "DATA").mkdir(parents=True)
    (volume / "TEXT").mkdir()
    (volume / "NATIVES").mkdir()
    inbox.mkdir()
    memo = f"What counsel should know: {MEMO_SECRET}. Code: M-1".encode()
    (inbox / "1.eml").write_bytes(mail("one", "Code: A-1\n", memo=b"Terms of the deal. Code: T-9"))
    (inbox / "2.eml").write_bytes(mail("two", "Code: A-2\n"))
    (inbox / "3.eml").write_bytes(mail("three", f"{COUNSEL_SECRET}. Code: A-3\n", "Sue <sue@uk.firm.example>", memo))
    (inbox / "4.txt").write_bytes(memo)
    rows = [HEADER, ("ABC0001", "ABC0002", "No", "", "TEXT/1.txt"), ("ABC0003", "ABC0003", "Yes", "NATIVES/3.txt", "TEXT/3.txt"),
            ("ABC0004", "ABC0004", "Yes", "NATIVES/4.txt", "")]  # fmt: skip
    (volume / "DATA" / "ABC001.dat").write_text(
        "\n".join("\x14".join(f"þ{v}þ" for v in row) for row in rows), "utf-8-sig"
    )
    (volume / "TEXT" / "1.txt").write_text("From: x\nTo: y\nSubject: first page\fSecond page. Code: P-1")
    (volume / "TEXT" / "3.txt").write_text("Shown. Code: P-3 [REDACTED]")
    for n in (3, 4):
        (volume / "NATIVES" / f"{n}.txt").write_text(f"{NATIVE_SECRET} Code: N-{n}")
    imported(tmp_path / "matter", [inbox])
    with Matter(tmp_path / "matter") as made:
        import_production(made, find_production(volume), LoadOptions(), "")
    (tmp_path / "fact.py").write_text(TARGET)
    (tmp_path / "counsel.txt").write_text("firm.example  # outside counsel\n")
    return tmp_path / "matter"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A provider of models over HTTP, and commands that ask it."""
    async with Server(answered) as made:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("THRESHER_API_BASE", made.base)
        yield made


async def extracted(matter: Path, *targets: str, **choices: Any) -> int:
    """Run `matter extract` with the target of the matter, or with others."""
    specs = [str(matter.parent / f"fact.py:{name}") for name in targets or ("Fact",)]
    asked = Request(
        folder=matter,
        targets=specs,
        policy=None,
        choices={"model": "openai/gpt-4o-mini"} | choices,
        passwords=None,
        privilege="hold",
        inclusive_only=False,
        fresh=False,
        log="text",
    )
    return await asyncio.to_thread(main, asked)


async def screened(matter: Path) -> None:
    """Run `matter privilege` with the list of counsel."""
    asked = matter_privilege.Request(folder=matter, counsel=matter.parent / "counsel.txt", terms=None)
    assert await asyncio.to_thread(matter_privilege.main, asked) == 0


def stored(matter: Path) -> dict[str, MatterDocument]:
    """The documents of a matter, by the last part of their path or by Bates number."""
    with Matter(matter, writes=False) as opened:
        return {d.bates_begin or d.path.rpartition("/")[2]: d for d in opened.store.documents()}


async def test_what_is_held_or_redacted_reaches_no_model(matter: Path, server: Server) -> None:
    """No byte of a held document, of its attachment, of their copies or of a redacted one's native is in any request.

    A second run asks nothing and writes no record. After a release with a reason, the mail and its memo are asked.
    """
    await screened(matter)
    assert await extracted(matter) == 0
    said, made, before = json.dumps(server.requests), len(server.requests), dumped(matter)
    assert not [s for s in (NATIVE_SECRET, COUNSEL_SECRET, MEMO_SECRET) if s in said]
    assert all(code in said for code in ("A-1", "A-2", "T-9", "P-1", "P-3"))
    assert await extracted(matter) == 0
    assert (len(server.requests), dumped(matter)) == (made, before)
    documents = stored(matter)
    assert {name for name, d in documents.items() if d.held} == {"3.eml", "4.txt", "1-memo.txt"}
    assert documents["3.eml"].privilege_flags == ("counsel:sue@uk.firm.example",)
    assert documents["ABC0001"].state == documents["1.eml"].state == "extracted"
    assert documents["ABC0004"].state == "exception"
    with (matter / "reports" / "privilege_log.csv").open(encoding="utf-8-sig") as file:
        logged = list(csv.DictReader(file))
    assert {row["treatment"] for row in logged} == {"held", "redacted"}
    assert COUNSEL_SECRET not in str(logged)
    matter_privilege.release_documents(matter, [documents["3.eml"].id], "Jo", "about lunch")
    assert await extracted(matter) == 0
    said = json.dumps(server.requests)
    assert COUNSEL_SECRET in said
    assert MEMO_SECRET in said
    assert NATIVE_SECRET not in said
    assert not any(d.held for d in stored(matter).values())
    assert '"released"' in (matter / "audit.jsonl").read_text()
    assert list(faults(matter / "audit.jsonl")) == []


def _cited(matter: Path, document: MatterDocument) -> tuple[Citation, str]:
    """The one citation of a document's Result, and the text at its place."""
    with Matter(matter, writes=False) as opened:
        (outcome,) = Outcomes(opened).of(document.id)
    result = Folder(matter / "results").read(outcome.results[0])
    assert result is not None
    (cited,) = citations(document, result)
    return cited, (Texts(matter / "texts").get(document.id) or "")[cited.start : cited.end]


async def test_copies_share_answers_and_other_kinds_are_asked_with_the_next_target(
    matter: Path, server: Server
) -> None:
    """A copy has the Result of its master; a limit of cost leaves documents new; evidence is cited by Bates page."""
    with Matter(matter) as opened:
        master, copy = (next(d for d in opened.store.documents() if d.path == name) for name in ("1.eml", "2.eml"))
        opened.store.update([copy.model_copy(update={"dup_of": master.id})])
    await extracted(matter, max_cost=0.0000001)
    assert (server.requests, {d.state for d in stored(matter).values()}) == ([], {"new", "exception"})
    assert await extracted(matter, "Fact", "Other") == 0
    asked = [list(r["response_format"]["json_schema"]["schema"]["properties"]) for r in server.requests]
    assert Counter(fields[0] for fields in asked) == {"code": 7, "kind": 2}
    assert "A-2" not in json.dumps(server.requests)
    documents = stored(matter)
    assert documents["2.eml"].state == documents["4.txt"].state == "extracted"
    with Matter(matter, writes=False) as opened:
        outcomes = Outcomes(opened)
        assert outcomes.of(copy.id)[0].answered_by == master.id
        assert outcomes.of(copy.id)[0].results == outcomes.of(master.id)[0].results
        found = [(o.target, o.state, o.reason) for o in outcomes.of(documents["4.txt"].id)]
        assert found == [("Fact", "skipped", "not_of_this_kind"), ("Other", "extracted", "")]
    cited, text = _cited(matter, documents["ABC0001"])
    assert (cited.bates, cited.quote, text) == ("ABC0002", "P-1", "P-1")
    _add_locked_files(matter)
    (matter.parent / "in" / "1.eml").write_text("changed since")
    assert await extracted(matter) == SOME_FAILED
    assert stored(matter)["1.eml"].state == "exception"
    with Matter(matter, writes=False) as opened:
        codes = {e.path: e.code for e in opened.store.exceptions() if e.stage == "extract"}
        assert reconcile(opened).state == "reconciled"
    assert {name: codes[name] for name in ("1.eml", "locked.pdf", "locked.xlsx")} == {
        "1.eml": "hash_mismatch",
        "locked.pdf": "password_protected",
        "locked.xlsx": "password_protected",
    }


def _add_locked_files(matter: Path) -> None:
    """Import a PDF and a workbook that ask for a password."""
    more = matter.parent / "more"
    more.mkdir()
    shutil.copy(FIXTURES / "08_encrypted_open_password_opf.pdf", more / "locked.pdf")
    with make_xlsx(matter.parent / "plain.xlsx").open("rb") as plain, (more / "locked.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("a password", locked)
    imported(matter, [more])
