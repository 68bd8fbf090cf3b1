"""Re-asks: a record that a model never tells is asked for once, and not in ever smaller windows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import BaseModel

from tests.tokens import quarter
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.source import Source
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import FACTS, scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model

ROWS = [(f"{day:02}.01.2024", f"Card payment {day}", f"{day * 7 + 0.25:.2f}") for day in range(1, 29)]
SILENT = {5, 6, 7, 8}


class Row(BaseModel):
    """A record."""

    date: str
    text: str
    amount: str


class Statement(BaseModel):
    """A target with one list."""

    rows: list[Row]


def _document() -> Document:
    builder = DocumentBuilder(Source(path="t", blob="t", sha256="", size=0), kind="text")
    for row in ROWS:
        builder.block("  ".join(row))
    return builder.build()


async def test_rows_that_a_model_never_tells_are_asked_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One question, and one about the lines, which is not sent again; what was not told is named."""
    monkeypatch.setattr("thresher.service.wiring.models.counter", lambda _: quarter)  # no vocabulary is loaded
    asked: list[str] = []

    def say(question: Question) -> str:
        prompt = "\n".join(m.content for m in question.messages)
        asked.append(prompt)
        told = [row for i, row in enumerate(ROWS) if i not in SILENT and "  ".join(row) in prompt]
        return json.dumps({"rows": [dict(zip(("date", "text", "amount"), row, strict=True)) for row in told]})

    engine = engine_of(
        scripted(say, facts=replace(FACTS, dialect="plain")),
        target_from_model(Statement),
        Policy(reasks=2, quotes=False),
    )
    result = await process(engine, [_document()])
    assert [u.text for u in result.coverage.unclaimed] == ["  ".join(ROWS[i]) for i in sorted(SILENT)]
    assert len(asked) == 1 + 1
