"""Ledger: an independent count of the lines that look like records, against those that some record claims.

What a record looks like is learned from the records that were found: the shape of a line is the sequence of its dates,
times and amounts and the kind of its first word, and a line of a shape that records have, which no record claims, is a
record that was missed. So is a table row with figures and words in the same columns as records have. Totals,
carried-forward lines, repeated headings and prose have other shapes or say what they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from schemas.document import BlockKind, Document, Table
from schemas.extraction import Extraction
from schemas.target import Target
from service.furniture import furniture
from service.line_shapes import shape

Range = tuple[int, int]

SHARE = 0.02  # of all records, that a shape must have to be one that records have
MOST = 0.5  # of the rows of one form in a table that records must claim before the others count as records
HARD = 2  # dates, times and amounts in a line that no record was found to look like
REPEATED = 5  # lines of one shape that are a list even if the model saw none of it
_TOTAL = re.compile(
    r"\b(sub-?\s?totals?|totals?|sum|carried|brought|balance (?:b/?f|c/?f|forward)|opening balance|closing balance|"
    r"zwischensumme|gesamt\w*|summe|übertrag|saldo|sous-total|total\w*|report|à reporter|suma|subtotaal|totaal|page)\b",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """One line of a Document."""

    start: int
    end: int
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The count of one Document."""

    expected: int  # lines that records claim, and unclaimed ones
    found: int  # records
    unclaimed: list[Range]  # in text order


def ledger_of(document: Document, extractions: list[Extraction], target: Target) -> Ledger:
    """The ledger of one Document over the target's lists of records, from all that was extracted from it."""
    if not target.lists:
        return Ledger(expected=0, found=0, unclaimed=[])
    lines = list(_lines(document.text))
    starts = [line.start for line in lines]
    claimed, homes, found = _claims(extractions, target, starts)
    shapes = _known_shapes(lines, homes, found)
    tables = _rows_like_records(document, starts, set(homes))
    apart = furniture(document)
    missed = [
        i
        for i, line in enumerate(lines)
        if i not in claimed and (line.shape in shapes or i in tables) and not _no_record(document, line, apart)
    ]
    return Ledger(expected=found + len(missed), found=found, unclaimed=[(lines[i].start, lines[i].end) for i in missed])


def _lines(text: str) -> Iterator[Line]:
    start = 0
    for piece in text.split("\n"):
        yield Line(start, start + len(piece), shape(piece))
        start += len(piece) + 1


def _claims(extractions: list[Extraction], target: Target, starts: list[int]) -> tuple[set[int], Counter[int], int]:
    """Lines that any value stands on; the line that most of each record stands on; how many records there are."""
    claimed: set[int] = set()
    homes: Counter[int] = Counter()
    found = 0
    for extraction in extractions:
        records: dict[str, Counter[int]] = {}
        for evidence in extraction.evidence:
            if evidence.start is None or evidence.end is None:
                continue
            first, last = (
                bisect_right(starts, at) - 1 for at in (evidence.start, max(evidence.end - 1, evidence.start))
            )
            claimed.update(range(first, last + 1))
            record = _record_of(evidence.path, target)
            if record is not None:
                records.setdefault(record, Counter())[first] += 1
        for places in records.values():
            homes[places.most_common(1)[0][0]] += 1
        found += len(records)
    return claimed, homes, found


def _record_of(path: str, target: Target) -> str | None:
    """The outermost list item that a path lies in, if it is a record of the target."""
    parts = path.split("/")
    for i, part in enumerate(parts):
        if part.isdigit():
            pattern = "/".join(parts[:i])
            return "/".join(parts[: i + 1]) if pattern in target.lists else None
    return None


def _known_shapes(lines: list[Line], homes: Counter[int], found: int) -> set[str]:
    """Shapes that records have; where no record was found, shapes that make a list by themselves."""
    if found:
        seen = Counter(lines[i].shape for i in homes)
        return {s for s, n in seen.items() if s and n >= max(2, SHARE * found)}
    seen = Counter(line.shape for line in lines if len(line.shape.partition(" ")[2]) >= HARD)
    return {s for s, n in seen.items() if n >= REPEATED}


def _rows_like_records(document: Document, starts: list[int], homes: set[int]) -> set[int]:
    """Lines of rows with figures and words in the columns where records of the same table have them.

    Only in tables where most rows of such a form are records.
    """
    found: set[int] = set()
    for table in document.tables:
        rows = {i: _form(document, table, r) for r, i in _body(table, starts)}
        forms = {form for i, form in rows.items() if i in homes}
        alike = {i for i, form in rows.items() if form in forms}
        if len(alike & homes) > max(1, MOST * len(alike)):
            found |= alike
    return found


def _body(table: Table, starts: list[int]) -> Iterator[tuple[int, int]]:
    """(row, line) of each row below the header that holds anything."""
    for r in range(table.header_rows, len(table)):
        start, end = table.row_range(r)
        if end > start:
            yield r, bisect_right(starts, start) - 1


def _form(document: Document, table: Table, row: int) -> tuple[tuple[int, bool], ...]:
    """The columns of a row that hold something, each with whether it holds figures."""
    cells = ((column, document.text[a:b]) for a, b, column in table.cells(row))
    return tuple((column, any(c.isdigit() for c in text)) for column, text in cells if text.strip())


def _no_record(document: Document, line: Line, apart: list[Range]) -> bool:
    """Whether a line says itself that it is no record, or stands in a Block that holds none, or on a page's edge."""
    text = document.text[line.start : line.end]
    if not text.strip() or _TOTAL.search(text):
        return True
    i = bisect_right(apart, (line.end, 0)) - 1
    if i >= 0 and apart[i][1] > line.start:
        return True
    i = bisect_right(document.blocks.start, line.start) - 1
    kind = document.blocks.kind[i] if i >= 0 and line.start < document.blocks.end[i] else BlockKind.PARAGRAPH
    return kind in {BlockKind.MAIL_HEADER, BlockKind.HEADING}
