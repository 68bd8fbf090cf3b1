"""The truth and what was given, side by side."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from thresher.service.scorecard.align import Judged, judge
from thresher.service.scorecard.counts import Counts, counts_of
from thresher.service.scorecard.scored_fields import FieldRules
from thresher.service.targets.loading import load_target


class Line(BaseModel):
    """A row."""

    item: str
    price: float
    tags: list[str] = []


class Order(BaseModel):
    """A small target with everything that alignment must know."""

    number: str | None = None
    total: float | None = None
    buyer: dict[str, str] = {}
    names: list[str] = []
    lines: list[Line] = []


FIELDS = FieldRules(load_target(Order))
WORDS = st.sampled_from(["Lamp", "Desk", "Chair", "Shelf"])
ROWS = st.lists(st.fixed_dictionaries({"item": WORDS, "price": st.integers(1, 3)}), max_size=6)
ORDERS = st.fixed_dictionaries({
    "number": st.sampled_from([None, "A-1", "A-2"]),
    "total": st.sampled_from([None, 1, 2.5]),
    "names": st.lists(WORDS, max_size=4),
    "lines": ROWS,
})  # fmt: skip


def judged(expected: dict[str, Any], answer: Any) -> Judged:
    """Both sides by the target above."""
    return judge(expected, answer, FIELDS)


def counts(expected: dict[str, Any], answer: Any) -> Counts:
    """Outcomes, counted."""
    return counts_of(leaf.outcome for leaf in judged(expected, answer).leaves)


@given(ORDERS)
def test_the_truth_itself_scores_one(order: dict[str, Any]) -> None:
    """Values right and absences credited."""
    found = counts(order, order)
    assert found.f1 == found.accuracy == found.precision == found.recall == 1
    assert all(r.exact == r.expected == r.given for r in judged(order, order).rows.values())


@given(ORDERS, ORDERS)
def test_f1_does_not_depend_on_the_side(a: dict[str, Any], b: dict[str, Any]) -> None:
    """What one side misses the other invents."""
    one, other = counts(a, b), counts(b, a)
    assert (one.right, one.wrong, one.missed) == (other.right, other.wrong, other.invented)
    assert one.f1 == other.f1


@given(ROWS, ROWS, st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(truth: list[Any], answer: list[Any], seed: int) -> None:
    """Rows are paired by what they say."""
    mixed = list(answer)
    random.Random(seed).shuffle(mixed)
    assert counts({"lines": truth}, {"lines": answer}).right == counts({"lines": truth}, {"lines": mixed}).right


def test_a_failed_document_is_credited_nothing() -> None:
    """Its values are missed and its absences lost."""
    found = counts({"number": "A-1", "total": None, "lines": []}, None)
    assert found == Counts(missed=1, lost=4)
    assert found.f1 == found.accuracy == 0
    assert counts({"total": None}, None).f1 == 0


def test_correct_absence_is_credited_and_invention_is_not() -> None:
    """Null, an empty text and an empty list all say that there is nothing; a missing key says nothing."""
    assert counts({"number": None, "names": []}, {"number": "", "total": 5}) == Counts(absent=2)
    found = counts({"number": None, "names": []}, {"number": "A-1", "names": ["Lamp"]})
    assert found == Counts(invented=2)
    assert found.invention == 1
    assert found.f1 == 0
    assert counts({"number": None, "total": None}, {"number": "A-1"}).f1 == 2 / 3
    assert counts({"number": None, "total": None}, {"number": "A-1"}).values.f1 == 0
    assert counts({"number": None}, {"number": None}).f1 == 1


def test_a_wrong_row_a_missed_row_and_an_invented_row() -> None:
    """Partners agree in something; a row without partner counts whole."""
    truth = {"lines": [{"item": "Lamp", "price": 5}, {"item": "Desk", "price": 7}, {"item": "Desk", "price": 7}]}
    answer = {"lines": [{"item": "Desk", "price": 7}, {"item": "Lamp", "price": 6}, {"item": "Sofa", "price": 9}]}
    assert counts(truth, answer) == Counts(right=3, wrong=1, missed=2, invented=2)
    rows = judged(truth, answer).rows["/lines"]
    assert (rows.expected, rows.given, rows.exact) == (3, 3, 1)
    partners = {x.path: x.given_path for x in judged(truth, answer).leaves if x.outcome == "right"}
    assert partners["/lines/0/item"] == "/lines/1/item"


def test_lists_in_rows_maps_and_values_of_the_wrong_shape() -> None:
    """A list in a row is judged with it, a key of a map that nobody asked for is invented, a shape is no value."""
    truth = {"lines": [{"item": "Lamp", "price": 5, "tags": ["red", "tall"]}], "buyer": {"city": "Lyon"}}
    answer = {"lines": [{"item": "Lamp", "price": 5, "tags": ["tall"]}], "buyer": {"city": "Lyon", "zip": "69001"}}
    assert counts(truth, answer) == Counts(right=4, missed=1, invented=1)
    assert counts({"number": "A-1"}, {"number": {"value": "A-1"}}) == Counts(wrong=1)
    assert counts({"names": ["Lamp"]}, {"names": "Lamp"}) == Counts(right=1)
    assert counts({"lines": [{"item": "Lamp", "price": 5}]}, {"lines": "Lamp"}) == Counts(missed=2)


def test_a_misread_member_is_one_wrong_value_not_two() -> None:
    """Members that are alike are the same member, misread."""
    assert counts({"names": ["Northwind"]}, {"names": ["Northw1nd"]}) == Counts(wrong=1)
    assert counts({"names": ["Northwind"]}, {"names": ["Acme"]}) == Counts(missed=1, invented=1)
