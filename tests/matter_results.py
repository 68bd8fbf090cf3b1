"""Answer the documents of a Matter in tests, as an extraction would, without a model."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.extraction import Evidence, Unsupported
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Coverage, Reason, Result, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.service.discovery.matter.folder import Matter
from thresher.service.storage.run_inputs import INPUTS, RunInputs
from thresher.service.targets.loading import load_target

HOSTILE = 'Acme® þ"quoted", <script>alert(1)</script>;\r\nsecond line\x14 — ☃'


class Person(BaseModel):
    """Somebody who is named."""

    name: str | None = None
    role: str | None = None


class Payment(BaseModel):
    """One payment."""

    amount: Decimal
    due: date | None = None


class Facts(BaseModel):
    """What is asked of every document."""

    title: str | None = None
    total: Decimal | None = None
    author: Person = Field(default_factory=Person)
    parties: list[str] = Field(default_factory=list)
    payments: list[Payment] = Field(default_factory=list)


TARGET = load_target(Facts)


def text_of_document(number: int) -> str:
    """Return the stored text of the document with a number."""
    return f"No. {number}. Agreement between Ann; Bob and Acme. Total 1{number}.50 EUR."


def answer(matter: Matter, *, share: int = 5) -> int:
    """Write a Result for every new document but each `share`th, with its text; return how many."""
    folder = matter.folder / "results"
    inputs = RunInputs().added([], [TARGET], ReadOptions())
    (folder / INPUTS).parent.mkdir(exist_ok=True)
    (folder / INPUTS).write_text(inputs.model_dump_json())
    answered = []
    for number, document in enumerate(matter.store.documents()):
        if document.state == "new" and document.dup_of is None and number % share:
            _write_text(matter.folder, document, text_of_document(number))
            (folder / f"{document.id}.json").write_text(_result(number, document).model_dump_json())
            state = "partial" if number % 2 else "extracted"
            answered.append(document.model_copy(update={"state": state}))
    matter.store.update(answered, matter.event("extraction", documents=len(answered)))
    return len(answered)


def _write_text(folder: Path, document: MatterDocument, text: str) -> None:
    path = folder / "texts" / document.id[:2] / f"{document.id}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _result(number: int, document: MatterDocument) -> Result[Facts]:
    text, total = text_of_document(number), f"1{number}.50"
    data = {
        "title": HOSTILE if number % 3 == 0 else "Agreement",
        "total": total,
        "author": {"name": "Ann; Bob", "role": None},
        "parties": ["Ann; Bob", "Acme"],
        "payments": [{"amount": total, "due": "2001-05-21"}],
    }
    quotes = {"/title": "Agreement", "/total": total, "/parties/0": "Ann; Bob", "/parties/1": "Acme"}
    reasons = [Reason(code="unsure", path="/total", message="two totals")] if number % 2 else []
    return Result[Facts](
        source=SourceFacts(path=document.path, sha256=document.sha256, media_type=document.media_type),
        target=TargetFacts(name=TARGET.name, fingerprint=TARGET.fingerprint),
        status="partial" if reasons else "complete",
        reasons=reasons,
        data=data,
        evidence=[_evidence(path, quote, text) for path, quote in quotes.items()],
        unsupported=[Unsupported(path="/author/role", value="=cmd()", reason="nowhere in the text")]
        if number % 4 == 1
        else [],
        coverage=Coverage(chunks=1, chunks_asked=1, chunks_answered=1),
    )


def _evidence(path: str, quote: str, text: str) -> Evidence:
    start = text.index(quote)
    return Evidence(path=path, quote=quote, start=start, end=start + len(quote), page=1)
