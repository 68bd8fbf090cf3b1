"""Labels in merged cells: one that stands beside several rows of a ruled table, as its cell reaches over them, labels each.

Only rules tell how far such a cell reaches: the next ones above and below that run through its column. Rules in between,
that end before it, part the rows that it covers. Lines under words and those of fractions are as wide as their text: rules
reach beyond it. And what has a line of its own in more than one of the rows is a column, no label.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.readers.pdf.layout import Grid
from service.readers.pdf.library import Floats
from service.readers.pdf.rows import Strip

_SAME = 2.0  # points: rules nearer than this are one
_AT_ONCE = 256  # cells that are compared with all rules
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
    labels = list(_labels(rows, rules))
    tops, feet = np.array([label.top for label in labels]), np.array([label.foot for label in labels])
    middle = _middles(rows)
    several = _several(tops, feet, middle)
    ruled = over.between(tops, feet)
    for i, label in enumerate(labels):
        if ruled[i] and several[i] and _is_placed(rows, label, over, middle):
            middle = _middles(rows)
            several = _several(tops, feet, middle)
    return Grid([row for row in rows if row], grid.gaps, grid.header_rows)


def _is_placed(rows: list[Row], label: _Label, over: _Over, middle: NDArray[np.float64]) -> bool:
    """Put a label into the rows that it covers; False, with nothing done, where it labels no more than its own."""
    covered = [rows[i] for i in np.flatnonzero((middle > label.top) & (middle < label.foot)).tolist()]
    own = {strip.index for strip in label.strips}
    if any(_foreign(row, label, own) for row in covered):
        return False
    heads = _heads(covered, label, own, over)
    if len(heads) < 2:
        return False
    for row in covered:
        row[:] = [cell for cell in row if cell[0] != label.column or cell[1][0].index not in own]
    for row in heads:
        row.append((label.column, label.strips))
        row.sort(key=lambda cell: cell[0])
    return True


def _middles(rows: list[Row]) -> NDArray[np.float64]:
    """The height at which each row stands; none where it has no cell."""
    return np.array([row[0][1][0].middle if row else np.nan for row in rows])


def _several(tops: NDArray[np.float64], feet: NDArray[np.float64], middle: NDArray[np.float64]) -> list[bool]:
    """Whether more than one row stands between each top and foot."""
    within = (middle > tops[:, None]) & (middle < feet[:, None])
    several: list[bool] = (np.count_nonzero(within, axis=1) > 1).tolist()
    return several


class _Over:
    """For each cell its height, and those of the rules that run above or below all of its text, and beyond it."""

    def __init__(self, rules: Floats) -> None:
        at = (rules[:, 1] + rules[:, 3]) / 2
        order = np.argsort(at, kind="stable")
        self._at, self._left, self._right = at[order], rules[order, 0], rules[order, 2]
        self._known: dict[int, tuple[float, list[float]]] = {}

    def between(self, tops: NDArray[np.float64], feet: NDArray[np.float64]) -> list[bool]:
        """Whether any rule is between each top and foot: else no rows are parted there."""
        found = np.searchsorted(self._at, feet, "left") > np.searchsorted(self._at, tops, "right")
        between: list[bool] = found.tolist()
        return between

    def __call__(self, strips: list[Strip]) -> tuple[float, list[float]]:
        """The height of a cell, to the precision of the rules, and the rules from top to bottom."""
        known = self._known.get(id(strips))
        if known is None:
            over = (self._left < strips[0].x0 - _BEYOND) & (self._right > strips[-1].x1 + _BEYOND)
            known = float(np.float32(strips[0].middle)), self._at[over].tolist()
            self._known[id(strips)] = known
        return known


def _labels(rows: list[Row], rules: Floats) -> Iterator[_Label]:
    """Cells between rules above and below, the strips of each together."""
    found: dict[tuple[int, int, int], _Label] = {}
    cells = [cell for row in rows for cell in row]
    for a in range(0, len(cells), _AT_ONCE):
        some = cells[a : a + _AT_ONCE]
        for (column, strips), (top, foot) in zip(some, _between([strips for _, strips in some], rules), strict=True):
            if np.isfinite(top) and np.isfinite(foot):
                known = found.setdefault((column, round(top), round(foot)), _Label(column, [], top, foot))
                known.strips.extend(strips)
    yield from found.values()


def _between(cells: list[list[Strip]], rules: Floats) -> list[tuple[float, float]]:
    """The rules next above and below each cell that run over all of its text; without end where there is none."""
    ends = np.array([(s[0].x0 - _BEYOND, s[-1].x1 + _BEYOND, s[0].middle) for s in cells]).astype(np.float32)
    left, right, y = (side[:, None] for side in ends.T)
    at = (rules[:, 1] + rules[:, 3]) / 2
    over = (rules[:, 0] < left) & (rules[:, 2] > right)
    top = np.where(over & (at < y), at, -np.inf).max(axis=1)
    foot = np.where(over & (at > y), at, np.inf).min(axis=1)
    return list(zip(top.tolist(), foot.tolist(), strict=True))


def _foreign(row: Row, label: _Label, own: set[int]) -> bool:
    """Whether a row has another cell in the label's column, of which `own` are the segments."""
    return any(column == label.column and strips[0].index not in own for column, strips in row)


def _heads(covered: list[Row], label: _Label, own: set[int], over: _Over) -> list[Row]:
    """The first line of each row that a label covers: those below the rules that part them, and do not reach the label.

    None where more than one of them has a line of the label, of which `own` are the segments.
    """
    heads: list[Row] = []
    lines = 0
    last = -np.inf
    for row in covered:
        others = [strips for _, strips in row if strips[0].index not in own]
        if others:
            begin = _rule_above(others, label, over)
            if begin > last + _SAME:
                heads.append(row)
                last = begin
                lines += len(others) < len(row)
                if lines > 1:
                    return []
    return heads


def _rule_above(others: list[list[Strip]], label: _Label, over: _Over) -> float:
    """The height of the lowest rule above all of some cells of a row."""
    known = list(map(over, others))
    y = min(middle for middle, _ in known)
    found = [heights[above - 1] for _, heights in known if (above := bisect_left(heights, y))]
    lowest = max(found, default=-np.inf)
    return lowest if lowest > np.float32(label.top - _SAME) else label.top
