"""Labels in merged cells: one that stands beside several rows of a ruled table, as its cell reaches over them, labels each.

Only rules tell how far such a cell reaches: the next ones above and below that run through its column. Rules in between,
that end before it, part the rows that it covers. Lines under words and those of fractions are as wide as their text: rules
reach beyond it. And what has a line of its own in more than one of the rows is a column, no label.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
    over = _Over(rules)
    middle = _middles(rows)
    for label in list(_labels(rows, over)):
        within = np.flatnonzero((middle > label.top) & (middle < label.foot)).tolist()
        covered = [rows[i] for i in within]
        own = {strip.index for strip in label.strips}
        if len(covered) < 2 or any(_foreign(row, label, own) for row in covered):
            continue
        heads = _heads(covered, label, over)
        lines = sum(any(cell[1][0].index in own for cell in row) for row in heads)
        if len(heads) < 2 or lines > 1:
            continue
        for row in covered:
            row[:] = [cell for cell in row if cell[0] != label.column or cell[1][0].index not in own]
        for row in heads:
            row.append((label.column, label.strips))
            row.sort(key=lambda cell: cell[0])
        middle = _middles(rows)
    return Grid([row for row in rows if row], grid.gaps, grid.header_rows)


def _middles(rows: list[Row]) -> NDArray[np.float64]:
    """The height at which each row stands; none where it has no cell."""
    return np.array([(row[0][1][0].y0 + row[0][1][0].y1) / 2 if row else np.nan for row in rows])


class _Over:
    """For each cell its height, and those of the rules that run above or below all of its text, and beyond it."""

    def __init__(self, rules: Floats) -> None:
        at = (rules[:, 1] + rules[:, 3]) / 2
        order = np.argsort(at, kind="stable")
        self._at, self._left, self._right = at[order], rules[order, 0], rules[order, 2]
        self._known: dict[int, tuple[float, list[float]]] = {}

    def __call__(self, strips: list[Strip]) -> tuple[float, list[float]]:
        """The height of a cell, to the precision of the rules, and the rules from top to bottom."""
        known = self._known.get(id(strips))
        if known is None:
            over = (self._left < strips[0].x0 - _BEYOND) & (self._right > strips[-1].x1 + _BEYOND)
            known = float(np.float32((strips[0].y0 + strips[0].y1) / 2)), self._at[over].tolist()
            self._known[id(strips)] = known
        return known


def _labels(rows: list[Row], over: _Over) -> Iterator[_Label]:
    """Cells between rules above and below, the strips of each together."""
    found: dict[tuple[int, int, int], _Label] = {}
    for column, strips in (cell for row in rows for cell in row):
        y, heights = over(strips)
        above, below = bisect_left(heights, y), bisect_right(heights, y)
        if above and below < len(heights):
            top, foot = heights[above - 1], heights[below]
            known = found.setdefault((column, round(top), round(foot)), _Label(column, [], top, foot))
            known.strips.extend(strips)
    yield from found.values()


def _foreign(row: Row, label: _Label, own: set[int]) -> bool:
    """Whether a row has another cell in the label's column, of which `own` are the segments."""
    return any(column == label.column and strips[0].index not in own for column, strips in row)


def _heads(covered: list[Row], label: _Label, over: _Over) -> list[Row]:
    """The first line of each row that a label covers: those below the rules that part them, and do not reach the label."""
    own = {strip.index for strip in label.strips}
    heads: list[Row] = []
    last = -np.inf
    for row in covered:
        others = [strips for _, strips in row if strips[0].index not in own]
        if others:
            begin = _rule_above(others, label, over)
            if begin > last + _SAME:
                heads.append(row)
                last = begin
    return heads


def _rule_above(others: list[list[Strip]], label: _Label, over: _Over) -> float:
    """The height of the lowest rule above all of some cells of a row."""
    known = list(map(over, others))
    y = min(middle for middle, _ in known)
    found = [heights[above - 1] for _, heights in known if (above := bisect_left(heights, y))]
    lowest = max(found, default=-np.inf)
    return lowest if lowest > np.float32(label.top - _SAME) else label.top
