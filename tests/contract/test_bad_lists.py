"""Lists that fit nowhere: one line of text, rows wider than a window, answers that are always cut. All found, or named."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from tests.simulation.reader.frames import part_in
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import ModelProblem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import FACTS, Said, ScriptedTransport, scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model

ITEM = re.compile(r"\b(A\d+)\s+(\d+\.\d\d)\b")


class Item(BaseModel):
    """A record."""

    code: str | None
    amount: float | None


class Items(BaseModel):
    """A target with a list that has no end."""

    items: list[Item]


TARGET = target_from_model(Items)


def document_of(text: str = "", table: list[list[str]] | None = None) -> Document:
    """A Document of one Block."""
    builder = DocumentBuilder(Source(path="o.txt", blob="o", sha256="", size=0, name="o.txt"), kind="text")
    if table:
        builder.table(table)
    else:
        builder.block(text)
    return builder.build()


def items(count: int, between: str) -> str:
    """So many records in one text."""
    return between.join(f"A{i} {i % 97}.50" for i in range(count))


class Reader:
    """Tells `most` records of a part; an answer breaks off behind `cap` characters."""

    def __init__(self, most: int = 10**9, cap: int = 64_000) -> None:
        """`most` and `cap`: what it can not exceed."""
        self.most, self.cap = most, cap

    def __call__(self, question: Question) -> Said:
        """See Script."""
        part = part_in(question.messages[-1].content)
        rows = [{"code": code, "amount": float(amount)} for code, amount in ITEM.findall(part)]
        text = json.dumps({"items": rows[: self.most]})
        return Said(text=text[: self.cap], finish="length" if len(text) > self.cap else "stop")


async def run(document: Document, reader: Any, **facts: Any) -> tuple[Result[Any], int]:
    """The Result and how often the model was asked."""
    model = scripted(reader, facts=replace(FACTS, **facts))
    result = await process(engine_of(model, TARGET, Policy()), [document])
    wire = model.wire
    assert isinstance(wire, ScriptedTransport)
    return result, wire.calls


def codes(result: Result[Any]) -> list[str]:
    """What was found."""
    return [item["code"] for item in result.values.get("items", [])]


@pytest.mark.parametrize("between", ["; ", " | ", ", ", "\t"])
@pytest.mark.parametrize("reader", [Reader(), Reader(cap=2_000), Reader(most=40)], ids=["whole", "cut", "lazy"])
async def test_records_in_one_line_are_found(between: str, reader: Reader) -> None:
    """Six hundred records without a line break, told whole, cut or in part."""
    result, calls = await run(document_of(items(600, between)), reader)
    assert codes(result) == [f"A{i}" for i in range(600)]
    assert result.status == "complete"
    assert calls < 60


async def test_a_row_wider_than_the_window_is_asked_in_parts() -> None:
    """A table of rows that no window holds: every cell is told once."""
    table = [[f"A{r * 500 + c} {c}.50" for c in range(500)] for r in range(2)]
    result, _ = await run(document_of(table=table), Reader(), window=3_000, most_answer=1_000)
    assert codes(result) == [f"A{i}" for i in range(1000)]


async def test_answers_that_break_off_early_still_get_on() -> None:
    """Three records fit an answer: as many questions as it takes, and no more than that and a few."""
    result, calls = await run(document_of(items(120, "\n")), Reader(cap=120))
    assert codes(result) == [f"A{i}" for i in range(120)]
    assert calls <= 120


@pytest.mark.parametrize("between", ["\n", "; "])
async def test_answers_that_never_hold_a_record_end_soon(between: str) -> None:
    """Some questions a Chunk, then a precise word on every Chunk; nothing is called complete."""
    result, calls = await run(document_of(items(400, between)), Reader(cap=10))
    assert result.status in {"failed", "partial"}
    assert calls <= 12 * result.coverage.chunks
    assert {u.chunk for u in result.unresolved} == set(range(result.coverage.chunks))
    assert all("cut short however small" in u.reason for u in result.unresolved)


async def test_no_question_is_asked_beyond_the_limit_of_cost() -> None:
    """When the limit is reached, what is left is named by its reason, and no split follows."""
    told: list[Question] = []

    def poor(question: Question) -> Said | Exception:
        told.append(question)
        return ModelProblem("cost_limit_reached", "limit $0.01") if len(told) > 5 else Reader(cap=300)(question)

    result, calls = await run(document_of(items(400, "\n")), poor)
    assert result.status == "partial"
    assert any(u.code == "cost_limit_reached" for u in result.unresolved)
    assert calls <= 5 + result.coverage.chunks
