"""Values that run over a line which reads as another record: the line and the value are named."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from tests.tokens import quarter
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import AnyResult
from thresher.schemas.source import Source
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.planning.field_groups import groups_of
from thresher.service.extraction.planning.token_budget import Plan
from thresher.service.llm.providers.scripted import scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model


class Claim(BaseModel):
    """A record."""

    claim: str | None
    cause: str
    paid: float
    day: str


class Claims(BaseModel):
    """A target with a list."""

    claims: list[Claim]


TARGET = target_from_model(Claims)
WRAPPED = "Broken glass to the parked vehicle\nduring the night"
FIRST = f"7,372.43 13/06/2023 C23-681403 {WRAPPED}"
SECOND = "4,786.67 15/01/2022 C22-299739 Theft from the shop window"
HEAD = "Paid Date Claim Cause\n"
RECORDS = [
    {"claim": "C23-681403", "cause": WRAPPED.replace("\n", " "), "paid": 7372.43, "day": "13/06/2023"},
    {"claim": "C22-299739", "cause": "Theft from the shop window", "paid": 4786.67, "day": "15/01/2022"},
]
ONE = {**RECORDS[0], "cause": f"{WRAPPED} {SECOND}".replace("\n", " ")}


def document_of(text: str) -> Document:
    """A Document of one Block."""
    builder = DocumentBuilder(Source(path="l.txt", blob="l", sha256="", size=0, name="l.txt"), kind="text")
    builder.block(text)
    return builder.build()


async def run(text: str, whole: list[dict[str, Any]], again: list[dict[str, Any]] | None = None) -> AnyResult:
    """The Result where the model says one thing of the whole text, and another when it is asked once more."""

    def say(question: Question) -> dict[str, Any]:
        return {"claims": (again or []) if question.purpose == "reask" else whole}

    engine = Engine(
        model=scripted(say),
        target=TARGET,
        groups=groups_of(TARGET),
        policy=Policy(),
        plan=Plan(chunk=4_000, answer=4_000, overhead=0),
        count=quarter,
    )
    return await process(engine, [document_of(text)])


async def test_a_record_within_a_value_is_named() -> None:
    """Two records told as one are not complete: the second one's line is named, and the value that holds it."""
    result = await run(f"{HEAD}{FIRST}\n{SECOND}", [ONE])
    assert result.status == "partial"
    assert [u.text for u in result.coverage.unclaimed] == [SECOND]
    assert (result.coverage.records_found, result.coverage.records_expected) == (1, 2)
    assert [(r.code, r.path) for r in result.reasons if r.code == "unsure"] == [("unsure", "/claims/0/cause")]
    assert SECOND in next(r.message for r in result.reasons if r.code == "unsure")


async def test_a_record_that_is_told_in_the_end_leaves_the_value_in_doubt() -> None:
    """Asked once more the model gives the second record; the first one still holds it, and that is said."""
    result = await run(f"{HEAD}{FIRST}\n{SECOND}", [ONE], [RECORDS[1]])
    assert result.status == "partial"
    assert not result.coverage.unclaimed
    assert (result.coverage.records_found, result.coverage.records_expected) == (2, 2)
    assert [(r.code, r.path) for r in result.reasons if r.code == "unsure"] == [("unsure", "/claims/0/cause")]


async def test_both_records_are_complete() -> None:
    """Values over two lines are common; no line of theirs is another record."""
    result = await run(f"{HEAD}{FIRST}\n{SECOND}", RECORDS)
    assert result.status == "complete"


@pytest.mark.parametrize("beside", ["4,786.67 15/01/2022 seen again", "seen 15/01/2022, repaired for 4,786.67"])
async def test_a_line_of_the_record_itself_is_none_of_another(beside: str) -> None:
    """Where other values of the record begin on the line, or it looks otherwise, the value may well run over it."""
    whose = beside.startswith("4")
    text = f"{HEAD}C23-681403 Broken glass\n{beside}" if whose else f"{HEAD}{FIRST}\n{beside}"
    record = RECORDS[0] | {"cause": f"{'Broken glass' if whose else WRAPPED} {beside}".replace("\n", " ")}
    result = await run(text, [record | ({"paid": 4786.67, "day": "15/01/2022"} if whose else {})])
    assert result.status == "complete"
