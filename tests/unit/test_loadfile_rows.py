"""Rows of delimited load files: the quick way and the scanner give what a machine of single characters gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles import rows as rows_module
from thresher.service.discovery.loadfiles.dat_writer import DatFormat, dat_bytes
from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE, CSV, PIPE, TAB, Delimiters, detect
from thresher.service.discovery.loadfiles.rows import row_blocks

PIECES = ("þ", "\x14", "a", "b®", "\r\n", "\r", "\n", "þ\x14þ", "þ\r\nþ")  # the last two as in rows that are all alike
BARE_PIPE = Delimiters(separator="|")


def read(texts: list[str], delimiters: Delimiters) -> tuple[list[list[str]], int]:
    """All rows, and how many stray qualifiers they had."""
    blocks = list(row_blocks(texts, delimiters))
    return [row for block in blocks for row in block.rows], sum(len(block.strays) for block in blocks)


def by_characters(  # noqa: C901, PLR0912 - one machine, as plain as can be
    text: str, delimiters: Delimiters
) -> tuple[list[list[str]], int]:
    """The grammar as a machine that looks at one character and the next; slow and plain."""
    rows: list[list[str]] = []
    cells: list[str] = []
    value, state, strays, i = "", "start", 0, 0
    while i < len(text):
        char, following = text[i], text[i + 1 : i + 2]
        i += 1
        if state == "qualified":
            if char != delimiters.qualifier:
                value += char
            elif following == delimiters.qualifier:
                value, i = value + char, i + 1
            elif following in {delimiters.separator, "\r", "\n", ""}:
                state = "closed"
            else:
                value, strays = value + char, strays + 1
        elif char == delimiters.separator:
            cells, value, state = [*cells, value], "", "start"
            if i == len(text):
                rows.append([*cells, ""])
                return rows, strays
        elif char in "\r\n":
            if cells or state != "start":
                rows.append([*cells, value])
            cells, value, state = [], "", "start"
        elif state == "start" and char == delimiters.qualifier:
            state = "qualified"
        else:
            value, state = value + char, "bare"
    if cells or state != "start":
        rows.append([*cells, value])
    return rows, strays


@many(200)
@given(
    text=st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    cuts=st.lists(st.integers(0, 60), max_size=4),
)
def test_any_text_reads_as_by_single_characters(text: str, cuts: list[int]) -> None:
    """Whatever the text, and wherever its blocks are cut, rows and strays are those of the plain machine."""
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    blocks = [text[a:b] for a, b in pairwise(edges)]
    assert read(blocks, CONCORDANCE) == by_characters(text, CONCORDANCE)


@many(100)
@given(text=st.text(alphabet="|ab\r\n^", max_size=30))
def test_text_without_a_qualifier_reads_as_by_single_characters(text: str) -> None:
    """The same without a qualifier."""
    assert read([text], BARE_PIPE) == by_characters(text, BARE_PIPE)


def test_rows_of_a_writer_are_read_alike_by_both_ways() -> None:
    """Well-formed rows of many shapes, with line ends and qualifiers inside values, in small blocks."""
    rng = random.Random(14)
    pieces = ["", "a", "þ", "þþ", "\x14", "Müller; Co", "x\r\ny", "\n", "ABC0001"]
    table = [["".join(rng.choices(pieces, k=rng.randrange(4))) for _ in range(5)] for _ in range(200)]
    raw = Delimiters(separator="\x14", qualifier="þ")
    text = b"".join(dat_bytes(table, DatFormat(delimiters=raw, mark=False))).decode()
    blocks = [text[i : i + 37] for i in range(0, len(text), 37)]
    assert read(blocks, raw) == (table, 0) == by_characters(text, raw)


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_any_line_end_closes_a_row_and_empty_columns_stay(line_end: str) -> None:
    """Line ends of all systems; the empty last column is a column."""
    text = line_end.join(["þBEGBATESþ\x14þNOTEþ", "þABC0001þ\x14þþ", "þABC0002þ\x14bare"])
    assert read([text], CONCORDANCE)[0] == [["BEGBATES", "NOTE"], ["ABC0001", ""], ["ABC0002", "bare"]]


def test_a_stray_qualifier_is_kept_and_told() -> None:
    """A qualifier that is neither doubled nor at the end of its value stays a character."""
    blocks = list(row_blocks(["þaþ\x14þan þ insideþ\r\n"], CONCORDANCE))
    assert blocks[0].rows == [["a", "an þ inside"]]
    assert [(stray.row, stray.column) for stray in blocks[0].strays] == [(1, 2)]


def test_a_value_that_is_never_closed_is_told() -> None:
    """The end of the file inside a value is no clean end."""
    (block,) = row_blocks(["þaþ\x14þcut o"], CONCORDANCE)
    assert (block.rows, block.unclosed) == ([["a", "cut o"]], True)


def test_two_hundred_thousand_rows_pass_in_bounded_memory() -> None:
    """No more than two blocks of text are taken ahead of the rows that are given, odd rows among them."""
    row = (
        "".join(f"{'þ' if n % 5 else ''}value {n}{'þ' if n % 5 else ''}\x14" for n in range(1, 5))
        + "þa®b þþ c\r\ndþ\r\n"
    )
    block, taken, given = row * 400, 0, 0

    def texts() -> Iterator[str]:
        nonlocal taken
        for _ in range(500):
            taken += 400
            yield block

    for found in row_blocks(texts(), CONCORDANCE):
        given += len(found.rows)
        assert taken - given <= 800
    assert given == 200_000


def test_a_row_without_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """An opening qualifier alone must not swallow a file of any size."""
    monkeypatch.setattr(rows_module, "ROW_MAX_CHARS", 1000)
    with pytest.raises(InputProblem, match="row 2"):
        list(row_blocks(["þaþ\r\nþ", *["x" * 100] * 40], CONCORDANCE))


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("þBEGBATESþ\x14þSUBJECTþ\r\n", CONCORDANCE),
        ("BEGBATES\x14SUBJECT\r\n", CONCORDANCE),
        ("^Name^|^Artifact ID^\r\n", PIPE),
        ("Control Number|Custodian\r\n^A|1^|Jane\r\n", PIPE),
        ("Control Number|Custodian\r\nA1|x ^ y\r\n", BARE_PIPE),
        ('DOCID,SUBJECT\r\n1,"a, b"\r\n', CSV),
        ('DOCID\tSUBJECT\r\n"1"\tx\r\n', TAB),
        ("þDOCIDþ,þSUBJECTþ\n", Delimiters(separator=",", qualifier="þ")),
    ],
)
def test_delimiters_are_found(sample: str, expected: Delimiters) -> None:
    """The sets seen in the wild, from their first lines."""
    assert detect(sample) == expected


@pytest.mark.parametrize("cut", [1, 7, 40, 1000])
def test_a_value_that_is_not_closed_swallows_no_sound_row(cut: int) -> None:
    """Rows behind it come out as they are, wherever the text is cut; it stays one row with the wrong count, told as stray."""
    text = "þIDþ\x14þSþ\x14þTþ\r\nþ1þ\x14þone\x14þþ\r\nþ2þ\x14þtwo\r\nlinesþ\x14þþ\r\nþ3þ\x14þthreeþ\x14þ\r\nþ4þ\x14þfourþ\x14þxþ\r\n"
    pieces = [text[i : i + cut] for i in range(0, len(text), cut)]
    blocks = list(row_blocks(pieces, CONCORDANCE, 3))
    rows = [row for block in blocks for row in block.rows]
    assert [row[0] for row in rows] == ["ID", "1", "2", "3", "4"]
    assert [len(row) == 3 for row in rows] == [True, False, True, True, True]
    assert rows[2] == ["2", "two\r\nlines", ""]
    assert {stray.row for block in blocks for stray in block.strays} == {2, 4}
