"""Values that are wrapped within a column, over the lines of a page and over its edge."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.extraction import Evidence
from thresher.schemas.source import Source
from thresher.service.grounding.grounder import Grounder
from thresher.service.grounding.normalised_text import Letters
from thresher.service.grounding.wrapped_lines import Layout, WrappedSearch, column_below
from thresher.service.targets.loading import load_target

TARGET = {"type": "object", "properties": {"name": {"type": "string"}}}
FAR = 400.0  # points: another column


def pieces(text: str, value: str) -> list[list[str]]:
    """The pieces of each place of a wrapped value."""
    wrapped = WrappedSearch(text, Letters.of(text, ()), Layout(partial(column_below, text)))
    return [[text[a:b] for a, b in found] for found in wrapped.find(value)]


@pytest.mark.parametrize(
    "text",
    [
        "| 1 | Green Valley | 2.50 |\n|   | Grocers | |",
        "|\t1 | Green Valley |\t2.50 |\n|\t|\tGrocers |\t|",
        "1\tGreen Valley\t2.50\n\tGrocers",
        "1  Green Valley  2.50\n   Grocers",
        "1;Green Valley;2.50\n;Grocers;",
    ],
)
def test_a_value_goes_on_in_its_column(text: str) -> None:
    """Bars tell columns before tabs do: a reader may have set tabs between them."""
    assert pieces(text, "Green Valley Grocers") == [["Green Valley", "Grocers"]]


@pytest.mark.parametrize(
    "text",
    ["| 1 | Green Valley | 2.50 |\n| Grocers | | |", "1\tGreen Valley\t2\n\t\tGrocers", "1;Green Valley;2\n;;Grocers"],
)
def test_a_value_never_goes_on_in_another_column(text: str) -> None:
    """The same letters elsewhere prove nothing."""
    assert not pieces(text, "Green Valley Grocers")


def printed(pages: list[list[tuple[str, float]]]) -> Document:
    """A Document of pages; each line is a text and where it begins, in points; the first of a page is its header."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="pdf")
    document = builder.document
    for number, lines in enumerate(pages, 1):
        builder.page(612, 792)
        for row, (text, left) in enumerate(lines):
            start, end = builder.block(text, BlockKind.PARAGRAPH if row else BlockKind.HEADER)
            first, y = text.split("\t")[0], 30.0 + 12 * row + (600 if number == 1 and row else 0)
            places = [(start, start + len(first), left), (start + len(first) + 1, end, FAR)]
            for a, b, x in places if "\t" in text else [(start, end, left)]:
                document.lines.add(a, b, number, (x, y, x + 5.0 * (b - a), y + 10))
                document.words.add(a, b, x, x + 5.0 * (b - a))
    return builder.build()


def found(document: Document, value: str) -> Evidence | None:
    """The evidence of a value."""
    chunk = Chunk(index=0, start=0, end=len(document.text), text=document.text, count=len)
    grounded = Grounder(document, chunk, load_target(TARGET), fuzzy=95.0).ground({"name": value})
    return grounded.evidence[0] if grounded.evidence else None


def test_a_value_goes_on_behind_a_page_edge_with_boxes_on_both_pages() -> None:
    """Only furniture lies between: the evidence names both pages."""
    pages: list[list[tuple[str, float]]]
    pages = [[("Ledger", 30), ("Green Valley\t2.50", 100)], [("Ledger", 30), ("Grocers", 100), ("Corner\t1.50", 100)]]
    evidence = found(printed(pages), "Green Valley Grocers")
    assert evidence is not None
    assert (evidence.page, [on.page for on in evidence.continued]) == (1, [2])
    assert [box[0] for box in (*evidence.boxes, *evidence.continued[0].boxes)] == [100.0, 100.0]


@pytest.mark.parametrize(
    "second",
    [
        [("Ledger", 30), ("Grocers", 300)],  # beside the column
        [("Ledger", 30), ("Corner Shop", 100), ("Grocers", 100)],  # another row comes first
    ],
)
def test_a_value_does_not_go_on_elsewhere_on_the_next_page(second: list[tuple[str, float]]) -> None:
    """What comes next in its column is what comes next on the page."""
    document = printed([[("Ledger", 30), ("Green Valley\t2.50", 100)], second])
    evidence = found(document, "Green Valley Grocers")
    assert evidence is None or not evidence.continued


WORDS = st.lists(st.sampled_from(["Greenwich", "Valley", "Grocers", "Limited"]), min_size=2, max_size=4)


@many(60)
@given(WORDS, st.integers(0, 3), st.integers(0, 3), st.integers(1, 3))
def test_a_wrapped_value_is_found_only_where_each_piece_is_under_the_one_above(
    words: list[str], above: int, under: int, cut: int
) -> None:
    """Whatever the words, the columns and the place of the break."""
    first, second = " ".join(words[:cut]), " ".join(words[cut:])
    text = "".join("\t" * n + piece + "\tx\n" for n, piece in ((above, first), (under, second)) if piece)
    places = pieces(text, " ".join(words))
    assert all(len({text[: text.index(p)].split("\n")[-1].count("\t") for p in place}) == 1 for place in places)
    if second:
        assert bool(places) == (above == under)
