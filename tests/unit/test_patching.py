"""A new reading laid over what was found before: it adds and corrects, and takes nothing away."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction
from thresher.service.review.field_updates import PreviousList, filled_in

ROWS = [
    {"item": "Turnover", "q1": 10, "q2": 11},
    {"item": "Returns", "q1": 20, "q2": None},
    {"item": "Freight", "q1": 30, "q2": 31},
]
CELL = st.none() | st.integers(0, 40)
READ = st.lists(
    st.fixed_dictionaries({"item": st.sampled_from(["Turnover", "Returns", "Freight"]), "q1": CELL, "q2": CELL}),
    max_size=4,
)


def shown(rows: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    """Evidence of every value: each text and number has its own place."""
    leaves = json_pointer.leaves({"rows": rows})
    places = {"Turnover": 100, "Returns": 200, "Freight": 300}
    return tuple(
        Evidence(
            path=p,
            quote=str(v),
            start=places.get(v, v if isinstance(v, int) else 0),
            end=places.get(v, 0) + 9,
            match="exact",
            chunk=0,
        )
        for p, v in leaves
    )


def before(items: list[int], *wrong: str, whole: bool = False) -> PreviousList:
    """What was found of some rows."""
    return PreviousList(
        name="/rows", items=items, data={"rows": ROWS}, evidence=shown(ROWS), wrong=frozenset(wrong), whole=whole
    )


def over(rows: list[dict[str, Any]], known: PreviousList, *, found: bool = True) -> list[dict[str, Any]]:
    """The rows of a reading that was laid over."""
    reading = Extraction(chunk=0, data={"rows": rows}, evidence=shown(rows) if found else ())
    made = filled_in(known, reading)
    leaves = dict(json_pointer.leaves(made.data))
    assert {e.path for e in made.evidence} <= set(leaves)
    return list(made.data["rows"])


@given(READ)
def test_what_was_found_and_not_in_doubt_stays(rows: list[dict[str, Any]]) -> None:
    """Property: of rows that are read again only the value that failed, and what was null, changes; no row goes."""
    made = over(rows, before([0, 1, 2], "/rows/1/q2"))
    for row in ROWS:
        kept = [m for m in made if all(m.get(k) == v for k, v in row.items() if v is not None)]
        assert kept, (row, made)


@given(READ)
def test_what_does_not_stand_in_the_text_is_not_taken(rows: list[dict[str, Any]]) -> None:
    """Property: a reading without evidence changes nothing."""
    assert over(rows, before([0, 1, 2], "/rows/1"), found=False) == ROWS


def test_an_empty_reading_changes_nothing() -> None:
    """A row is not dropped because it was not said again."""
    assert over([], before([1], "/rows/1/q2")) == [ROWS[1]]


def test_the_value_that_failed_is_taken() -> None:
    """And no other of its row."""
    read = [{"item": "Returns", "q1": 21, "q2": 22}]
    assert over(read, before([1], "/rows/1/q2")) == [{"item": "Returns", "q1": 20, "q2": 22}]
    assert over(read, before([1], "/rows/1")) == [{"item": "Returns", "q1": 21, "q2": 22}]


def test_rows_are_paired_by_their_places() -> None:
    """In whatever order they are told, and whatever is left out."""
    read = [{"item": "Freight", "q1": 30, "q2": 32}]
    assert over(read, before([1, 2], "/rows/2/q2")) == [{"item": "Freight", "q1": 30, "q2": 32}, ROWS[1]]


def test_where_the_whole_list_was_read_again_what_is_not_told_is_none() -> None:
    """A sub-total that was read as a row goes, if anything was told at all."""
    told = [ROWS[0], ROWS[2]]
    assert over(told, before([0, 1, 2], "", whole=True)) == told
    assert over([], before([0, 1, 2], "", whole=True)) == ROWS
