"""Sums carried over a page's edge are furniture in any language; rows that read alike are none."""

from __future__ import annotations

import pytest

from tests.unit.test_furniture import paged, texts
from thresher.service.records.headers_footers import furniture

ROWS = ["03.01 Roofing 1,240.00", "07.01 Milk money 312.45", "09.01 Grazing 85.00"]
MORE = ["15.01 Feed 140.10", "21.01 Vet 77.00"]


@pytest.mark.parametrize(
    ("forward", "brought"), [("Carried", "Brought"), ("Átvitel", "Áthozat"), ("次頁へ", "前頁より")]
)
def test_a_sum_of_what_stands_above_that_the_next_page_begins_with_is_carried(forward: str, brought: str) -> None:
    """Two pages are enough, whatever the words."""
    document = paged([[*ROWS, f"{forward} 1,637.45"], [f"{brought} 1,637.45", *MORE]])
    assert texts(document) == [f"{forward} 1,637.45", f"{brought} 1,637.45"]


def test_sums_are_carried_on_from_page_to_page() -> None:
    """What was brought forward counts for the next sum."""
    pages = [[*ROWS, "To 1,637.45"], ["From 1,637.45", *MORE, "To 1,854.55"], ["From 1,854.55", "30.01 Fuel 66.90"]]
    assert [t for t in texts(paged(pages)) if t[0].isalpha()] == [
        "To 1,637.45",
        "From 1,637.45",
        "To 1,854.55",
        "From 1,854.55",
    ]


def test_a_balance_of_the_line_above_is_carried() -> None:
    """Where lines have an amount and a balance, the balance is handed on."""
    rows = ["03.01 Roofing 1,240.00 9,760.00", "07.01 Milk money 312.45 10,072.45"]
    document = paged([[*rows, "Carried 10,072.45"], ["Brought 10,072.45", "09.01 Grazing -85.00 9,987.45"]])
    assert texts(document) == ["Carried 10,072.45", "Brought 10,072.45"]


@pytest.mark.parametrize("last", ["Rent 1,200.00", "09.01 Grazing 1,552.45"])
def test_rows_that_read_alike_on_either_side_are_no_sums(last: str) -> None:
    """Neither a row that does not add up what stands above, nor one with a date."""
    assert texts(paged([[*ROWS[:2], last], [last, *MORE]])) == []


def test_one_page_carries_nothing() -> None:
    """Nor does an empty text."""
    assert list(furniture(paged([[*ROWS, "Sum 1,637.45"]]))) == []
    assert list(furniture(paged([[], ["Sum 1,637.45"]]))) == []
