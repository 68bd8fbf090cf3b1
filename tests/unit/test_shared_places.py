"""One place for a field of several records: what each layout shows of whose it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.test_ground_records import ground, lost, rows

PUPILS = (("Rhea Stone", 5, "oboe"), ("Tim Bark", 3, "cello"), ("Una West", 4, "flute"))
LAYOUTS = {
    "blocks": ("Name: {}\nGrade: {}\nInstrument: {}", "\n\n"),
    "sentences": ("{} has made good progress and is now in\ngrade {}; the instrument is the {}.", "\n\n"),
    "elements": ("<pupil><name>{}</name><grade>{}</grade><instrument>{}</instrument></pupil>", "\n"),
    "members": ('{{\n  "name": "{}",\n  "grade": {},\n  "instrument": "{}"\n}}', ",\n"),
    "columns": ("{:14}{:>4}   {}", "\n"),
    "bars": ("| {} | {} | {} |", "\n"),
}


def pupils(layout: str) -> str:
    """The pupils in a layout."""
    form, between = LAYOUTS[layout]
    return "Pupils\n\n" + between.join(form.format(*p) for p in PUPILS) + "\n"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("row", "column", "value"), [(1, 1, 5), (1, 1, 4), (1, 2, "oboe"), (2, 2, "cello")])
def test_a_value_of_another_record_proves_nothing(layout: str, row: int, column: int, value: Any) -> None:
    """The record's own lines print another value in its place, whatever the layout."""
    told = [list(p) for p in PUPILS]
    told[row][column] = value
    key = ("name", "grade", "instrument")[column]
    assert lost(ground(pupils(layout), rows(*map(tuple, told), keys="name grade instrument"))) == [f"/rows/{row}/{key}"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_value_of_its_own_record_is_found(layout: str) -> None:
    """Also where several records have the same value."""
    assert not lost(ground(pupils(layout), rows(*PUPILS, keys="name grade instrument")))
    same = pupils(layout).replace("flute", "oboe").replace("4", "5")
    told = (PUPILS[0], PUPILS[1], ("Una West", 5, "oboe"))
    assert not lost(ground(same, rows(*told, keys="name grade instrument")))


@pytest.mark.parametrize(
    "text",
    [
        "Line 4\n  Harbour  07:10\n  Castle  07:25\n",
        "4   Harbour   07:10\n    Castle    07:25\n",
        "Line: 4\nStop: Harbour\nDeparts: 07:10\n\nStop: Castle\nDeparts: 07:25\n",
    ],
)
def test_what_is_printed_once_holds_for_the_records_below(text: str) -> None:
    """A heading, a cell that the row below leaves blank, a label that the block below lacks."""
    assert not lost(ground(text, rows((4, "Harbour", "07:10"), (4, "Castle", "07:25"), keys="line stop departs")))


WORDS = st.sampled_from(["Stone", "Bark", "West", "oboe", "cello", "5", "3", "17"])


@example(
    ["oboe", "17", "5", "x y", "x y"],
    [
        ("17", "Stone", "x y"),
        ("17", "17", "Bark"),
        ("oboe", "Stone", "5"),
        ("x y", "oboe", "x y"),
        ("x y", "zz", "x y"),
    ],
)
@given(st.lists(WORDS, max_size=12), st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4))
def test_any_values_of_any_records_are_judged(said: list[str], told: list[tuple[str, ...]]) -> None:
    """Also where all values of a record stand on places that others share; one that the text does not hold is lost."""
    gone = lost(ground("\n".join(said), rows(*told, keys="name grade instrument")))
    keys = ("name", "grade", "instrument")
    missing = {
        f"/rows/{n}/{key}"
        for n, row in enumerate(told)
        for key, word in zip(keys, row, strict=True)
        if word not in said
    }
    assert missing <= set(gone)
