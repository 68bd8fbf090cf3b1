"""Families of productions from their columns: whatever the order of rows, and whichever columns tell of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.service.discovery.loadfiles import bates
from thresher.service.discovery.productions.bates_ranges import BatesRanges
from thresher.service.discovery.productions.family_links import Families, FamilyCollector, FamilyEvidence

Forest = list[int | None]  # parent of each document, by number; a parent has a lower number


@st.composite
def forests(draw: st.DrawFn) -> Forest:
    """Families of any shape."""
    size = draw(st.integers(1, 12))
    return [draw(st.none() | st.integers(0, i - 1)) if i else None for i in range(size)]


def top(forest: Forest, number: int) -> int:
    """The document without parent above another."""
    parent = forest[number]
    return number if parent is None else top(forest, parent)


def name(number: int | None) -> str:
    """The Bates number of a document."""
    return "" if number is None else f"ABC{number:04d}"


def evidence(forest: Forest, number: int, columns: frozenset[str]) -> FamilyEvidence:
    """What the given columns say of a document."""
    family = [i for i in range(len(forest)) if top(forest, i) == top(forest, number)]
    children = tuple(name(i) for i, parent in enumerate(forest) if parent == number)
    return FamilyEvidence(
        parent=name(forest[number]) if "PARENTID" in columns else "",
        children=children if "ATTACHIDS" in columns else (),
        group=f"family of {top(forest, number)}" if "GROUPID" in columns else "",
        begin=name(top(forest, number)) if "BEGATTACH" in columns else "",
        end=name(family[-1]) if "BEGATTACH" in columns else "",
    )


def linked(forest: Forest, order: list[int], columns: frozenset[str]) -> tuple[Families, dict[int, int]]:
    """The families of rows in some order, and the ordinal of each document."""
    collector = FamilyCollector()
    for number in order:
        assert collector.add(name(number), evidence(forest, number, columns))
    return collector.linked(), {number: ordinal for ordinal, number in enumerate(order)}


COLUMNS = ("PARENTID", "ATTACHIDS", "GROUPID", "BEGATTACH")


@many(200)
@given(st.data())
def test_families_are_those_that_were_made(data: st.DataObject) -> None:
    """Every document is in its family, with its own parent where a column names parents, and no column disagrees."""
    forest = data.draw(forests())
    columns = data.draw(st.sets(st.sampled_from(COLUMNS), min_size=1).map(frozenset))
    order = data.draw(st.permutations(range(len(forest))))
    families, ordinals = linked(forest, order, columns)
    assert families.conflicts == []
    known = columns & {"PARENTID", "ATTACHIDS"}
    for number, parent in enumerate(forest):
        here = ordinals[number]
        if known or "BEGATTACH" in columns:
            assert families.tops[here] == ordinals[top(forest, number)]
        if known:
            assert families.parents[here] == (-1 if parent is None else ordinals[parent])
    sizes = {i: families.tops.tolist().count(i) for i in set(families.tops)}
    assert sum(sizes.values()) == len(forest)
    assert len(sizes) == sum(parent is None for parent in forest)


@many(100)
@given(st.lists(st.integers(0, 5), min_size=6, max_size=6), st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_parents_in_a_loop_end_and_are_told(parents: list[int], groups: list[int]) -> None:
    """Whatever the columns say, every document has one top, which has no parent."""
    collector = FamilyCollector()
    for i in range(6):
        collector.add(name(i), FamilyEvidence(parent=name(parents[i]), group=name(groups[i]), begin=name(parents[-i])))
    families = collector.linked()
    for i in range(6):
        assert families.parents[families.tops[i]] == -1
        assert families.tops[i] == (i if families.parents[i] < 0 else families.tops[families.parents[i]])


def test_what_disagrees_is_told_and_the_parent_believed() -> None:
    """PARENTID goes before ATTACHIDS, GROUPID and BEGATTACH."""
    collector = FamilyCollector()
    collector.add("A", FamilyEvidence(children=("B",), begin="A", end="B"))
    collector.add("B", FamilyEvidence(parent="C", begin="A", end="B"))
    collector.add("C", FamilyEvidence())
    families = collector.linked()
    assert families.parents.tolist() == [-1, 2, -1]
    assert [conflict.document for conflict in families.conflicts] == [1]


def test_parents_and_children_that_no_row_has_are_named() -> None:
    """Nothing is invented for them."""
    collector = FamilyCollector()
    collector.add("A", FamilyEvidence(children=("X",)))
    collector.add("B", FamilyEvidence(parent="Y"))
    families = collector.linked()
    assert (families.missing_children, families.missing_parents) == ({"X": 0}, {1: "Y"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABC0001", ("ABC", 1, "", 4)),
        ("ABC-000123.0002", ("ABC-", 123, ".0002", 6)),
        ("US2001-0009A", ("US2001-", 9, "A", 4)),
        ("2001000", ("", 2001000, "", 7)),
        ("AB12", None),
        ("", None),
        ("9" * 40, None),
    ],
)
def test_bates_numbers_have_parts(text: str, expected: tuple[str, int, str, int] | None) -> None:
    """Prefix, number, suffix and width."""
    found = bates.parse(text)
    assert (found and (found.prefix, found.number, found.suffix, found.width)) == expected
    assert found is None or str(found) == text


@many(200)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), min_size=1, max_size=8))
def test_overlapping_ranges_are_found_in_any_order(ranges: list[tuple[int, int]]) -> None:
    """A range is told if, and only if, an earlier beginning reaches into it."""
    found = BatesRanges()
    for begin, more in ranges:
        assert found.add(name(begin), name(begin + more)) == more + 1
    spans = sorted((begin, begin + more) for begin, more in ranges)
    overlapping = any(a[1] >= b[0] for a, b in pairwise(spans))
    assert bool(list(found.overlaps())) == overlapping
