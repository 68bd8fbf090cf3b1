"""The ledger: what looks like a record and is in none is named; what is no record is not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from tests.simulation.reader.frames import part_in
from tests.tokens import quarter
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.source import Source
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.planning.field_groups import groups_of
from thresher.service.extraction.planning.token_budget import Plan
from thresher.service.llm.providers.scripted import ScriptedTransport, scripted
from thresher.service.pipeline import process
from thresher.service.records.completeness import record_count_of
from thresher.service.records.line_shapes import shape
from thresher.service.records.question_windows import windows
from thresher.service.records.structure import structure_of
from thresher.service.targets.loading import target_from_model


class Booking(BaseModel):
    """A record."""

    day: str
    what: str
    amount: float


class Statement(BaseModel):
    """A target with a list."""

    holder: str | None
    bookings: list[Booking]


TARGET = target_from_model(Statement)
ROW = re.compile(r"^(\d{2}\.\d{2}\.\d{4})  (.+?)  (-?[\d,]+\.\d{2})$", re.MULTILINE)


def statement(rows: int) -> str:
    """A noisy statement: heading, repeated column heads, sub-totals, rows of which some look alike, prose."""
    lines = ["Statement of account", "Holder: Acme Ltd"]
    for n in range(rows):
        if n % 10 == 0:
            lines += ["Date  Booking  Amount"]
        lines.append(f"{n % 27 + 1:02}.01.2024  Card payment shop {n % 5}  -{n % 7 + 1}.50")
        if n % 10 == 9:
            lines += [f"Subtotal  {n}.00", "Carried forward  1,000.00"]
    return "\n".join([*lines, "Please check your statement within 30 days of 01.02.2024."])


def document_of(text: str) -> Document:
    """A Document of lines."""
    builder = DocumentBuilder(Source(path="s.txt", blob="s.txt", sha256="", size=0, name="s.txt"), kind="text")
    for line in text.split("\n"):
        builder.block(line)
    return builder.build()


def answer(question: Question, left_out: frozenset[str] = frozenset(), *, again: bool = True) -> dict[str, Any]:
    """What a reader sees in the PART of a prompt, some days left out at the first ask (or at every one)."""
    part = part_in(question.messages[-1].content)
    rows = list(ROW.findall(part))
    if not again or question.purpose == "ask":
        rows = [r for r in rows if r[0] not in left_out]
    items = [{"day": d, "what": w, "amount": float(a.replace(",", ""))} for d, w, a in rows]
    return {"holder": "Acme Ltd" if "Acme" in part else None, "bookings": items}


def engine(script: Any, tokens: int = 400) -> Engine:
    """An engine over a scripted model."""
    plan = Plan(chunk=tokens, answer=4000, overhead=0)
    return Engine(
        model=scripted(script),
        target=TARGET,
        groups=groups_of(TARGET),
        policy=Policy(),
        plan=plan,
        count=quarter,
    )


def test_shapes_tell_rows_from_totals_and_prose() -> None:
    """Dates and amounts in their order make the shape, not the words between them."""
    assert shape("05.01.2024  Shop 7  -12.50") == shape("12.11.2023  A much longer booking text  1,204.00")
    assert shape("Subtotal  9.00") != shape("05.01.2024  Shop 7  -12.50")
    assert shape("Date  Booking  Amount") == ""


async def test_a_perfect_answer_leaves_nothing_unclaimed() -> None:
    """Sub-totals, heads and prose are not in the list; the count is right; no second question is asked."""
    running = engine(answer)
    result = await process(running, [document_of(statement(60))])
    assert result.status == "complete"
    assert result.coverage.unclaimed == []
    assert result.coverage.records_found == result.coverage.records_expected == 60
    assert isinstance(running.model.wire, ScriptedTransport)  # type: ignore[attr-defined]
    assert {q.purpose for q in running.model.wire.questions} == {"ask"}  # type: ignore[attr-defined]


async def test_rows_left_out_are_asked_again_by_their_lines_alone() -> None:
    """Every row is found in the end, in document order, none twice."""
    text = statement(60)
    running = engine(lambda q: answer(q, frozenset({"02.01.2024", "05.01.2024", "06.01.2024"})))
    result = await process(running, [document_of(text)])
    assert result.status == "complete"
    assert result.data is not None
    found = [(b["day"], b["what"], b["amount"]) for b in result.data["bookings"]]
    assert found == [(d, w, float(a)) for d, w, a in ROW.findall(text)]
    wire = running.model.wire  # type: ignore[attr-defined]
    again = [q for q in wire.questions if q.purpose == "reask"]
    assert again
    assert all("Subtotal" not in part_in(q.messages[-1].content) for q in again)


async def test_what_stays_unclaimed_is_named_and_the_result_is_partial() -> None:
    """A row that the model never gives is listed with its text."""
    text = statement(30)
    running = engine(lambda q: answer(q, frozenset({"03.01.2024"}), again=False), tokens=4000)
    result = await process(running, [document_of(text)])
    assert result.status == "partial"
    missing = [u.text.split("\n")[0] for u in result.coverage.unclaimed]
    assert missing == [m.group() for m in ROW.finditer(text) if m[1] == "03.01.2024"]
    assert result.coverage.records_found == 30 - len(missing)
    assert result.coverage.records_expected == 30
    wire = running.model.wire  # type: ignore[attr-defined]
    assert len(wire.questions) == 2  # the same lines are not asked about twice


@pytest.mark.parametrize("rows", [0, 4])
def test_a_document_without_a_list_has_nothing_to_claim(rows: int) -> None:
    """A letter with a few dates and amounts is no list."""
    ledger = record_count_of(document_of(statement(rows)), [], TARGET)
    assert ledger.unclaimed == []


def test_a_list_that_the_model_did_not_see_at_all_is_named() -> None:
    """Twenty lines of one shape are a list, whatever the answer says."""
    assert len(record_count_of(document_of(statement(20)), [], TARGET).unclaimed) == 20


async def test_windows_shrink_to_what_a_model_gives_at_once() -> None:
    """A model that stops after 15 rows and says it is done is asked smaller windows, until every row is found."""

    def lazy(question: Question) -> dict[str, Any]:
        said = answer(question)
        return {**said, "bookings": said["bookings"][:15]}

    text = statement(60)
    running = engine(lazy, tokens=100_000)
    result = await process(running, [document_of(text)])
    assert result.status == "complete"
    assert result.coverage.records_found == 60
    assert [b["what"] for b in result.values["bookings"]] == [what for _, what, _ in ROW.findall(text)]


@pytest.mark.parametrize(("always", "status"), [(False, "complete"), (True, "partial")])
async def test_a_model_that_gives_one_record_of_many_is_asked_about_the_others(*, always: bool, status: str) -> None:
    """Lists between prose are no tables, and one record has no neighbour to go by; it was called complete."""

    def lazy(question: Question) -> dict[str, Any]:
        said = answer(question)
        return {**said, "bookings": said["bookings"][:1]} if always or question.purpose == "ask" else said

    result = await process(engine(lazy, tokens=4000), [document_of(statement(30))])
    assert result.status == status
    assert result.coverage.records_expected == 30


def test_windows_hold_whole_records() -> None:
    """Windows tile their Chunk, end where records begin and hold no more than they may."""
    document = document_of(statement(50))
    starts = structure_of(document).starts
    chunk = Chunk(index=0, start=0, end=len(document.text), text=document.text, count=len)
    parts = windows(document, chunk, starts, 20)
    assert "".join(p.text for p in parts) == document.text
    assert all(p.start in {0, *starts} for p in parts)
    assert max(sum(p.start <= s < p.end for s in starts) for p in parts) <= 20


class Position(BaseModel):
    """A record of a table."""

    name: str
    price: float
    rate: float
    amount: float


class Bill(BaseModel):
    """A target with a list that a table holds."""

    positions: list[Position]


async def test_a_row_of_another_form_with_the_figures_of_whole_records_is_named() -> None:
    """It has no number and no text in the first column; the line of words below it and the sum are no records."""
    builder = DocumentBuilder(Source(path="b", blob="b", sha256="", size=0), kind="pdf")
    rows = [["Pos", "Name", "Price", "Count", "Rate", "Amount"]]
    rows += [[str(n), f"Thing {'ABC'[n]}", f"{n + 3}.1000", "2", "19 %", f"{2 * n + 6}.20"] for n in range(3)]
    rows += [["", "Navigation", "5.0400", "2", "19 %", "10.08"], ["", "as agreed", "", "", "", ""]]
    builder.table([*rows, ["", "Total", "", "", "", "34.68"]], header_rows=1)
    told = [{"name": f"Thing {'ABC'[n]}", "price": n + 3.1, "rate": 19, "amount": 2 * n + 6.2} for n in range(3)]
    target = target_from_model(Bill)
    bills = replace(
        engine(lambda q: {"positions": told if q.purpose == "ask" else []}, 4000),
        target=target,
        groups=groups_of(target),
    )
    result = await process(bills, [builder.build()])
    assert [u.text.strip().split("\t")[0] for u in result.coverage.unclaimed] == ["Navigation"]


class Dish(BaseModel):
    """A line of a receipt."""

    name: str
    price: float


class Receipt(BaseModel):
    """A target whose table goes on below its last record."""

    dishes: list[Dish]


async def test_a_row_between_the_records_of_a_table_is_one_whatever_follows_below() -> None:
    """Change, tax and rounding have the form of dishes and are more than they: the lost dish is named, and none of them."""
    dishes = [("SATAY", "12.00"), ("SEAFOOD", "8.50"), ("RICE", "2.40")]
    below = [("CASH", "50.00"), ("CHANGE", "23.71"), ("ROUNDING", "0.01"), ("GST", "1.49"), ("SERVICE", "2.48")]
    builder = DocumentBuilder(Source(path="r", blob="r", sha256="", size=0), kind="pdf")
    builder.table([["ITEM", "RM"], *([name, price] for name, price in [*dishes, *below])], header_rows=1)
    told = [{"name": name, "price": float(price)} for name, price in dishes if name != "SEAFOOD"]
    target = target_from_model(Receipt)
    receipts = replace(
        engine(lambda q: {"dishes": told if q.purpose == "ask" else []}, 4000), target=target, groups=groups_of(target)
    )
    result = await process(receipts, [builder.build()])
    assert [u.text for u in result.coverage.unclaimed] == ["SEAFOOD\t8.50"]
    assert result.status == "partial"
