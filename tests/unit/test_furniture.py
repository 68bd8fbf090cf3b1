"""Page furniture: what pages repeat at their edges, and what only looks so."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.records.headers_footers import furniture


def paged(pages: list[list[str]], marked: frozenset[str] = frozenset()) -> Document:
    """A Document of pages; lines of `marked` are headers where they stand on top."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="pdf")
    for lines in pages:
        builder.page(612, 792)
        for row, line in enumerate(lines):
            builder.block(line, BlockKind.HEADER if line in marked and not row else BlockKind.PARAGRAPH)
    return builder.build()


def texts(document: Document) -> list[str]:
    """What is furniture."""
    return [document.text[a:b] for a, b in furniture(document)]


def test_lines_that_pages_repeat_are_furniture_whatever_numbers_they_hold() -> None:
    """A running title, a page number and a sum carried forward."""
    pages = [["Ledger 2024", f"carried {n}.50", f"row {'abc'[n]}", f"{'xyz'[n]} row", f"Page {n}"] for n in range(3)]
    assert texts(paged(pages)) == [x for n in range(3) for x in ("Ledger 2024", f"carried {n}.50", f"Page {n}")]


def test_a_line_that_stands_within_pages_as_often_is_none() -> None:
    """A salutation that happens to stand on top of three pages in ten belongs to its letter, whoever marked it."""
    lines = [x for c in "abcdefghijkl" for x in (f"From: {c}", "Dear all,", f"{c} writes", "Kind regards")]
    pages = [lines[i : i + 5] for i in range(0, len(lines), 5)]
    assert texts(paged(pages, frozenset({"Dear all,"}))) == []


def test_a_marked_header_that_is_the_title_of_a_page_too_stays_one() -> None:
    """Half of the lines that look so may be marked."""
    assert texts(paged([["Lease", "We agree"], ["Lease", "Signed"]], frozenset({"Lease"}))) == ["Lease", "Lease"]


@many(40)
@given(st.lists(st.lists(st.sampled_from(["Title", "Page 1", "a", "b 2", "c"]), min_size=1, max_size=6), max_size=6))
def test_furniture_is_sorted_disjoint_and_of_whole_lines(pages: list[list[str]]) -> None:
    """Whatever pages hold."""
    document = paged(pages)
    found = furniture(document)
    assert all(a < b for a, b in found)
    assert all(b <= c for (_, b), (c, _) in pairwise(found))
    lines = document.text.split("\n")
    assert all(document.text[a:b] in lines for a, b in found)


def test_pages_that_no_reader_told_are_told_by_feeds_and_by_the_lines_that_number_them() -> None:
    """A title below a form feed or below "Page 1 of 3" is furniture, and so is the head of columns repeated there."""
    head = "Day   What   Amount"
    pages = [
        f"Ledger\n\n{head if n < 2 else ''}\nrow {'abc'[n]}\n{'xyz'[n]} row\nPage {n + 1} of 3\n" for n in range(3)
    ]
    for text in ("\f".join(pages), "".join(pages)):
        builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="text")
        builder.block(text)
        found = {t.strip() for t in texts(builder.build())}
        assert {"Ledger", head, "Page 1 of 3", "Page 2 of 3"} <= found <= {"Ledger", head, *map(str.strip, _feet(3))}


def _feet(pages: int) -> list[str]:
    return [f"Page {n + 1} of {pages}" for n in range(pages)]


def test_numbers_that_do_not_count_on_begin_no_pages() -> None:
    """References to pages at the ends of lines number nothing."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="text")
    builder.block("Ledger\nsee page 7\nLedger\nsee page 3\nLedger\nsee page 12\nLedger")
    assert texts(builder.build()) == []


def test_the_rest_of_a_row_on_top_of_a_page_is_no_header_whoever_marked_it() -> None:
    """Rows that break where pages do go on with the same words, or with a figure alone; within pages they do, too."""
    rows = [
        x for n in range(12) for x in (f"row {'abcdefghijkl'[n]} direct", f"debit mandate M{n}", "and more", f"4{n}")
    ]
    pages = [["Ledger", *rows[i : i + 5]] for i in range(0, len(rows), 5)]
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="pdf")
    for lines in pages:
        builder.page(612, 792)
        for row, line in enumerate(lines):
            builder.block(line, BlockKind.HEADER if row < 2 else BlockKind.PARAGRAPH)
    found = [x for x in texts(builder.build()) if x != "Ledger"]
    assert not [x for x in found if x.startswith(("debit", "and", "4"))]
