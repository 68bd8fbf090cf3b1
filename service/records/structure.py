"""Find where records begin in a text, by how its lines begin; no model is asked.

Lines of a list begin alike: with a date, a time, a number, a code, a label ("From:") or a fixed word ("On 3 May …").
Lines that begin with names count as alike where they hold figures of the same kinds. Continuation lines begin
differently. Of several beginnings that are equally common (the lines of a printed mail), the first one in the text
begins the record.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import median

from thresher.chunkers.outline import outline_of
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused
from thresher.service.records.blank_line_records import blank_line_record_starts
from thresher.service.records.headers_footers import furniture
from thresher.service.records.line_shapes import first_token, shape
from thresher.service.records.nested_records import outer_of
from thresher.service.records.text_lines import lines_of, tabbed

BLANK_LINE_KEY = "¶"  # the key of records that blank lines separate
LIST_MIN_LINES = 5  # lines that must begin alike to make a list
AS_COMMON_SHARE = 0.8  # share of the most common key's count from which another key may begin records
FIRST_LINE_MIN_FIGURES = 2  # dates, times and amounts by which a first line can be recognised
USUAL_SHARE = 0.2  # share of the records whose first lines have the same figures
SPARSE_SHARE = 0.5  # share of the usual number of cells below which a row begins no record
INDENT_CHARS = 12  # characters of indentation that make a line a different kind
_SEPARATOR = re.compile(r"[|\t]")
_LABEL = re.compile(r"[^\W\d][\w ./-]{0,30}:(?=\s)")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Structure:
    """Where the records, the lines and the page furniture of a Document are."""

    apart: Sequence[Range]  # page furniture, sorted; a value or a record may continue across it
    starts: Sequence[int]  # where records begin, sorted; empty where no list is recognised
    lines: Sequence[int] = ()  # where lines begin, without blank lines and furniture
    inner: int = 1  # lines with inner records per record, where lists are nested

    def most(self, records: int) -> int:
        """Return how many of these records can contain records, by the usual number of inner ones; at least 1."""
        return max(records // self.inner, 1)

    def record(self, offset: int) -> int:
        """Return the number of the record that a character belongs to, from 1; 0 before the first record."""
        return bisect_right(self.starts, offset)

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return how many lines and how many records begin between two characters."""
        (line, record), (last, final) = self.at(start), self.at(end)
        return last - line, final - record

    def at(self, offset: int) -> tuple[int, int]:
        """Return how many lines and how many records begin up to a character, itself included."""
        return bisect_right(self.lines, offset), self.record(offset)

    def is_apart(self, offset: int) -> bool:
        """Whether a character is in page furniture."""
        i = bisect_right(self.apart, offset, key=itemgetter(0)) - 1
        return i >= 0 and offset < self.apart[i][1]


def structure_of(document: Document, *, nested: bool = False) -> Structure:
    """Return the Structure of a Document, computed once; `nested`: its records contain records, as orders do with their lines."""
    return document.once(_of_nested_records if nested else _of_records)


def structure_for(document: Document, target: Target) -> Structure:
    """Return the Structure of a Document as far as a target needs it.

    Where no field may have several values, no records are looked for, which takes most of the time, and lines are counted
    only where they have positions on a page.
    """
    return structure_of(document, nested=target.nested) if target.several else document.once(_of_lines)


@gc_paused()
def _of_lines(document: Document) -> Structure:
    apart = furniture(document)
    lines = _lines(document, apart) if len(document.lines) else ()
    return Structure(apart, (), array("Q", (start for start, _, body in lines if body)))


def _of_records(document: Document) -> Structure:
    return _structure(document, nested=False)


def _of_nested_records(document: Document) -> Structure:
    return _structure(document, nested=True)


@gc_paused()
def _structure(document: Document, *, nested: bool) -> Structure:
    apart = furniture(document)
    lines = list(_lines(document, apart))
    starts, inner = _starts(document, lines, nested=nested)
    outline = outline_of(document)
    starts = outline.snapped(starts) if outline else starts
    return Structure(apart, starts, array("Q", (start for start, _, body in lines if body)), inner)


def _starts(document: Document, lines: list[tuple[int, int, bool]], *, nested: bool) -> tuple[list[int], int]:
    """Return where records begin, and how many lines with inner records each record has.

    At these offsets the text can be cut without cutting a record; the list is empty where no list is recognised.
    What stands directly above a record (the top of a page, blank lines, headings) goes with that record.
    """
    blocks = blank_line_record_starts(document, lines)
    columns = [_columns(document, a, b) if body else [] for a, b, body in lines]
    begins = [
        _beginnings(document.text[a:b], cells) if body else ()
        for (a, b, body), cells in zip(lines, columns, strict=True)
    ]
    chosen, inner = _record_key(begins), 1
    if nested and chosen and (outer := outer_of(begins, chosen)):
        chosen, inner = outer
    elif chosen != "row0" and _are_blank_line_records(
        blocks, [i for i, begin in enumerate(begins) if chosen and chosen in begin]
    ):
        begins, chosen = [(BLANK_LINE_KEY,) if i in blocks else () for i in range(len(lines))], BLANK_LINE_KEY
    if chosen.startswith("row"):
        begins = _without_sparse_rows(begins, chosen, columns)
    figures = [_figures(document.text[a:b]) if begin else "" for (a, b, _), begin in zip(lines, begins, strict=True)]
    alike = _usual_figures([f for f, begin in zip(figures, begins, strict=True) if chosen in begin])
    found = []
    for i, begin in enumerate(begins):
        if chosen in begin or (chosen and inner == 1 and figures[i] in alike):
            first = i
            while first and not lines[first - 1][2]:
                first -= 1
            found.append(_page_start(document, lines[first][0], lines[i][0]))
    return found, inner


def _are_blank_line_records(blocks: frozenset[int], begun: list[int]) -> bool:
    """Whether blank lines separate records better than beginnings of lines do.

    They must make at least nearly as many records, and one of the first records must begin earlier.
    """
    if len(blocks) < LIST_MIN_LINES or len(begun) > len(blocks) / AS_COMMON_SHARE:
        return False
    return not blocks.issuperset(begun[:LIST_MIN_LINES])


def _lines(document: Document, furniture: Sequence[Range]) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it may be part of a record) of each line."""
    apart = [*furniture, *((s, e) for s, e, kind, _ in document.blocks if kind == BlockKind.HEADING)]
    apart.sort()
    starts = [a for a, _ in apart]
    for a, b in lines_of(document.text):
        i = bisect_right(starts, b) - 1
        inside = i >= 0 and apart[i][1] > a
        yield a, b, not inside and not document.text[a:b].isspace() and b > a


def _columns(document: Document, start: int, end: int) -> list[int]:
    """Return the columns in which a line has text: of its table, or by bars and tabs; empty for plain text.

    A table that was only recognised in plain text is not trusted for this: its columns are known no better than its words.
    """
    line = document.text[start:end]
    table = document.table_at(start) if "|" not in line and document.kind != "text" else None
    if table is not None:
        row = bisect_right(table.first, bisect_right(table.start, start) - 1) - 1
        cells = [column for a, b, column in table.cells(row) if document.text[a:b].strip()]
        if len(cells) > 1 or cells > [0]:
            return cells
    return _separated_columns(line)


def _separated_columns(line: str) -> list[int]:
    """Return the numbers of the columns with text, where bars, tabs or semicolons separate them.

    >>> _separated_columns("T1;May 8;3.00-;Rent for;"), _separated_columns(";;;the flat;12.00"), _separated_columns("rent; gas; water")
    ([0, 1, 2, 3], [3, 4], [])
    """
    cells = _SEPARATOR.split(tabbed(line))
    return [i for i, cell in enumerate(cells) if cell.strip()] if len(cells) > 1 else []


def _beginnings(line: str, columns: Sequence[int] = ()) -> tuple[str, ...]:
    """Return keys by which a line can be like others, the plainest first; empty where it can begin no record.

    >>> _beginnings("05.01.2024  Card payment  -12.50"), _beginnings("From: Ada Keane"), _beginnings("and the rest")
    (('D',), ('from:',), ())
    >>> _beginnings("On 05.01.2024 12.50 was booked"), _beginnings("THE COURT: Overruled."), _beginnings("Ada, 3.1.2024")
    (('on D', 'W DM'), ('A:',), ('ada, D', 'W D'))
    >>> _beginnings("|  | Card payment | 12.50 |", [2, 3]), _beginnings("|  | and the rest |  |", [2])
    (('row2', 'W M'), ())
    >>> _beginnings("10:15:00 | THE COURT: Overruled.", [0, 1])
    ('row0', 'T')
    """
    if columns:
        return (f"row{columns[0]}", *_first_word_keys(line)) if len(columns) > 1 else ()
    return _first_word_keys(line)


def _first_word_keys(line: str) -> tuple[str, ...]:
    """Return such keys by the first words of a line alone."""
    text = line.lstrip(" \t|>*•-")
    quoted = ">" if line.lstrip().startswith(">") else ""
    if label := _LABEL.match(text):
        return (quoted + ("A:" if label[0].isupper() else label[0].casefold()),)
    kind = first_token(text)
    if kind != "W":
        return (f"{quoted}{kind}{(len(line) - len(text)) // INDENT_CHARS or ''}",) if kind else ()
    word, _, rest = text.partition(" ")
    second = first_token(rest) if rest[:1].isalnum() else ""
    known = [f"{word.casefold()} {second}"] if second not in {"", "W"} else []
    return tuple(quoted + key for key in [*known, shape(text)] if key)


def _without_sparse_rows(begins: list[tuple[str, ...]], chosen: str, filled: list[list[int]]) -> list[tuple[str, ...]]:
    """Return the beginnings without those of rows with far fewer cells than usual: a label and value above a table."""
    usual = median(len(cells) for begin, cells in zip(begins, filled, strict=True) if chosen in begin)
    pairs = zip(begins, filled, strict=True)
    return [() if chosen in begin and len(cells) < SPARSE_SHARE * usual else begin for begin, cells in pairs]


def line_look(line: str) -> tuple[str, str]:
    """Return what distinguishes kinds of lines: the shape, or, where there is none, the first key of the beginning."""
    known = shape(line)
    return known, "" if known else "".join(_beginnings(line, _separated_columns(line))[:1])


def _record_key(begins: list[tuple[str, ...]]) -> str:
    """Return the key with which records begin; "" where no key is common enough."""
    counts = Counter(key for begin in begins for key in begin)
    most = max(counts.values(), default=0)
    if most < LIST_MIN_LINES:
        return ""
    return next(key for begin in begins for key in begin if counts[key] >= AS_COMMON_SHARE * most)


def _figures(line: str) -> str:
    """Return the kinds of the dates, times and amounts of a line, as in its shape."""
    return shape(line).partition(" ")[2]


def _usual_figures(figures: list[str]) -> set[str]:
    """Return the figures that are usual in first lines of records and many enough to recognise others by.

    A line with them begins a record even if it begins differently.
    """
    return {
        f for f, n in Counter(figures).items() if len(f) >= FIRST_LINE_MIN_FIGURES and n >= USUAL_SHARE * len(figures)
    }


def _page_start(document: Document, first: int, start: int) -> int:
    """Return where a page begins between two offsets; the first offset where none does."""
    i = bisect_right(document.pages.start, start) - 1
    return max(first, document.pages.start[i]) if i >= 0 else first
