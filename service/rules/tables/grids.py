"""Build grids of header words and cell rows, from tables of the reader or from aligned pieces of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from thresher.schemas.document import Table
from thresher.service.rules.spans.line_pieces import Layout, Piece

Cell = tuple[int, int]  # range of the text
Heads = dict[int, str]  # words over each column
HEADER_MAX_ROWS = 3  # rows at the top of a table that may be its header


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One table: the words above each column, and the rows below."""

    start: int
    end: int
    heads: Heads
    rows: tuple[dict[int, Cell], ...]
    is_table: bool = False  # found by the reader


def grids(layout: Layout, wants: Callable[[Heads], bool]) -> Iterator[Grid]:
    """Yield every way to read a header in the tables of the text and in its aligned pieces; the caller chooses.

    `wants`: whether rows below such heads are of use at all; others are not collected.
    """
    for table in layout.document.tables:
        start, end = table.span()
        if layout.start <= start and end <= layout.end:
            yield from _of_table(layout.text, table, wants)
    yield from _of_pieces(layout, wants)


def _of_table(text: str, table: Table, wants: Callable[[Heads], bool]) -> Iterator[Grid]:
    start, end = table.span()
    rows = [{c: (s, e) for s, e, c in table.cells(r) if text[s:e].strip()} for r in range(len(table))]
    for last, row in enumerate(rows[:-1]):
        if len(row) < 2 or sum(c.isdigit() for s, e in row.values() for c in text[s:e]) > 2:
            continue
        for first in sorted({last, max(last - 1, 0)} if last < HEADER_MAX_ROWS else {last}):
            stop = _last_header_row(text, rows, last)
            heads = _heads(text, rows[first : stop + 1])
            if wants(heads):
                yield Grid(start=start, end=end, heads=heads, rows=tuple(rows[stop + 1 :]), is_table=True)


def _last_header_row(text: str, rows: list[dict[int, Cell]], last: int) -> int:
    """Return the last row of a header whose words continue in the rows below, in columns without a head."""
    headed = set(rows[last])
    for r in range(last + 1, min(last + 1 + HEADER_MAX_ROWS, len(rows))):
        texts = [text[s:e] for s, e in rows[r].values()]
        if len(texts) != 1 or set(rows[r]) & headed or any(c.isdigit() for w in texts for c in w) or len(texts[0]) > 20:
            return r - 1
    return last


def _heads(text: str, rows: list[dict[int, Cell]]) -> Heads:
    heads: Heads = {}
    for row in rows:
        for column, (s, e) in row.items():
            heads[column] = f"{heads.get(column, '')} {text[s:e]}".strip()
    return heads


def _of_pieces(layout: Layout, wants: Callable[[Heads], bool]) -> Iterator[Grid]:
    known: dict[
        tuple[object, ...], dict[int, dict[int, Cell]]
    ] = {}  # rows by where heads stand: mostly the same ones again
    for r, row in enumerate(layout.rows):
        heads = [layout.pieces[i] for i in row]
        if len(heads) < 2 or any(p.end - p.start > 40 for p in heads):
            continue
        words = {c: layout.text[p.start : p.end] for c, p in enumerate(heads)}
        if sum(ch.isdigit() for w in words.values() for ch in w) > 2 or not wants(words):
            continue
        cells = known.setdefault((heads[0].page, *((p.box[0], p.box[2]) for p in heads)), {})
        below = range(r + 1, len(layout.rows))
        cells.update({i: _cells_by_head(layout, heads, i) for i in below if i not in cells})
        rows = tuple(cells[i] for i in below if cells[i])
        if rows:
            yield Grid(start=heads[0].start, end=layout.end, heads=words, rows=rows)


def _cells_by_head(layout: Layout, heads: list[Piece], row: int) -> dict[int, Cell]:
    cells: dict[int, Cell] = {}
    for i in layout.rows[row]:
        piece = layout.pieces[i]
        if piece.page != heads[0].page:
            return {}
        column = min(range(len(heads)), key=lambda c: _distance(heads[c], piece))
        if column in cells and cells[column][1] <= piece.start:
            cells[column] = (cells[column][0], piece.end)
        else:
            cells.setdefault(column, (piece.start, piece.end))
    return cells


def _distance(head: Piece, piece: Piece) -> float:
    left, right = abs(head.box[0] - piece.box[0]), abs(head.box[2] - piece.box[2])
    centre = abs(head.box[0] + head.box[2] - piece.box[0] - piece.box[2]) / 2
    overlap = min(head.box[2], piece.box[2]) - max(head.box[0], piece.box[0])
    return min(left, right, centre) - (5.0 if overlap > 0 else 0.0)
