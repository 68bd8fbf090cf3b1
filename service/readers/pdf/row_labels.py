"""Labels in merged cells: one that stands beside several rows of a ruled table, as its cell reaches over them, labels each.

Only rules tell how far such a cell reaches: the next ones above and below that run through its column. Rules in between,
that end before it, part the rows that it covers. Lines under words and those of fractions are as wide as their text: rules
reach beyond it. And what has a line of its own in more than one of the rows is a column, no label.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.readers.pdf.layout import Grid
from service.readers.pdf.library import Floats
from service.readers.pdf.rows import Strip

_SAME = 2.0  # points: rules nearer than this are one
_BEYOND = 1.0  # points: how far beyond a text on both sides a rule must reach

Row = list[tuple[int, list[Strip]]]


@dataclass(frozen=True, slots=True)
class _Label:
    column: int
    strips: list[Strip]
    top: float
    foot: float


def labelled(grid: Grid, rules: Floats) -> Grid:
    """The table, each label of a merged cell in the first line of every row that the cell reaches over."""
    if not len(rules) or len(grid.rows) < 2:
        return grid
    rows: list[Row] = [list(row) for row in grid.rows]
    for label in list(_labels(rows, rules)):
        covered = [row for row in rows if row and _is_within(row, label)]
        heads = _heads(covered, label, rules)
        own = {strip.index for strip in label.strips}
        lines = sum(any(cell[1][0].index in own for cell in row) for row in heads)
        if len(heads) < 2 or lines > 1 or any(_foreign(row, label) for row in covered):
            continue
        for row in covered:
            row[:] = [cell for cell in row if cell[0] != label.column or cell[1][0].index not in own]
        for row in heads:
            row.append((label.column, label.strips))
            row.sort(key=lambda cell: cell[0])
    return Grid([row for row in rows if row], grid.gaps, grid.header_rows)


def _labels(rows: list[Row], rules: Floats) -> Iterator[_Label]:
    """Cells between rules above and below, the strips of each together."""
    found: dict[tuple[int, int, int], _Label] = {}
    for column, strips in (cell for row in rows for cell in row):
        y = (strips[0].y0 + strips[0].y1) / 2
        through = rules[_reach_over(strips, rules)]
        at = (through[:, 1] + through[:, 3]) / 2
        above, below = at[at < y], at[at > y]
        if len(above) and len(below):
            top, foot = float(above.max()), float(below.min())
            known = found.setdefault((column, round(top), round(foot)), _Label(column, [], top, foot))
            known.strips.extend(strips)
    yield from found.values()


def _reach_over(strips: list[Strip], rules: Floats) -> NDArray[np.bool_]:
    """Which rules run above or below all of a cell's text, and beyond it."""
    over: NDArray[np.bool_] = (rules[:, 0] < strips[0].x0 - _BEYOND) & (rules[:, 2] > strips[-1].x1 + _BEYOND)
    return over


def _is_within(row: Row, label: _Label) -> bool:
    strip = row[0][1][0]
    return label.top < (strip.y0 + strip.y1) / 2 < label.foot


def _foreign(row: Row, label: _Label) -> bool:
    """Whether a row has another cell in the label's column."""
    own = {strip.index for strip in label.strips}
    return any(column == label.column and strips[0].index not in own for column, strips in row)


def _heads(covered: list[Row], label: _Label, rules: Floats) -> list[Row]:
    """The first line of each row that a label covers: those below the rules that part them, and do not reach the label."""
    own = {strip.index for strip in label.strips}
    heads: list[Row] = []
    last = -np.inf
    for row in covered:
        others = [strips for _, strips in row if strips[0].index not in own]
        if others:
            begin = _rule_above(others, label, rules)
            if begin > last + _SAME:
                heads.append(row)
                last = begin
    return heads


def _rule_above(others: list[list[Strip]], label: _Label, rules: Floats) -> float:
    """The height of the lowest rule above all of some cells of a row."""
    y = min((strips[0].y0 + strips[0].y1) / 2 for strips in others)
    at = (rules[:, 1] + rules[:, 3]) / 2
    through = np.array([_reach_over(strips, rules) for strips in others]).any(axis=0)
    above = at[through & (at < y) & (at > label.top - _SAME)]
    return float(above.max()) if len(above) else label.top
