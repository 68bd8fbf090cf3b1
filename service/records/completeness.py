"""RecordCount: an independent count of the records that a text seems to hold, against those that were found.

Where the Structure tells where records begin, every record that no found one stands in was missed, if its first line
looks as those of found ones do. Beside that the lines count: the shape of a line is the kind of its first word and its
dates, times and amounts; a line of a shape that records have, which no value stands on, is a record that was missed. So is
a table row with figures and words in the same columns as records have. Totals, carried-forward lines, repeated headings
and prose have other shapes or say what they are.
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
from thresher.service.records.marked_entries import Marked, entries, marked, siblings, standing
from thresher.service.records.membership import Candidate, members_like
from thresher.service.records.record_lines import Claim, Claims, claims_of
from thresher.service.records.structure import Structure, look, structure
from thresher.service.records.suspicious.dismissed_lines import Found, sifted
from thresher.service.records.suspicious.overrun_values import run_over
from thresher.service.records.table_rows import rows_like_records
from thresher.service.records.text_lines import lines_of

Range = tuple[int, int]

LINES_APART = 10  # lines that part one stretch of a list from another
SHORT = 0.5  # of the lines with room for several records: where more hold fewer, that is their way
LONG = 4  # times as many lines as most records have, which no record is taken to exceed
HEADING = 60  # code points of a line that heads a section
STRAY = 2  # values on a row of a table: with fewer no record stands there
HARD = 2  # dates, times and amounts in a line that no record was found to look like
REPEATED = 5  # lines of one shape that are a list even if the model saw none of it
_TOTAL = re.compile(
    r"\b(?:(?:sub-?\s?totals?|totals?|sum|summe|total\w*|totaal|suma|report)(?=\s*(?:$|[:;|\t(]|  |[-+−$€£¥]?\d)|"
    r"\s+(?:for|of|in|per|on|to|as|at|due|amounts?|balance|debits?|credits?|deposits?|withdrawals?|paid|page|für|der|pour|des|del|por)\b)|"
    r"(?:carried|brought) (?:forward|over|down|fwd)|balance (?:b/?f|c/?f|forward)|(?:opening|closing|old|new|previous) balance|"
    r"zwischensumme|gesamt(?:summe|betrag)|übertrag|saldo|sous-total|à reporter|subtotaal|page (?:total|\d))",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """One line of a Document."""

    start: int
    end: int
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCount:
    """The count of one Document."""

    expected: int  # records that were found, and those that were missed
    found: int  # records
    unclaimed: list[tuple[Range, ...]]  # the lines of each missed record, in text order
    dismissed: list[tuple[Range, ...]] = field(
        default_factory=list
    )  # the same, of which a model says that they are none


@dataclass(frozen=True)
class LineIndex:
    """What a Document's lines say by themselves, whatever was found: worked out once for all its ledgers."""

    document: Document
    known: Structure

    @cached_property
    def lines(self) -> list[Line]:
        """All of them."""
        return list(_lines(self.document.text))

    @cached_property
    def starts(self) -> list[int]:
        """Where they begin."""
        return [line.start for line in self.lines]

    @cached_property
    def body(self) -> list[bool]:
        """Whether each may be of a record."""
        return [not _no_record(self.document, line, self.known) for line in self.lines]

    @cached_property
    def records(self) -> dict[int, tuple[int, ...]]:
        """The lines of each record of the Structure."""
        return {
            number: record
            for number, group in groupby(range(len(self.lines)), lambda i: self.known.record(self.lines[i].end))
            if number and (record := _written(self.document, list(group), self.lines, self.body, self.known))
        }

    @cached_property
    def firsts(self) -> list[Candidate]:
        """What the first line of each record tells."""
        heads = [line.start for line in self.lines if _is_heading(self.document, line, self.known)]
        return [_candidate(self.document, n, self.lines[r[0]], heads) for n, r in self.records.items()]

    @cached_property
    def shaped(self) -> list[Candidate]:
        """What each line that has a shape tells."""
        pairs = zip(self.lines, self.body, strict=True)
        return [_candidate(self.document, i, line) for i, (line, body) in enumerate(pairs) if line.shape and body]

    @cached_property
    def marked(self) -> Marked:
        """What its lines bear."""
        return marked(self.document, [(line.start, line.end) for line in self.lines], self.body)

    @gc_paused()
    def work_out(self) -> None:
        """Work it out now: while answers are awaited there is time."""
        _ = self.starts, self.firsts, self.shaped, self.marked


@gc_paused()
def record_count_of(
    document: Document,
    extractions: list[Extraction],
    target: Target,
    known: Structure | None = None,
    said: LineIndex | None = None,
) -> RecordCount:
    """The ledger of one Document over the target's lists of records, from all that was extracted from it.

    `known` is the Document's Structure, `said` what its lines say, where these were made before.
    """
    if not target.lists:
        return RecordCount(expected=0, found=0, unclaimed=[])
    known = known or structure(document, nested=target.nested)
    said = said or LineIndex(document, known)
    lines = said.lines
    claims = claims_of(extractions, target, said.starts, known)
    known_entries = entries(extractions, target, said.starts)
    own = standing(known_entries, {i for i, line in enumerate(lines) if not line.shape})
    missed = [record for record in _missed_records(said, claims) if record and record[0] not in own]
    inside = {i for record in missed for i in record}
    left = {i for i in _missed_lines(said, claims) if i not in own}
    if any(claim.crowded for claim in claims.lists.values()):
        left |= missed_cells(document, extractions, target, said.starts)
    passed = run_over(document.text, extractions, target, said.starts)
    left |= {i for i in passed if said.body[i] and not claims.values[i]}
    held = {i for i, n in claims.values.items() if n >= STRAY} | claims.homes | inside | own
    missed += siblings(document, said.marked, known_entries, claims.lines, held)
    alone = sorted(left - {i for record in missed for i in record})
    missed += _with_heads(alone, lines, known) if target.nested else [(i,) for i in alone]
    kept = sifted(Found(document, said.starts, claims, extractions, target), sorted(missed))
    dismissed = {at for x in extractions for at in x.dismissed}
    none = [g for g in kept.groups if kept.wanted.isdisjoint(g) and all(lines[i].start in dismissed for i in g)]
    unclaimed, gone = (
        [tuple((lines[i].start, lines[i].end) for i in g) for g in kept.groups if (g in none) is is_none]
        for is_none in (False, True)
    )
    return RecordCount(expected=claims.found + len(unclaimed), found=claims.found, unclaimed=unclaimed, dismissed=gone)


def _lines(text: str) -> Iterator[Line]:
    return (Line(a, b, shape(text[a:b])) for a, b in lines_of(text))


def _missed_records(said: LineIndex, claims: Claims) -> list[tuple[int, ...]]:
    """The lines of each record of the Structure that none of the found ones stands in, and that is of a list of theirs."""
    held = claims.records
    missed = {n for c in claims.lists.values() for n in members_like(said.firsts, c.records, crowded=c.crowded)} - held
    most = _longest([r for number, r in said.records.items() if number in held], claims)
    return [_own(said, r, most) for number, r in said.records.items() if number in missed]


def _own(said: LineIndex, record: tuple[int, ...], most: int) -> tuple[int, ...]:
    """The lines of a record up to so many, and what goes on below them without a blank line or a title, but for a page's edge."""
    end = min(most, len(record))
    while 0 < end < min(len(record), LONG * most) and said.body[record[end]] and record[end] not in said.marked.titles:
        if _is_parted(range(record[end - 1], record[end]), said.lines, said.known):
            break
        end += 1
    return record[:end]


def _is_parted(between: range, lines: list[Line], known: Structure) -> bool:
    """Whether there is a blank line, and no page furniture, below the first of some lines and above the next one."""
    inner = [lines[i] for i in between[1:]]
    return any(line.end == line.start for line in inner) and not any(known.is_apart(line.start) for line in inner)


def _with_heads(missed: list[int], lines: list[Line], known: Structure) -> Iterator[tuple[int, ...]]:
    """Lines of records in records, those of one outer record together with the line that it begins with."""
    starts = [line.start for line in lines]
    for number, group in groupby(sorted(missed), lambda i: known.record(lines[i].end)):
        head = bisect_right(starts, known.starts[number - 1]) - 1 if number else -1
        while 0 <= head < len(lines) and lines[head].end == lines[head].start:
            head += 1
        inner = tuple(group)
        yield inner if head < 0 or head in inner else (head, *inner)


def _is_heading(document: Document, line: Line, known: Structure) -> bool:
    """Whether a line may begin a section: in capitals, or a word or two and a colon; page furniture is none."""
    text = document.text[line.start : line.end].strip()
    if not text or len(text) > HEADING or not (text.isupper() or text.endswith(":")):
        return False
    return not any(c.isdigit() for c in text) and not known.is_apart(line.start)


def _candidate(document: Document, place: int, line: Line, heads: Sequence[int] = ()) -> Candidate:
    """What a line tells: where it has a shape, that; a weak one counts only among rows of tables of one make."""
    seen = (line.shape, "") if line.shape else look(document.text[line.start : line.end])
    first, _, figures = line.shape.lstrip(">").partition(" ")
    is_firm = bool(line.shape) and (first != "W" or len(figures) > HARD)
    section = bisect_right(heads, line.start)
    return Candidate(place, seen, bool(line.shape), section, None if is_firm else _make(document, line.start))


def _make(document: Document, offset: int) -> Hashable:
    """What tables of one make have in common: their heads, or else the number of their columns."""
    table = document.table_at(offset) if document.kind != "text" else None
    if table is None:
        return None
    head = tuple(document.text[slice(*table.row_range(r))].casefold() for r in range(table.header_rows))
    return head or max(table.column, default=0)


def _written(
    document: Document, group: list[int], lines: list[Line], body: list[bool], known: Structure
) -> tuple[int, ...]:
    """Lines of a record from the first that may be one's, without blank ones and page furniture; none of a total."""
    shown = [i for i in group if lines[i].end > lines[i].start and not known.is_apart(lines[i].start)]
    first = next((n for n, i in enumerate(shown) if body[i]), len(shown))
    above = (i for i in shown[:first] if _kind(document, lines[i]) != BlockKind.HEADING)
    is_total = any(_TOTAL.search(document.text, lines[i].start, lines[i].end) for i in above)
    return () if is_total else tuple(shown[first:])


def _longest(records: list[tuple[int, ...]], claims: Claims) -> int:
    """How many lines a record has at most, as far as values stand on them: behind that other text may follow."""
    sizes = sorted(max((n for n, i in enumerate(r, 1) if i in claims.lines), default=1) for r in records)
    return min(sizes[-1], LONG * (sizes[len(sizes) // 2] + 1)) if sizes else 0


def _missed_lines(said: LineIndex, claims: Claims) -> Iterator[int]:
    """Lines that look like the lines of records, and on which no value stands."""
    lines, body, shapes = said.lines, said.body, _shapes(said, claims)
    tables = {i for claim in claims.lists.values() for i in rows_like_records(said.document, said.starts, claim)}
    for i in range(len(lines)):
        is_row = i in tables and claims.values[i] < STRAY and i not in claims.homes
        if body[i] and (is_row or (i in shapes and i not in claims.lines)):
            yield i
    yield from (i for claim in claims.lists.values() if claim.crowded for i in _half_read(lines, claim))


def _half_read(lines: list[Line], claim: Claim) -> Iterator[int]:
    """Lines of records side by side with fewer of them than they have room for, where most are full."""
    room = {i: n for i in claim.places if (n := repeats(lines[i].shape)) > 1}
    short = [i for i, n in room.items() if claim.places[i] < n]
    if len(short) < SHORT * len(room):
        yield from short


def _shapes(said: LineIndex, claims: Claims) -> set[int]:
    """Lines of the shapes that records beside them have; where no record was found, of shapes that make a list."""
    if claims.found:
        lists = claims.lists.values()
        return {i for c in lists for i in members_like(said.shaped, c.homes, LINES_APART, crowded=c.crowded)}
    lines = said.lines
    seen = Counter(line.shape for line in lines if len(line.shape.partition(" ")[2]) >= HARD)
    return {i for i, line in enumerate(lines) if seen[line.shape] >= REPEATED}


def _no_record(document: Document, line: Line, known: Structure) -> bool:
    """Whether a line says itself that it is no record, or stands in a Block that holds none, or on a page's edge."""
    text = document.text[line.start : line.end]
    if not text.strip() or _TOTAL.search(text) or known.is_apart(line.start):
        return True
    return _kind(document, line) in {BlockKind.MAIL_HEADER, BlockKind.HEADING}


def _kind(document: Document, line: Line) -> BlockKind:
    """The kind of the Block that a line stands in."""
    i = bisect_right(document.blocks.start, line.start) - 1
    inside = i >= 0 and line.start < document.blocks.end[i]
    return BlockKind(document.blocks.kind[i]) if inside else BlockKind.PARAGRAPH
