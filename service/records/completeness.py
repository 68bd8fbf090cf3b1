"""Count independently how many records a text seems to contain, and compare with those extracted.

Where the Structure knows where records begin, a record was missed if no extracted one stands in it and its first line
looks like first lines of extracted ones. Single lines count, too: a line without a value, whose shape is a shape of
records, is a missed record; so is a table row with figures and words in the same columns as records. Totals, lines that
carry a sum forward, repeated headings and prose have other shapes, or words that say what they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from thresher.schemas.document import BlockKind, Document
from thresher.schemas.extraction import Extraction
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused
from thresher.service.records.cell_records import missed_cells
from thresher.service.records.line_shapes import repeats, shape
from thresher.service.records.marked_entries import LineMarks, found_entries, line_marks, lines_of_found, missed_entries
from thresher.service.records.membership import Candidate, members_like
from thresher.service.records.record_lines import ListLines, RecordLines, record_lines_of
from thresher.service.records.structure import Structure, line_look, structure_of
from thresher.service.records.suspicious.dismissed_lines import FoundRecords, remaining_groups
from thresher.service.records.suspicious.overrun_values import overrun_lines
from thresher.service.records.table_rows import rows_like_records
from thresher.service.records.text_lines import lines_of

Range = tuple[int, int]

LINES_APART = 10  # lines that separate one stretch of a list from another
PARTLY_FILLED_SHARE = 0.5  # share of lines with room for several records; if as many are not full, that is usual
MAX_LINES_FACTOR = 4  # times as many lines as most records have: the limit for one record
HEADING_MAX_CHARS = 60  # code points that a line may have to head a section
ROW_MIN_VALUES = 2  # values on a table row from which a record stands there
TELLING_MIN_FIGURES = 2  # dates, times and amounts by which a line counts although no record has its shape
ENTRY_TOKENS = ("D", "T", "I", "N")  # tokens (line_shapes) with which entries begin: a date, a time, a code or a number
LIST_MIN_LINES = 5  # lines of one shape that make a list even if the model returned none of it
_TOTAL = re.compile(
    r"\b(?:(?:sub-?\s?totals?|totals?|sum|summe|total\w*|totaal|suma|report)(?=\s*(?:$|[:;|\t(]|  |[-+−$€£¥]?\d)|"
    r"\s+(?:for|of|in|per|on|to|as|at|due|amounts?|balance|debits?|credits?|deposits?|withdrawals?|paid|page|für|der|pour|des|del|por)\b)|"
    r"(?:carried|brought) (?:forward|over|down|fwd)|balance (?:b/?f|c/?f|forward)|(?:opening|closing|old|new|previous) balance|"
    r"zwischensumme|gesamt(?:summe|betrag)|übertrag|saldo|sous-total|à reporter|subtotaal|page (?:total|\d))",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """One line of a Document: offsets, and its shape."""

    start: int
    end: int
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCount:
    """The count of one Document."""

    expected: int  # records that were found or missed
    found: int  # records
    unclaimed: list[tuple[Range, ...]]  # the lines of each missed record, in text order
    # the lines of each record that a model says is none
    dismissed: list[tuple[Range, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class LineIndex:
    """What the lines of a Document show without any extraction: computed once for all its RecordCounts."""

    document: Document
    known: Structure

    @cached_property
    def lines(self) -> list[Line]:
        """Return all lines."""
        return list(_lines(self.document.text))

    @cached_property
    def starts(self) -> list[int]:
        """Return where lines begin."""
        return [line.start for line in self.lines]

    @cached_property
    def body(self) -> list[bool]:
        """Return for each line whether it may be part of a record."""
        return [not _is_no_record(self.document, line, self.known) for line in self.lines]

    @cached_property
    def records(self) -> dict[int, tuple[int, ...]]:
        """Return the lines of each record of the Structure, by its number."""
        return {
            number: record
            for number, group in groupby(range(len(self.lines)), lambda i: self.known.record(self.lines[i].end))
            if number and (record := _record_lines(self.document, list(group), self.lines, self.body, self.known))
        }

    @cached_property
    def firsts(self) -> list[Candidate]:
        """Return a Candidate for the first line of each record of the Structure."""
        heads = [line.start for line in self.lines if _is_heading(self.document, line, self.known)]
        return [_candidate(self.document, n, self.lines[r[0]], heads) for n, r in self.records.items()]

    @cached_property
    def shaped(self) -> list[Candidate]:
        """Return a Candidate for each line that has a shape."""
        pairs = zip(self.lines, self.body, strict=True)
        return [_candidate(self.document, i, line) for i, (line, body) in enumerate(pairs) if line.shape and body]

    @cached_property
    def marked(self) -> LineMarks:
        """Return the marks of its lines."""
        return line_marks(self.document, [(line.start, line.end) for line in self.lines], self.body)

    @gc_paused()
    def work_out(self) -> None:
        """Compute everything now, while answers of the model are awaited."""
        _ = self.starts, self.firsts, self.shaped, self.marked


@gc_paused()
def record_count_of(
    document: Document,
    extractions: list[Extraction],
    target: Target,
    known: Structure | None = None,
    index: LineIndex | None = None,
) -> RecordCount:
    """Return the RecordCount of one Document over the target's lists of records.

    `extractions`: all that was extracted from it; `known`: its Structure, and `index`: its LineIndex, where already made.
    """
    if not target.lists:
        return RecordCount(expected=0, found=0, unclaimed=[])
    known = known or structure_of(document, nested=target.nested)
    index = index or LineIndex(document, known)
    lines = index.lines
    claims = record_lines_of(extractions, target, index.starts, known)
    known_entries = found_entries(extractions, target, index.starts)
    own = lines_of_found(known_entries, {i for i, line in enumerate(lines) if not line.shape})
    missed = [record for record in _missed_records(index, claims) if record and record[0] not in own]
    inside = {i for record in missed for i in record}
    left = {i for i in _missed_lines(index, claims) if i not in own}
    if any(claim.crowded for claim in claims.lists.values()):
        left |= missed_cells(document, extractions, target, index.starts)
    passed = overrun_lines(document.text, extractions, target, index.starts)
    left |= {i for i in passed if index.body[i] and not claims.values[i]}
    held = {i for i, n in claims.values.items() if n >= ROW_MIN_VALUES} | claims.homes | inside | own
    missed += missed_entries(document, index.marked, known_entries, claims.lines, held)
    alone = sorted(left - {i for record in missed for i in record})
    missed += _with_outer_lines(alone, lines, known) if target.nested else [(i,) for i in alone]
    kept = remaining_groups(FoundRecords(document, index.starts, claims, extractions, target), sorted(missed))
    dismissed = {at for x in extractions for at in x.dismissed}
    none = [g for g in kept.groups if kept.wanted.isdisjoint(g) and all(lines[i].start in dismissed for i in g)]
    unclaimed, gone = (
        [tuple((lines[i].start, lines[i].end) for i in g) for g in kept.groups if (g in none) is is_none]
        for is_none in (False, True)
    )
    return RecordCount(expected=claims.found + len(unclaimed), found=claims.found, unclaimed=unclaimed, dismissed=gone)


def _lines(text: str) -> Iterator[Line]:
    return (Line(a, b, shape(text[a:b])) for a, b in lines_of(text))


def _missed_records(index: LineIndex, claims: RecordLines) -> list[tuple[int, ...]]:
    """Return the lines of each record that no extraction matched but that looks like a record of the same list."""
    held = claims.records
    missed = {n for c in claims.lists.values() for n in members_like(index.firsts, c.records, crowded=c.crowded)} - held
    most = _record_max_lines([r for number, r in index.records.items() if number in held], claims)
    return [_with_continuation(index, r, most) for number, r in index.records.items() if number in missed]


def _with_continuation(index: LineIndex, record: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Return at most `most` lines of a record, and the lines that continue it.

    It is continued up to a blank line, a title in capitals or `MAX_LINES_FACTOR` times `most`; blank lines at a page's edge do not end it.
    """
    end = min(most, len(record))
    while (
        0 < end < min(len(record), MAX_LINES_FACTOR * most)
        and index.body[record[end]]
        and record[end] not in index.marked.titles
    ):
        if _is_separated(range(record[end - 1], record[end]), index.lines, index.known):
            break
        end += 1
    return record[:end]


def _is_separated(between: range, lines: list[Line], known: Structure) -> bool:
    """Whether there is a blank line but no page furniture between two lines of a record."""
    inner = [lines[i] for i in between[1:]]
    return any(line.end == line.start for line in inner) and not any(known.is_apart(line.start) for line in inner)


def _with_outer_lines(missed: list[int], lines: list[Line], known: Structure) -> Iterator[tuple[int, ...]]:
    """Yield missed inner records, those of one outer record together with the line that the outer one begins with."""
    starts = [line.start for line in lines]
    for number, group in groupby(sorted(missed), lambda i: known.record(lines[i].end)):
        head = bisect_right(starts, known.starts[number - 1]) - 1 if number else -1
        while 0 <= head < len(lines) and lines[head].end == lines[head].start:
            head += 1
        inner = tuple(group)
        yield inner if head < 0 or head in inner else (head, *inner)


def _is_heading(document: Document, line: Line, known: Structure) -> bool:
    """Whether a line may begin a section: short, without digits, in capitals or with a colon at its end, no page furniture."""
    text = document.text[line.start : line.end].strip()
    if not text or len(text) > HEADING_MAX_CHARS or not (text.isupper() or text.endswith(":")):
        return False
    return not any(c.isdigit() for c in text) and not known.is_apart(line.start)


def _candidate(document: Document, place: int, line: Line, heads: Sequence[int] = ()) -> Candidate:
    """Return the Candidate of a line, by its shape or else its beginning.

    Where this is weak evidence, the line counts only next to rows of similar tables.
    """
    seen = (line.shape, "") if line.shape else line_look(document.text[line.start : line.end])
    first, _, figures = line.shape.lstrip(">").partition(" ")
    is_firm = bool(line.shape) and (first != "W" or len(figures) > TELLING_MIN_FIGURES)
    make = None if is_firm else _table_signature(document, line.start)
    return Candidate(place, seen, bool(line.shape), bisect_right(heads, line.start), make, first in ENTRY_TOKENS)


def _table_signature(document: Document, offset: int) -> Hashable:
    """Return what similar tables have in common: their header rows, or else the number of their columns.

    None outside tables.
    """
    table = document.table_at(offset) if document.kind != "text" else None
    if table is None:
        return None
    head = tuple(document.text[slice(*table.row_range(r))].casefold() for r in range(table.header_rows))
    return head or max(table.column, default=0)


def _record_lines(
    document: Document, group: list[int], lines: list[Line], body: list[bool], known: Structure
) -> tuple[int, ...]:
    """Return the lines of a record from the first possible one, without blank lines and page furniture.

    () below a total.
    """
    shown = [i for i in group if lines[i].end > lines[i].start and not known.is_apart(lines[i].start)]
    first = next((n for n, i in enumerate(shown) if body[i]), len(shown))
    above = (i for i in shown[:first] if _block_kind(document, lines[i]) != BlockKind.HEADING)
    is_total = any(_TOTAL.search(document.text, lines[i].start, lines[i].end) for i in above)
    return () if is_total else tuple(shown[first:])


def _record_max_lines(records: list[tuple[int, ...]], claims: RecordLines) -> int:
    """Return how many lines a record has at most, by the lines that have values.

    Text after that may be something else.
    """
    sizes = sorted(max((n for n, i in enumerate(r, 1) if i in claims.lines), default=1) for r in records)
    return min(sizes[-1], MAX_LINES_FACTOR * (sizes[len(sizes) // 2] + 1)) if sizes else 0


def _missed_lines(index: LineIndex, claims: RecordLines) -> Iterator[int]:
    """Yield the numbers of lines that look like lines of records but have no value."""
    lines, body, shapes = index.lines, index.body, _lines_shaped_like_records(index, claims)
    tables = {i for claim in claims.lists.values() for i in rows_like_records(index.document, index.starts, claim)}
    for i in range(len(lines)):
        is_row = i in tables and claims.values[i] < ROW_MIN_VALUES and i not in claims.homes
        if body[i] and (is_row or (i in shapes and i not in claims.lines)):
            yield i
    yield from (i for claim in claims.lists.values() if claim.crowded for i in _partly_filled_lines(lines, claim))


def _partly_filled_lines(lines: list[Line], claim: ListLines) -> Iterator[int]:
    """Yield lines with fewer records side by side than their shape has room for, where most lines are full."""
    room = {i: n for i in claim.places if (n := repeats(lines[i].shape)) > 1}
    short = [i for i, n in room.items() if claim.places[i] < n]
    if len(short) < PARTLY_FILLED_SHARE * len(room):
        yield from short


def _lines_shaped_like_records(index: LineIndex, claims: RecordLines) -> set[int]:
    """Return the lines with shapes of nearby records.

    Where no record was found, with shapes common enough for a list.
    """
    if claims.found:
        lists = claims.lists.values()
        return {i for c in lists for i in members_like(index.shaped, c.homes, LINES_APART, crowded=c.crowded)}
    lines = index.lines
    seen = Counter(line.shape for line in lines if len(line.shape.partition(" ")[2]) >= TELLING_MIN_FIGURES)
    return {i for i, line in enumerate(lines) if seen[line.shape] >= LIST_MIN_LINES}


def _is_no_record(document: Document, line: Line, known: Structure) -> bool:
    """Whether a line cannot be a record: it is blank, a total, page furniture, a heading or a mail header."""
    text = document.text[line.start : line.end]
    if not text.strip() or _TOTAL.search(text) or known.is_apart(line.start):
        return True
    return _block_kind(document, line) in {BlockKind.MAIL_HEADER, BlockKind.HEADING}


def _block_kind(document: Document, line: Line) -> BlockKind:
    """Return the kind of the Block that a line is in."""
    i = bisect_right(document.blocks.start, line.start) - 1
    inside = i >= 0 and line.start < document.blocks.end[i]
    return BlockKind(document.blocks.kind[i]) if inside else BlockKind.PARAGRAPH
