"""Labels in merged cells: one that stands beside several rows of a ruled table, as its cell reaches over them, labels each.

Only rules tell how far such a cell reaches: the next ones above and below that run through its column, and through the
cells of the rows beside it. Rules in between part those rows, and end before it. Forms, charts and tables with a few rules
have much that looks like it: a label is one paragraph, what has a line of its own in more than one of the rows is a column,
lines under words and those of fractions are as wide as their text, and lines under titles part no rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from service.readers.pdf.layout import Grid
from service.readers.pdf.library import Floats
from service.readers.pdf.rows import Strip

_SAME = 2.0  # points: rules nearer than this are one
_BEYOND = 1.0  # points: how far beyond a text on both sides a rule must reach
_LEADING = 1.0  # in line heights: lines of one label are nearer than this

Row = list[tuple[int, list[Strip]]]


@dataclass(frozen=True, slots=True)
class _Label:
    column: int
    strips: list[Strip]
    top: float
    foot: float

    @property
    def own(self) -> set[int]:
        """The strips by number."""
        return {strip.index for strip in self.strips}


def labelled(grid: Grid, rules: Floats) -> Grid:
    """The table, each label of a merged cell in the first line of every row that the cell reaches over."""
    if not len(rules) or len(grid.rows) < 2:
        return grid
    rules = _joined(rules)
    rows: list[Row] = [list(row) for row in grid.rows]
    for label in list(_labels(rows, rules)):
        covered = [row for row in rows if row and label.top < _middle(row) < label.foot]
        heads = _heads(covered, label, rules)
        if len(heads) < 2 or not _is_label(label, covered):
            continue
        for row in covered:
            row[:] = [cell for cell in row if not _is_own(cell, label)]
        for row in heads:
            row.append((label.column, label.strips))
            row.sort(key=lambda cell: cell[0])
    return Grid([row for row in rows if row], grid.gaps, grid.header_rows)


def _joined(rules: Floats) -> Floats:
    """Rules at one height that touch, as one each: cells are drawn with sides of their own."""
    found: list[list[float]] = []
    order = np.lexsort((rules[:, 0], np.rint(rules[:, 1] / _SAME)))
    for x0, y0, x1, y1 in rules[order].tolist():
        last = found[-1] if found else None
        if last and abs(last[1] - y0) < _SAME and last[0] - _SAME < x0 < last[2] + _SAME:
            last[2] = max(last[2], x1)
        else:
            found.append([x0, y0, x1, y1])
    return np.array(found, np.float32)


def _labels(rows: list[Row], rules: Floats) -> Iterator[_Label]:
    """Cells between rules above and below, the strips of each together."""
    found: dict[tuple[int, int, int], _Label] = {}
    for column, strips in (cell for row in rows for cell in row):
        y = (strips[0].y0 + strips[0].y1) / 2
        at = _heights(rules[_reach_over(strips, rules)])
        above, below = at[at < y], at[at > y]
        if len(above) and len(below):
            top, foot = float(above.max()), float(below.min())
            known = found.setdefault((column, round(top), round(foot)), _Label(column, [], top, foot))
            known.strips.extend(strips)
    yield from found.values()


def _is_label(label: _Label, covered: list[Row]) -> bool:
    """Whether what stands in a cell is one paragraph beside rows, and alone in its column there."""
    strips = sorted(label.strips, key=lambda strip: strip.y0)
    near = all(b.y0 - a.y1 < _LEADING * (a.y1 - a.y0) for a, b in pairwise(strips))
    beside = [row for row in covered if len({_is_own(cell, label) for cell in row}) > 1]
    foreign = any(cell[0] == label.column and not _is_own(cell, label) for row in covered for cell in row)
    return near and len(beside) <= 1 and not foreign


def _heads(covered: list[Row], label: _Label, rules: Floats) -> list[Row]:
    """The first line of each row that a label covers, by the rules that part them; none where these are no rules of its cell.

    Cells of columns that one row alone has are labels, too: the rules need not run through them.
    """
    often = Counter(cell[0] for row in covered for cell in row if not _is_own(cell, label))
    columns = {column for column, n in often.items() if n > 1}
    heads: list[Row] = []
    last = foot = label.top
    beside: list[Strip] = []
    for row in (row for row in covered if _others(row, label, columns)):
        others = _others(row, label, columns)
        above, below = _around(others, label, rules)
        if above is None or below is None or (not heads and abs(above - label.top) > _SAME):
            return []
        if not heads or above > last + _SAME:
            heads.append(row)
            last = above
        elif len(others) > 1 and len(others) >= len(_others(heads[-1], label, columns)):
            return []  # a whole row that no rule parts from the one above it
        foot = below
        beside += [strip for strips in others for strip in strips]
    return heads if heads and abs(foot - label.foot) < _SAME and _is_within(label.strips, beside) else []


def _is_within(strips: list[Strip], beside: list[Strip]) -> bool:
    """Whether strips stand between the first and the last of the lines beside them: titles of what follows do not."""
    top, foot = min(strip.y0 for strip in beside), max(strip.y1 for strip in beside)
    return all(top < (strip.y0 + strip.y1) / 2 < foot for strip in strips)


def _around(others: list[list[Strip]], label: _Label, rules: Floats) -> tuple[float | None, float | None]:
    """The heights of the nearest rules above and below some cells of a row that run through all of them; None for none."""
    y = min((strips[0].y0 + strips[0].y1) / 2 for strips in others)
    through = np.array([_reach_over(strips, rules) for strips in others]).all(axis=0)
    at = _heights(rules[through])
    at = at[(at > label.top - _SAME) & (at < label.foot + _SAME)]
    above, below = at[at < y], at[at > y]
    return float(above.max()) if len(above) else None, float(below.min()) if len(below) else None


def _others(row: Row, label: _Label, columns: Container[int]) -> list[list[Strip]]:
    return [cell[1] for cell in row if cell[0] in columns and not _is_own(cell, label)]


def _is_own(cell: tuple[int, list[Strip]], label: _Label) -> bool:
    return cell[0] == label.column and cell[1][0].index in label.own


def _middle(row: Row) -> float:
    strip = row[0][1][0]
    return (strip.y0 + strip.y1) / 2


def _heights(rules: Floats) -> Floats:
    heights: Floats = (rules[:, 1] + rules[:, 3]) * np.float32(0.5)
    return heights


def _reach_over(strips: list[Strip], rules: Floats) -> NDArray[np.bool_]:
    """Which rules run above or below all of a cell's text, and beyond it."""
    over: NDArray[np.bool_] = (rules[:, 0] < strips[0].x0 - _BEYOND) & (rules[:, 2] > strips[-1].x1 + _BEYOND)
    return over
