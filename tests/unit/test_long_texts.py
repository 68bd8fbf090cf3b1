"""Indexes that keep rules over long texts fast find what a plain search finds; look-ahead keeps the order of Units."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_records import plain
from thresher.schemas.document import STRUCK
from thresher.schemas.errors import InputProblem
from thresher.schemas.target import Field
from thresher.service.rules.fields.concepts import concepts_of_label, without_figures
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.ranking.nearby_words import nearby_words
from thresher.service.rules.ranking.position import _amounts_follow as amounts_follow
from thresher.service.rules.ranking.span_score import label_score
from thresher.service.rules.spans.line_pieces import Layout, Piece, lay_out
from thresher.service.rules.spans.printed_numbers import find_numbers, is_near
from thresher.service.rules.tables import grids
from thresher.service.rules.tables.table_items import find_items
from thresher.service.runs.units_ahead import results_in_order
from thresher.service.targets.loading import load_target

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)).map(lambda r: (r[0], sum(r))), max_size=12)


@given(RANGES, st.integers(0, 50), st.integers(0, 9))
def test_an_index_of_ranges_says_what_comparing_all_says(ranges: list[tuple[int, int]], start: int, size: int) -> None:
    """It finds the same overlaps and the same enclosing ranges as a look at every range."""
    index, end = RangeIndex(ranges), start + size
    assert index.overlaps(start, end) == any(a < end and start < b for a, b in ranges)
    assert index.holds(start, end) == any(a <= start and end <= b for a, b in ranges)


@given(st.lists(st.integers(0, 3000).map(lambda n: Decimal(n) / 1000)), st.integers(0, 3000))
def test_near_amounts_are_found_in_a_sorted_list(amounts: list[Decimal], thousandths: int) -> None:
    """The search finds an amount within the tolerance if and only if there is one."""
    amount = Decimal(thousandths) / 1000
    assert is_near(sorted(amounts), amount) == any(abs(a - amount) < Decimal("0.011") for a in amounts)


@pytest.mark.parametrize("label", ["berth fee 17", "vat 19", "vat 20", "total 4 items", "iso 4217", "btw 21"])
def test_figures_in_a_label_are_told_apart_only_where_a_concept_has_some(label: str) -> None:
    """A label and the same label with zeros name the same concepts, unless a concept's own figures may be in it."""
    bare = without_figures(label)
    assert bare == label or not any(c in "123456789" for c in bare)
    shapes = ("money", "percent", "currency")
    assert concepts_of_label(label, shapes) == concepts_of_label(bare, shapes)


def test_words_of_one_kind_have_one_score() -> None:
    """Words beside values that differ in figures only are of one kind, and score alike."""
    layout = lay_out(document := plain("Fee 1: 3.50\nFee 2: 4.50\nTotal: 8.00"), 0, len(document.text))
    field = Field(path="/total", kind="number")
    first, second, total = (nearby_words(layout, s) for s in find_numbers(layout, field) if s.hints["cents"])
    alone = [label_score(near.words[:1], field, None, "money") for near in (first, second, total)]
    assert alone[0] == alone[1] < alone[2]


def test_rows_below_repeated_heads_are_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same head every nine rows, each row is laid out below the first one alone, and every item is found once."""
    head, laid = "Ref\tDate\tDescription\tQuantity\tAmount", list[int]()
    rows = [f"R{n:03}\t2024-03-{n % 28 + 1:02}\tBerth fee {n}\t{n % 9 + 1}\t{n}.50" for n in range(180)]
    document = plain("\n".join(line for n, row in enumerate(rows) for line in ([head, row] if n % 9 == 0 else [row])))
    lay_out_row = grids._cells_by_head

    def noted(layout: Layout, heads: list[Piece], number: int) -> dict[int, grids.Cell]:
        laid.append(number)
        return lay_out_row(layout, heads, number)

    monkeypatch.setattr(grids, "_cells_by_head", noted)
    keys = {"ref": "string", "date": "string", "description": "string", "quantity": "integer", "amount": "number"}
    row = {"type": "object", "properties": {key: {"type": kind} for key, kind in keys.items()}}
    target = load_target({"title": "Fees", "type": "object", "properties": {"rows": {"type": "array", "items": row}}})
    found = find_items(lay_out(document, 0, len(document.text)), target)["/rows"]
    assert [i["/rows/*/ref"].text for i in found] == [row.split("\t")[0] for row in rows]
    assert len(laid) == len(set(laid))


def unit(number: int) -> Any:
    """A Unit of one short Document."""
    return SimpleNamespace(path=str(number), documents=[SimpleNamespace(length=10)])


async def test_results_come_in_order_while_several_units_are_at_work() -> None:
    """The first Unit is the slowest, and still its Result comes first; no more than the limit are at work."""
    working, most, released = 0, 0, asyncio.Event()

    async def process(one: Any) -> Any:
        nonlocal working, most
        working, most = working + 1, max(most, working + 1)
        if one.path == "2":
            released.set()
        if one.path == "0":
            await released.wait()
        working -= 1
        return one.path

    async def units() -> AsyncIterator[Any]:
        for n in range(8):
            yield unit(n)
            await asyncio.sleep(0)

    found = [path async for _, path in results_in_order(units(), process, 3)]
    assert found == [str(n) for n in range(8)]
    assert 1 < most <= 3


async def test_results_before_a_fault_come_first() -> None:
    """Where reading fails, the Results of the Units before are given, then the Problem is raised."""

    async def process(one: Any) -> Any:
        return one.path

    async def units() -> AsyncIterator[Any]:
        yield unit(0)
        raise InputProblem("corrupt", "b")

    found = []
    with pytest.raises(InputProblem):  # noqa: PT012 - what comes before it counts
        async for _, path in results_in_order(units(), process, 3):
            found.append(path)
    assert found == ["0"]


@given(st.text("~ab \n", max_size=20), st.integers(0, 20), st.integers(0, 5))
def test_struck_text_is_found_as_by_counting_marks(text: str, start: int, size: int) -> None:
    """The index of marks says what counting them from the beginning of the line says."""
    line = text.rfind("\n", 0, start) + 1
    within = text.count(STRUCK, line, start) % 2 == 1
    wanted = within != text.startswith(STRUCK, start, start + size)
    assert plain(text).is_struck(start, start + size) == wanted


@given(st.text("13.,\t a", max_size=16))
def test_amounts_that_follow_are_found_as_by_searching_the_rest_of_the_row(text: str) -> None:
    """What is known of a row's pieces says what a search of all that follows says."""
    layout = lay_out(plain(text), 0, len(text))
    for i, piece in enumerate(layout.pieces):
        right = "".join(f"\t{layout.words(j)}"[n == 0 :] for n, j in enumerate(layout.right(i)))
        for end in range(piece.start + 1, piece.end + 1):
            span = cast("Any", SimpleNamespace(start=piece.start, end=end))
            apart = any(re.search(r"\d[.,]\d\d(?!\d)", layout.words(j)) for j in layout.right(i))
            together = re.search(r"\d[.,]\d\d(?!\d)", layout.text[end : piece.end] + right)
            assert amounts_follow(layout, span) == bool(apart or together)
