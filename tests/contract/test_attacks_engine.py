"""Answers of careless models about short lists: what stands on another record's line proves nothing about this one."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import Said, scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model

ROWS: list[tuple[str, float]] = [(f"A{i}", i * 7 + 0.5) for i in range(12)]
TABLE = [["Code", "Amount"], *([code, f"{amount:.2f}"] for code, amount in ROWS)]
LINES = [f"{code}  {amount:.2f}" for code, amount in ROWS]


class Row(BaseModel):
    """A record."""

    code: str | None
    amount: float | None


class Rows(BaseModel):
    """A target with a list."""

    items: list[Row]


def document_of(rows: list[list[str]] | list[str]) -> Document:
    """A Document of one table, or of lines."""
    builder = DocumentBuilder(Source(path="o.txt", blob="o", sha256="", size=0, name="o.txt"), kind="text")
    if isinstance(rows[0], list):
        builder.table([list(row) for row in rows])
    else:
        builder.block("\n".join(str(row) for row in rows))
    return builder.build()


async def run(document: Document, rows: list[tuple[str, float]]) -> Result[Rows]:
    """The Result of a model that always answers with these rows."""
    answer = {"items": [{"code": code, "amount": amount} for code, amount in rows]}

    def script(question: Question) -> Said:
        if question.kind == "look":
            said: object = {n: {"finding": "not_found", "lines": []} for n in (question.schema or {})["properties"]}
        else:
            said = answer
        return Said(text=json.dumps(said), finish="stop")

    return await process(engine_of(scripted(script), target_from_model(Rows), Policy()), [document])


def swapped(first: int, second: int) -> list[tuple[str, float]]:
    """The rows, the amounts of two of them exchanged."""
    rows = list(ROWS)
    rows[first], rows[second] = (rows[first][0], rows[second][1]), (rows[second][0], rows[first][1])
    return rows


@pytest.mark.parametrize("rows", [TABLE, LINES], ids=["table", "lines"])
@pytest.mark.parametrize(("first", "second"), [(2, 3), (2, 8)])
async def test_two_exchanged_amounts_are_not_complete(
    rows: list[list[str]] | list[str], first: int, second: int
) -> None:
    """Two amounts of twelve exchanged: neither is proven by the other's line."""
    result = await run(document_of(rows), swapped(first, second))
    assert result.status == "partial"
    assert {f"/items/{first}/amount", f"/items/{second}/amount"} <= {reason.path for reason in result.reasons}


@pytest.mark.parametrize("rows", [TABLE, LINES], ids=["table", "lines"])
async def test_right_rows_in_any_order_are_complete(rows: list[list[str]] | list[str]) -> None:
    """The same rows as printed, or told in the reverse order."""
    for told in (ROWS, ROWS[::-1]):
        result = await run(document_of(rows), told)
        assert result.status == "complete", result.reasons
