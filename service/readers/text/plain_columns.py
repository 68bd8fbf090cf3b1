"""Find tables in plain text: columns between bars, tabs, or gutters of blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_RULE = re.compile(r"[ \t]*[|+:=_-][ \t|+:=_-]*")
_GAP = re.compile(r" {2,}|\t+")
_MIN_ROWS = 3
_ROW_MAX_CHARS = 400  # a longer line is prose or data, not a printed row
_SAMPLE_ROWS = 2000  # used to find the columns


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the index of its line in the run, and cells as (start, end, column) in that line."""

    line: int
    cells: tuple[tuple[int, int, int], ...]
    header: bool = False


Found = tuple[int, int, list[Row]]  # first line, line after the last, rows (with lines relative to the first)


def piped_rows(lines: list[str]) -> Iterator[Found]:
    """Yield runs of at least two lines with bars: `| a | b |`."""
    first = 0
    while first < len(lines):
        last = first
        while last < len(lines) and _is_piped(lines[last]):
            last += 1
        if last - first >= 2 and sum(not _RULE.fullmatch(x) for x in lines[first:last]) >= 2:
            yield first, last, _piped(lines[first:last])
        first = max(last, first + 1)


def _is_piped(line: str) -> bool:
    text = line.strip()
    return (text.count("|") >= 2 and text.startswith(("|", "+"))) or (
        text.startswith("+") and bool(_RULE.fullmatch(text))
    )


def _piped(lines: list[str]) -> list[Row]:
    ruled = next((i for i, x in enumerate(lines) if i and _RULE.fullmatch(x)), None)
    rows = []
    for i, line in enumerate(lines):
        if not _RULE.fullmatch(line):
            cells = tuple(_trimmed(line, a, b, column) for column, (a, b) in enumerate(_between_bars(line)))
            rows.append(Row(i, cells, header=ruled is not None and i < ruled))
    return rows


def _between_bars(line: str) -> Iterator[tuple[int, int]]:
    bars = [i for i, c in enumerate(line) if c == "|" and (i == 0 or line[i - 1] != "\\")]
    if bars and line[bars[-1] + 1 :].strip():
        bars.append(len(line))
    for a, b in pairwise(bars):
        yield a + 1, b


def _trimmed(line: str, a: int, b: int, column: int) -> tuple[int, int, int]:
    text = line[a:b]
    start = a + len(text) - len(text.lstrip())
    return (start, start + len(text.strip()), column)


def aligned_rows(lines: list[str]) -> Iterator[Found]:
    """Yield runs of at least three lines whose gaps are aligned, or that all have tabs."""
    first = 0
    while first < len(lines):
        last = first
        while last < len(lines) and _has_gap(lines[last]):
            last += 1
        if last - first >= _MIN_ROWS:
            rows = _by_tabs(lines[first:last]) or _by_gutters(lines[first:last])
            if rows:
                yield first, last, rows
        first = max(last, first + 1)


def _has_gap(line: str) -> bool:
    return len(line) <= _ROW_MAX_CHARS and (bool(_GAP.search(line.strip())) or bool(_RULE.fullmatch(line)))


def _by_tabs(lines: list[str]) -> list[Row]:
    """Return rows with cells between single tabs, if the counts of tabs differ by one at most; else none."""
    counts = {line.strip("\n").count("\t") for line in lines}
    if min(counts) == 0 or max(counts) - min(counts) > 1:
        return []
    rows = []
    for i, line in enumerate(lines):
        at, cells = 0, []
        for column, piece in enumerate(line.split("\t")):
            cells.append(_trimmed(line, at, at + len(piece), column))
            at += len(piece) + 1
        rows.append(Row(i, tuple(cells)))
    return rows


def _by_gutters(lines: list[str]) -> list[Row]:
    """Return rows with cells between the character columns that are blank in every row; none for no table."""
    if any("\t" in line for line in lines):
        return []
    written = [(i, line) for i, line in enumerate(lines) if not _RULE.fullmatch(line)]
    edges = _edges([line for _, line in written[:_SAMPLE_ROWS]])
    if len(edges) < 2 or len(written) < _MIN_ROWS:
        return []
    ruled = len(lines) > 1 and bool(_RULE.fullmatch(lines[1]))
    rows = [Row(i, _cells(line, edges), header=ruled and i == 0) for i, line in written]
    filled = sum(len(row.cells) >= 2 for row in rows)
    return rows if filled >= 0.8 * len(rows) else []


def _edges(lines: list[str]) -> list[int]:
    """Return where each column begins: after at least two characters that are blank in every line."""
    width = max(map(len, lines), default=0)
    used = bytearray(width)
    for line in lines:
        for found in re.finditer(r"\S+(?: \S+)*", line):
            used[found.start() : found.end()] = b"\1" * (found.end() - found.start())
    return [found.start(1) for found in re.finditer(rb"(?:^|\x00\x00)\x00*(\x01)", bytes(used))]


def _cells(line: str, edges: list[int]) -> tuple[tuple[int, int, int], ...]:
    ends = [*edges[1:], max(len(line), edges[-1])]
    cells = (_trimmed(line, a, b, column) for column, (a, b) in enumerate(zip(edges, ends, strict=True)))
    return tuple(cell for cell in cells if cell[0] < cell[1])
