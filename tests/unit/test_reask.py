"""Questions about leftover lines: what they show, what they ask for, and what their answers count for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from tests.tokens import quarter
from tests.unit.test_leftover import TARGET, WORK, Item, document_of
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.missed_records import leftover_question, no_record
from thresher.service.extraction.planning.field_groups import groups_of
from thresher.service.extraction.planning.token_budget import Plan
from thresher.service.llm.providers.scripted import ScriptedTransport, scripted
from thresher.service.pipeline import process
from thresher.service.provider_schemas.request_schema import request_schema_of
from thresher.service.targets.loading import target_from_model

TEXT = """Fenwick Boats, statement of work

Work                           Amount
Planing the hull                 240.00
Two coats of varnish             310.00
New rowlocks, brass               85.50
Caulking                         120.00
Mast step repaired               155.00
Harbour dues, paid by the owner   45.00"""
LATE = "Harbour dues, paid by the owner"


def engine(script: Any) -> Engine:
    """An engine over a scripted model."""
    plan = Plan(chunk=4000, answer=4000, overhead=0)
    return Engine(
        model=scripted(script), target=TARGET, groups=groups_of(TARGET), policy=Policy(), plan=plan, count=quarter
    )


async def run(answer: dict[str, Any], rows: list[tuple[str, float]]) -> tuple[Result[Any], list[Question]]:
    """The Result of the text of which these rows are told first, and the answer to every further question."""

    def say(question: Question) -> dict[str, Any]:
        if question.kind == "reask":
            return answer
        return {"title": None, "rows": [{"label": label, "amount": amount} for label, amount in rows]}

    running = engine(say)
    result = await process(running, [document_of(TEXT)])
    wire = running.model.wire  # type: ignore[attr-defined]
    assert isinstance(wire, ScriptedTransport)
    return result, [q for q in wire.questions if q.kind == "reask"]


async def test_lines_are_shown_as_what_they_are_and_asked_by_number() -> None:
    """With the head of their columns, their neighbours, what was found, and marks of gaps; for lists alone."""
    _, (asked, *_) = await run({"rows": [], "no_record": []}, [row for row in WORK if row[0] != "Caulking"])
    shown = asked.messages[-1].content.partition("<<<LINES ")[2].split("\n")[1:-1]
    lines = [line for line in shown if "|" in line[:3] or line == "…"]
    assert lines[:7] == [
        " | Fenwick Boats, statement of work",
        " | Work                           Amount",
        "…",
        "=| Two coats of varnish             310.00",
        "=| New rowlocks, brass               85.50",
        "1| Caulking                         120.00",
        "=| Mast step repaired               155.00",
    ]
    assert asked.schema is not None
    assert list(asked.schema["properties"]) == ["rows", "no_record"]
    assert asked.prompt == "reask.v1"


async def test_lines_that_are_no_record_make_nothing_partial() -> None:
    """They are counted as dismissed, and not asked about again."""
    result, asked = await run({"rows": [], "no_record": [1]}, WORK)
    assert (result.status, result.coverage.unclaimed, result.coverage.dismissed) == ("complete", [], 1)
    assert len(asked) == 1


async def test_a_line_of_which_nothing_is_said_stays_unclaimed() -> None:
    """The same lines with the same schema are one question: it is asked once, however often the Policy allows."""
    result, asked = await run({"rows": [], "no_record": []}, WORK)
    assert result.status == "partial"
    assert [LATE in u.text for u in result.coverage.unclaimed] == [True]
    assert len(asked) == 1 < Policy().reasks


async def test_an_addition_stands_where_it_belongs_and_a_repeat_is_left_out() -> None:
    """What was found before stays as it was."""
    again = [{"label": "Caulking", "amount": 120.0}, {"label": "Planing the hull", "amount": 1.0}]
    result, _ = await run({"rows": again, "no_record": [2]}, [row for row in WORK if row[0] != "Caulking"])
    assert [row["label"] for row in result.values["rows"]] == [label for label, _ in WORK]
    assert result.status == "complete"
    assert not result.unsupported


def test_the_schema_keeps_only_lists_and_what_they_refer_to() -> None:
    """What answers add beyond it is no reason to ask again."""
    asked = leftover_question(request_schema_of(TARGET), TARGET)
    assert list(asked.lenient["properties"]) == ["rows"]
    assert asked.check({"rows": [], "title": "Boats"}) == []
    assert asked.check({"title": None})


@pytest.mark.parametrize("answer", [None, [], {}, {"no_record": "1"}, {"no_record": [0, 9, "1", True, None]}])
def test_numbers_that_no_line_has_dismiss_nothing(answer: Any) -> None:
    """Nor does what is no number."""
    chunk = Chunk(index=0, start=0, end=4, text="a\nb", lines=((0, 1), (2, 3)), count=len)
    assert no_record(answer, chunk) == ()
    assert no_record({"no_record": [2, 2]}, chunk) == (2,)
    assert json.dumps(no_record({"no_record": [2, 1]}, chunk)) == "[0, 2]"


class Berth(BaseModel):
    """A record of another list."""

    berth: str
    keeper: str


class Harbour(BaseModel):
    """A target with two lists, asked for in two groups."""

    rows: list[Item]
    berths: list[Berth]


async def test_leftover_lines_go_to_the_list_that_could_hold_them() -> None:
    """Only the group is asked whose found records stand in the same table, with that table's head and no other's."""
    target = target_from_model(Harbour)
    keepers = [("A1", "Ines Prado"), ("A2", "Tom Reyes"), ("A3", "Uma Sato"), ("A4", "Vic Tann")]
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="text")
    builder.table([["Berth", "Keeper", "Since"], *([b, k, "2019"] for b, k in keepers)], header_rows=1)
    builder.block("Works of the year (in pounds):")
    builder.table([["Work", "Amount"], *([label, f"{amount:.2f}"] for label, amount in WORK)], header_rows=1)

    def say(question: Question) -> dict[str, Any]:
        lists = {
            "rows": [{"label": label, "amount": amount} for label, amount in WORK if label != "Caulking"],
            "berths": [{"berth": b, "keeper": k} for b, k in keepers],
        }
        wanted = (question.schema or {})["properties"]
        return {k: [] if question.kind == "reask" else v for k, v in lists.items() if k in wanted}

    running = replace(engine(say), target=target, groups=groups_of(target, most=2))
    assert len(running.groups) == 2
    await process(running, [builder.build()])
    wire = running.model.wire  # type: ignore[attr-defined]
    (asked,) = [q for q in wire.questions if q.kind == "reask"]
    assert list(asked.schema["properties"]) == ["rows", "no_record"]
    shown = asked.messages[-1].content.partition("<<<LINES ")[2]
    assert "Works of the year (in pounds):" in shown
    assert "Work\tAmount" in shown
    assert "Keeper" not in shown
