"""`thresher matter extract` over real HTTP: what is held or redacted reaches no model, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.collection_imports import imported
from tests.journey.test_extract_command import ROOT, command
from tests.simulation.server import Said, Server
from thresher.schemas.matter import MatterDocument
from thresher.service.discovery.extraction.citations import citations
from thresher.service.discovery.extraction.outcomes import Outcomes
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.audit_log import faults
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.runs.exports import Folder

pytestmark = pytest.mark.slow

TARGET = """
from pydantic import BaseModel

class Fact(BaseModel):
    code: str | None
"""
HEADER = ("BEGBATES", "ENDBATES", "REDACTED", "NATIVELINK", "TEXTLINK")
NATIVE_SECRET, COUNSEL_SECRET, MEMO_SECRET = "Quetzal-Nativ", "Walfisch-Rat", "Kolibri-Memo"


def answered(request: dict[str, Any]) -> Said:
    """Say the code that stands in the document, or none."""
    found = re.findall(r"Code: (\w+-\d+)", json.dumps(request["messages"][-1]))
    return Said(content=json.dumps({"code": found[0] if found else None, "not_of_this_kind": None}))


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


async def run(*arguments: object, base: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a matter beside a server of models."""
    environment = os.environ | {"OPENAI_API_KEY": "none", "THRESHER_API_BASE": base}
    process = await asyncio.create_subprocess_exec(
        *command("matter", *arguments), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, error = await asyncio.wait_for(process.communicate(), 300)
    return subprocess.CompletedProcess([*map(str, arguments)], process.returncode or 0, out.decode(), error.decode())


def stored(matter: Path) -> dict[str, MatterDocument]:
    """The documents of a matter, by the last part of their path or by Bates number."""
    with Matter(matter, writes=False) as opened:
        return {d.bates_begin or d.path.rpartition("/")[2]: d for d in opened.store.documents()}


async def test_what_is_held_or_redacted_reaches_no_model(matter: Path) -> None:
    """No byte of a held document, of its attachment, of their copies or of a redacted one's native is in any request."""
    asking = ["extract", matter, "--target", matter.parent / "fact.py:Fact", "--model", "openai/gpt-4o-mini"]
    async with Server(answered) as server:
        screened = await run("privilege", matter, "--counsel", matter.parent / "counsel.txt", base=server.base)
        assert screened.returncode == 0, screened.stderr
        done = await run(*asking, base=server.base)
        assert done.returncode in {0, 1}, done.stderr
        said = json.dumps(server.requests)
        made = len(server.requests)
        again = await run(*asking, base=server.base)
        assert len(server.requests) == made, again.stderr
        assert "0 model calls" in again.stdout
    assert not [s for s in (NATIVE_SECRET, COUNSEL_SECRET, MEMO_SECRET) if s in said]
    assert all(code in said for code in ("A-1", "A-2", "T-9", "P-1", "P-3"))
    documents = stored(matter)
    held = {d.name or d.path for d in documents.values() if d.held}
    assert len(held) >= 2
    assert documents["4.txt"].held
    assert documents["3.eml"].privilege_flags == ("counsel:sue@uk.firm.example",)
    assert documents["ABC0001"].state == documents["1.eml"].state == "extracted"
    assert documents["ABC0004"].state == "exception"
    assert list(faults(matter / "audit.jsonl")) == []
    with (matter / "reports" / "privilege_log.csv").open(encoding="utf-8-sig") as file:
        logged = list(csv.DictReader(file))
    assert {row["treatment"] for row in logged} == {"held", "redacted"}
    assert not any(COUNSEL_SECRET in str(row) or "three" in str(row["description"]) for row in logged)


async def test_released_documents_are_asked_and_citations_name_bates_pages(matter: Path) -> None:
    """After a release with a reason the mail is asked, its memo too; evidence on page 2 is cited by its Bates number."""
    asking = ["extract", matter, "--target", matter.parent / "fact.py:Fact", "--model", "openai/gpt-4o-mini"]
    async with Server(answered) as server:
        await run("privilege", matter, "--counsel", matter.parent / "counsel.txt", base=server.base)
        mail_id = stored(matter)["3.eml"].id
        let = await run("release", matter, mail_id, "--by", "Jo", "--why", "about lunch", base=server.base)
        assert let.returncode == 0, let.stderr
        await run(*asking, base=server.base)
        said = json.dumps(server.requests)
    assert COUNSEL_SECRET in said
    assert MEMO_SECRET in said
    assert not any(d.held for d in stored(matter).values())
    assert '"released"' in (matter / "audit.jsonl").read_text()
    with Matter(matter, writes=False) as opened:
        document = stored(matter)["ABC0001"]
        (outcome,) = Outcomes(opened).of(document.id)
        result = Folder(matter / "results").read(outcome.results[0])
        assert result is not None
        (cited,) = citations(document, result)
        text = (matter / "texts" / document.id[:2] / f"{document.id}.txt").read_text()
    assert cited.bates == "ABC0002"
    assert cited.start is not None
    assert text[cited.start : cited.end] == cited.quote == "P-1"
