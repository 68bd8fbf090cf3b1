"""Where records begin in a text, told by how lines begin: no model is asked.

Lines of a list begin alike: with a date, a time, a number, a code, a label ("From:"), a fixed word ("On 3 May …"), or,
where they begin with names, hold figures of the same kinds. Lines that carry a record on begin otherwise. Of several
beginnings that are as common (the lines of a printed mail) the first one in the text begins the record.
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
from thresher.service.base.gc_pause import gc_paused
from thresher.service.records.blank_line_records import stanzas
from thresher.service.records.headers_footers import furniture
from thresher.service.records.line_shapes import first_token, shape
from thresher.service.records.nested_records import outer_of
from thresher.service.records.text_lines import lines_of, tabbed

STANZA = "¶"  # the beginning of records that are stanzas
LEAST = 5  # lines that begin alike make a list
AS_COMMON = 0.8  # of the most common beginning: another one that may begin the record
MUCH = 2  # dates, times and amounts in a line
USUAL = 0.2  # of the records whose first lines hold the same
SPARSE = 0.5  # of the cells that rows of a table usually have: with fewer a row begins no record
DEEP = 12  # columns by which the beginning of a line may move
_COLUMN = re.compile(r"[|\t]")
_LABEL = re.compile(r"[^\W\d][\w ./-]{0,30}:(?=\s)")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Structure:
    """What lines of a Document say of its lists."""

    apart: Sequence[Range]  # page furniture, sorted: a value or a record may run across it
    starts: Sequence[int]  # where records begin, sorted; empty where no list is recognised
    lines: Sequence[int] = ()  # where lines begin that are neither blank nor furniture
    inner: int = 1  # lines with records of their own in each record, where lists stand in lists

    def most(self, records: int) -> int:
        """How many of these records hold so many lines with records."""
        return max(records // self.inner, 1)

    def record(self, offset: int) -> int:
        """Number of the record that a character belongs to; 0 before the first one."""
        return bisect_right(self.starts, offset)

    def between(self, start: int, end: int) -> tuple[int, int]:
        """How many lines and how many records begin between two characters."""
        (line, record), (last, final) = self.at(start), self.at(end)
        return last - line, final - record

    def at(self, offset: int) -> tuple[int, int]:
        """How many lines and how many records begin up to a character."""
        return bisect_right(self.lines, offset), self.record(offset)

    def is_apart(self, offset: int) -> bool:
        """Whether a character belongs to the furniture of a page."""
        i = bisect_right(self.apart, offset, key=itemgetter(0)) - 1
        return i >= 0 and offset < self.apart[i][1]


def structure(document: Document, *, nested: bool = False) -> Structure:
    """Return the Structure of a Document, computed once; `nested`: of records that hold records, as orders with their lines."""
    return document.once(_of_nested_records if nested else _of_records)


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
    """Offsets, and how many lines with records each record holds.

    At these offsets the text may be cut without cutting a record; there are none where no list is recognised.
    What stands above a record and belongs to no other (a page's upper edge, headings, blank lines) goes with it.
    """
    blocks = stanzas(document, lines)
    columns = [_columns(document, a, b) if body else [] for a, b, body in lines]
    begins = [
        _beginnings(document.text[a:b], cells) if body else ()
        for (a, b, body), cells in zip(lines, columns, strict=True)
    ]
    chosen, inner = _chosen(begins), 1
    if nested and chosen and (outer := outer_of(begins, chosen)):
        chosen, inner = outer
    elif chosen != "row0" and _are_records(blocks, [i for i, begin in enumerate(begins) if chosen and chosen in begin]):
        begins, chosen = [(STANZA,) if i in blocks else () for i in range(len(lines))], STANZA
    if chosen.startswith("row"):
        begins = _full(begins, chosen, columns)
    figures = [_figures(document.text[a:b]) if begin else "" for (a, b, _), begin in zip(lines, begins, strict=True)]
    alike = _usual([f for f, begin in zip(figures, begins, strict=True) if chosen in begin])
    found = []
    for i, begin in enumerate(begins):
        if chosen in begin or (chosen and inner == 1 and figures[i] in alike):
            first = i
            while first and not lines[first - 1][2]:
                first -= 1
            found.append(_page_start(document, lines[first][0], lines[i][0]))
    return found, inner


def _are_records(blocks: frozenset[int], begun: list[int]) -> bool:
    """Whether stanzas tell records better than the beginnings of lines: as many, or nearly, and each begins one line or more before."""
    if len(blocks) < LEAST or len(begun) > len(blocks) / AS_COMMON:
        return False
    return not blocks.issuperset(begun[:LEAST])


def _lines(document: Document, furniture: Sequence[Range]) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it may hold a record) of each line."""
    apart = [*furniture, *((s, e) for s, e, kind, _ in document.blocks if kind == BlockKind.HEADING)]
    apart.sort()
    starts = [a for a, _ in apart]
    for a, b in lines_of(document.text):
        i = bisect_right(starts, b) - 1
        inside = i >= 0 and apart[i][1] > a
        yield a, b, not inside and not document.text[a:b].isspace() and b > a


def _columns(document: Document, start: int, end: int) -> list[int]:
    """The columns in which a line holds anything: those of its table, or what bars and tabs tell; none of plain text.

    Columns of a table that was only printed as text are no better known than its words.
    """
    line = document.text[start:end]
    table = document.table_at(start) if "|" not in line and document.kind != "text" else None
    if table is not None:
        row = bisect_right(table.first, bisect_right(table.start, start) - 1) - 1
        cells = [column for a, b, column in table.cells(row) if document.text[a:b].strip()]
        if len(cells) > 1 or cells > [0]:
            return cells
    return _parted(line)


def _parted(line: str) -> list[int]:
    """The columns that bars, tabs or semicolons part.

    >>> _parted("T1;May 8;3.00-;Rent for;"), _parted(";;;the flat;12.00"), _parted("rent; gas; water")
    ([0, 1, 2, 3], [3, 4], [])
    """
    cells = _COLUMN.split(tabbed(line))
    return [i for i, cell in enumerate(cells) if cell.strip()] if len(cells) > 1 else []


def _beginnings(line: str, columns: Sequence[int] = ()) -> tuple[str, ...]:
    """What a line may have in common with others of its kind, the plainest first; empty for what begins no record.

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
        return (f"row{columns[0]}", *_worded(line)) if len(columns) > 1 else ()
    return _worded(line)


def _worded(line: str) -> tuple[str, ...]:
    """The same by the line's first words alone."""
    text = line.lstrip(" \t|>*•-")
    quoted = ">" if line.lstrip().startswith(">") else ""
    if label := _LABEL.match(text):
        return (quoted + ("A:" if label[0].isupper() else label[0].casefold()),)
    kind = first_token(text)
    if kind != "W":
        return (f"{quoted}{kind}{(len(line) - len(text)) // DEEP or ''}",) if kind else ()
    word, _, rest = text.partition(" ")
    second = first_token(rest) if rest[:1].isalnum() else ""
    known = [f"{word.casefold()} {second}"] if second not in {"", "W"} else []
    return tuple(quoted + key for key in [*known, shape(text)] if key)


def _full(begins: list[tuple[str, ...]], chosen: str, filled: list[list[int]]) -> list[tuple[str, ...]]:
    """Beginnings without those of rows that hold far less than others: a label and its value above a table."""
    usual = median(len(cells) for begin, cells in zip(begins, filled, strict=True) if chosen in begin)
    pairs = zip(begins, filled, strict=True)
    return [() if chosen in begin and len(cells) < SPARSE * usual else begin for begin, cells in pairs]


def look(line: str) -> tuple[str, str]:
    """What tells lines of one kind from others: their shape, or, where they have none, how they begin."""
    known = shape(line)
    return known, "" if known else "".join(_beginnings(line, _parted(line))[:1])


def _chosen(begins: list[tuple[str, ...]]) -> str:
    """The beginning of records; "" where no beginning is common."""
    counts = Counter(key for begin in begins for key in begin)
    most = max(counts.values(), default=0)
    if most < LEAST:
        return ""
    return next(key for begin in begins for key in begin if counts[key] >= AS_COMMON * most)


def _figures(line: str) -> str:
    """The dates, times and amounts of a line."""
    return shape(line).partition(" ")[2]


def _usual(figures: list[str]) -> set[str]:
    """What lines hold that begin records, where it is much: a line that begins otherwise and holds it begins one, too."""
    return {f for f, n in Counter(figures).items() if len(f) >= MUCH and n >= USUAL * len(figures)}


def _page_start(document: Document, first: int, start: int) -> int:
    """Where a page begins between two offsets; the first of them where none does."""
    i = bisect_right(document.pages.start, start) - 1
    return max(first, document.pages.start[i]) if i >= 0 else first
