"""Where records begin: by the beginnings of lines and the columns of tables."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.records.structure import structure_of


def plain(text: str) -> Document:
    """A Document of one text."""
    return Document(source=Source(path="a", blob="a", sha256="", size=0), text=text)


def table(rows: list[list[str]]) -> Document:
    """A Document of one table."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="html")
    builder.table(rows)
    return builder.build()


def records(document: Document) -> list[str]:
    """The first line of each record."""
    return [document.text[start:].strip().split("\n")[0] for start in structure_of(document).starts]


ROWS = [f"0{n}.01.2024  Card payment {n}  -{n}.50" for n in range(1, 8)]


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("{n}.01.2024  Card payment", "of the shop"),
        ("C24-00{n} Ada Keane", "and her sons"),
        ("10:0{n}:00 THE COURT: Overruled.", "and again"),
        ("From: Ada Keane {n}", "Sent: 3{n}.01.2024"),
        ("| 0{n}.01.2024 | Card payment | {n}.50 |", "|  | of the shop |  |"),
        ("0{n}.01.2024\tCard payment\t{n}.50", "\tof the shop"),
    ],
)
def test_lines_that_begin_alike_begin_records(first: str, rest: str) -> None:
    """And lines that go on begin none."""
    lines = [line.replace("{n}", str(n)) for n in range(1, 8) for line in (first, rest)]
    assert records(plain("\n".join(lines))) == lines[::2]


def test_what_stands_above_a_record_goes_with_it() -> None:
    """Blank lines do; the text is never cut between them and the record."""
    text = "\n\n".join(ROWS)
    assert [text[s : s + 1] for s in structure_of(plain(text)).starts] == ["0", *["\n"] * 6]


def test_too_few_lines_are_no_list() -> None:
    """Four lines that begin alike may be anything."""
    assert not structure_of(plain("\n".join(ROWS[:4]))).starts


def test_a_row_of_a_table_goes_on_in_the_columns_in_which_it_goes_on() -> None:
    """A row without a first cell belongs to the one above, though its line begins with the text of its second."""
    document = table([[f"0{n}.01.2024", "Card payment of", "", str(n)] for n in range(1, 8)])
    assert len(structure_of(document).starts) == 7
    rows = [r for n in range(1, 8) for r in ([f"0{n}.01.2024", "Card", f"{n}.50"], ["", "payment", "T1"])]
    assert records(table(rows)) == [f"0{n}.01.2024\tCard\t{n}.50" for n in range(1, 8)]


def test_a_label_and_its_value_above_a_table_are_no_record() -> None:
    """They have two cells where rows have six."""
    facts = [["Bank", "Three Rivers"], ["As at", "28.06.2015"]]
    rows = [[f"F0{n}", "Ada", "Keane", "Ordinary", str(n), "Leeds"] for n in range(1, 9)]
    assert records(table([*facts, *rows]))[0].startswith("F01")


def test_lines_with_and_without_columns_begin_records_alike() -> None:
    """A reader sees columns in some lines of a transcript only."""
    lines = [f"10:0{n}:00{' ' if n % 3 else chr(9)}THE COURT: Overruled." for n in range(1, 10)]
    assert records(plain("\n".join(lines))) == lines


LINES = st.lists(
    st.one_of(
        st.sampled_from([*ROWS, "", " ", "Total 5.00", "| a | 1.00 |", "a\tb", "From: Ada"]), st.text(max_size=9)
    ),
    max_size=30,
)


@many(80)
@given(LINES)
def test_starts_are_sorted_offsets_of_lines_and_nothing_is_lost(lines: list[str]) -> None:
    """Records in turn are the text; each begins where a line does; a record's number never falls."""
    document = plain("\n".join(lines))
    known = structure_of(document)
    starts = list(known.starts)
    assert starts == sorted(set(starts))
    assert all(s == 0 or document.text[s - 1] == "\n" for s in starts)
    edges = [0, *starts, len(document.text)]
    assert "".join(document.text[a:b] for a, b in pairwise(edges)) == document.text
    assert all(known.record(i) == bisect_right(starts, i) for i in range(len(document.text)))


@many(40)
@given(st.lists(st.lists(st.sampled_from(["", "Ada", "3.50", "F01"]), min_size=2, max_size=4), max_size=20))
def test_any_table_has_a_structure(rows: list[list[str]]) -> None:
    """Rows may be empty, short or alike."""
    document = table(rows)
    starts = structure_of(document).starts
    assert list(starts) == sorted(set(starts))
    assert all(0 <= s <= len(document.text) for s in starts)


def test_a_printed_table_is_cut_at_its_dates_not_where_amounts_wrap() -> None:
    """The amount may stand on a record's second line; tables of plain text say nothing of where records begin."""
    rows = [
        f"2024-03-{n:02}    T{n}367489    Premium policy K34200 house\n{'':30}contents    -{n}3.97" for n in range(1, 9)
    ]
    text = "\n".join(rows)
    builder = DocumentBuilder(Source(path="s.txt", blob="s.txt", sha256="", size=0, name="s.txt"), kind="text")
    builder.block(text)
    assert len(structure_of(builder.build()).starts) == 8


def test_rows_whose_cells_semicolons_part_begin_where_their_first_cells_do() -> None:
    """A row's second line may begin with a code, as rows do; it begins no record, for it stands in a later column."""
    more = [f"{'K21303 ' if n == 3 else ''}house contents" for n in range(1, 9)]
    rows = [f"T{n}39;May 0{n}, 2024;3.9{n}+;Pemberton premium policy;\n;;;{more[n - 1]};391.{n}4" for n in range(1, 9)]
    assert len(structure_of(plain("\n".join(rows))).starts) == 8


def test_paragraphs_that_a_reader_guessed_part_no_rows_whose_cells_semicolons_part() -> None:
    """Where the last line of each row and the first of the next were taken for a paragraph, rows begin with their first cells."""
    lines = [x for n in range(1, 9) for x in (f"0{n} Jul 2019;Harbour Works;;", f";card payment;{n}7.24-;T{n}57")]
    builder = DocumentBuilder(Source(path="s.pdf", blob="s.pdf", sha256="", size=0, name="s.pdf"), kind="pdf")
    for i in range(0, len(lines) + 1, 2):
        builder.block("\n".join(lines[max(i - 1, 0) : i + 1]))
    document = builder.build()
    assert [document.text[s] for s in structure_of(document).starts] == ["0"] * 8
