"""Copy a label whose merged cell spans several rows of a ruled table to each of these rows.

Only rules show how far such a cell reaches: the next ones above and below that run through its column and through the
cells of the rows beside it. Rules in between separate those rows, and end before the cell. Forms, charts and tables
with few rules have much that looks like it, so: a label is one paragraph; text with a line of its own in more than
one of the rows is a column; lines under words and those of fractions are as wide as their text; lines under titles
separate no rows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from thresher.service.readers.pdf.layout.baseline_rows import SegmentBox
from thresher.service.readers.pdf.layout.regions import TableRegion
from thresher.service.readers.pdf.library import Floats

_SAME_RULE_MAX_POINTS = 2.0  # rules nearer than this are one
_CELLS_A_BATCH = 256  # compared with all rules at once
_RULE_MIN_OVERHANG = 0.3  # points, beyond a text on each side
_RULE_MIN_LONGER = 2.0  # points, than a text
_LABEL_LINES_MAX_GAP = 1.0  # in line heights: between lines of one label

Row = list[tuple[int, list[SegmentBox]]]
Rule = tuple[float, float, float, float]  # height, left, right, width


@dataclass(frozen=True, slots=True)
class _Label:
    """A cell with text between two rules, and the heights of these."""

    column: int
    strips: list[SegmentBox]
    top: float
    foot: float
    own: frozenset[int]  # the indices of its strips


def with_repeated_labels(grid: TableRegion, rules: Floats) -> TableRegion:
    """Return the table with each label of a merged cell in the first line of every row it spans.

    `rules` are joined, as `joined_rules` does.
    """
    if not len(rules) or len(grid.rows) < 2:
        return grid
    rows: list[Row] = [list(row) for row in grid.rows]
    labels = list(_labels(rows, rules))
    if not labels:
        return grid
    sorted_rules = _SortedRules(rules)
    parted = [sorted_rules.separate(label) for label in labels]
    middle = _middles(rows)
    several = _several(labels, middle)
    for i, label in enumerate(labels):
        if parted[i] and several[i] and _is_placed(rows, label, sorted_rules, middle):
            middle = _middles(rows)
            several = _several(labels, middle)
    return TableRegion([row for row in rows if row], grid.gaps, grid.header_rows)


class _SortedRules:
    """Rules from top to bottom: a few at a time are compared, for which numpy costs more than its work."""

    def __init__(self, rules: Floats) -> None:
        """Sort the rules by height."""
        at = _heights(rules)
        order = np.argsort(at)
        columns = at, rules[:, 0], rules[:, 2], rules[:, 2] - rules[:, 0]
        self._rules: list[Rule] = list(zip(*(column[order].tolist() for column in columns), strict=True))
        self._at = [rule[0] for rule in self._rules]

    def separate(self, label: _Label) -> bool:
        """Whether any rule is between top and foot of a label's cell; otherwise no rows are separated there."""
        return bisect_left(self._at, label.foot) > bisect_right(self._at, label.top)

    def of(self, label: _Label) -> list[Rule]:
        """Return the rules from the top of a label's cell to its foot."""
        above, below = _single(label.top - _SAME_RULE_MAX_POINTS), _single(label.foot + _SAME_RULE_MAX_POINTS)
        return self._rules[bisect_right(self._at, above) : bisect_left(self._at, below)]


def _single(x: float) -> float:
    """Return a number in the precision of boxes, to be compared with them."""
    return float(np.float32(x))


def _several(labels: list[_Label], middle: list[float]) -> list[bool]:
    """Return for each label whether more than one row is between top and foot of its cell."""
    tops, feet = np.array([label.top for label in labels]), np.array([label.foot for label in labels])
    within = (np.array(middle) > tops[:, None]) & (np.array(middle) < feet[:, None])
    several: list[bool] = (np.count_nonzero(within, axis=1) > 1).tolist()
    return several


def _middles(rows: list[Row]) -> list[float]:
    """Return the y of the middle of each row; NaN where it has no cell."""
    return [row[0][1][0].middle if row else np.nan for row in rows]


def _is_placed(rows: list[Row], label: _Label, rules: _SortedRules, middle: list[float]) -> bool:
    """Put a label into the rows that it covers, and return True.

    Returns False, with nothing done, where these are fewer than two.
    """
    covered = [row for row, y in zip(rows, middle, strict=True) if label.top < y < label.foot]
    if not _is_label(label, covered):
        return False
    heads = _heads(covered, label, rules.of(label))
    if len(heads) < 2:
        return False
    for row in covered:
        row[:] = [cell for cell in row if not _is_own(cell, label)]
    for row in heads:
        row.append((label.column, label.strips))
        row.sort(key=lambda cell: cell[0])
    return True


def joined_rules(rules: Floats) -> Floats:
    """Return rules with touching ones at one height merged: cells are drawn with sides of their own."""
    found: list[list[float]] = []
    order = np.lexsort((rules[:, 0], np.rint(rules[:, 1] / _SAME_RULE_MAX_POINTS)))
    for x0, y0, x1, y1 in rules[order].tolist():
        last = found[-1] if found else None
        if (
            last
            and abs(last[1] - y0) < _SAME_RULE_MAX_POINTS
            and last[0] - _SAME_RULE_MAX_POINTS < x0 < last[2] + _SAME_RULE_MAX_POINTS
        ):
            last[2] = max(last[2], x1)
        else:
            found.append([x0, y0, x1, y1])
    return np.array(found, np.float32).reshape(-1, 4)


def _labels(rows: list[Row], rules: Floats) -> Iterator[_Label]:
    """Yield cells between rules above and below, the strips of each together."""
    found: dict[tuple[int, int, int], list[SegmentBox]] = {}
    ends: dict[tuple[int, int, int], tuple[float, float]] = {}
    cells = [cell for row in rows for cell in row]
    for a in range(0, len(cells), _CELLS_A_BATCH):
        some = cells[a : a + _CELLS_A_BATCH]
        for i, top, foot in _between([strips for _, strips in some], rules):
            column, strips = some[i]
            place = column, round(top), round(foot)
            found.setdefault(place, []).extend(strips)
            ends.setdefault(place, (top, foot))
    for place, strips in found.items():
        yield _Label(place[0], strips, *ends[place], frozenset(strip.index for strip in strips))


def _between(cells: list[list[SegmentBox]], rules: Floats) -> Iterator[tuple[int, float, float]]:
    """Yield the cells that have rules above and below that span all of their text, each with the heights of the next ones."""
    ends = np.array([(s[0].x0 - _RULE_MIN_OVERHANG, s[-1].x1 + _RULE_MIN_OVERHANG, s[0].middle) for s in cells]).astype(
        np.float32
    )
    left, right, y = (side[:, None] for side in ends.T)
    rules = rules[rules[:, 2] - rules[:, 0] > (right - left).min()]  # many are the sides of small cells
    if not len(rules):
        return
    at = _heights(rules)
    over = (rules[:, 0] < left) & (rules[:, 2] > right)
    over &= rules[:, 2] - rules[:, 0] > right - left + (_RULE_MIN_LONGER - 2 * _RULE_MIN_OVERHANG)
    top = np.where(over & (at < y), at, -np.inf).max(axis=1)
    foot = np.where(over & (at > y), at, np.inf).min(axis=1)
    between = np.flatnonzero(np.isfinite(top) & np.isfinite(foot))
    yield from zip(between.tolist(), top[between].tolist(), foot[between].tolist(), strict=True)


def _is_label(label: _Label, covered: list[Row]) -> bool:
    """Whether the text in a cell is one paragraph beside rows, and alone in its column there."""
    beside = 0
    for row in covered:
        own = [cell[1][0].index in label.own for cell in row if cell[0] == label.column]
        beside += any(own) and len(row) > sum(own)
        if beside > 1 or not all(own):
            return False
    strips = sorted(label.strips, key=lambda strip: strip.y0)
    return all(b.y0 - a.y1 < _LABEL_LINES_MAX_GAP * (a.y1 - a.y0) for a, b in pairwise(strips))


def _heads(covered: list[Row], label: _Label, rules: list[Rule]) -> list[Row]:
    """Return the first line of each row that a label covers.

    Returns none where the rules are not those of its cell. `rules` are those from its top to its foot; they separate the
    rows. Cells of columns that only one row has are labels, too: the rules need not run through them.
    """
    often = Counter([column for row in covered for column, _ in row])  # the label is alone in its column
    columns = {column for column, n in often.items() if n > 1 and column != label.column}
    heads: list[Row] = []
    last = foot = label.top
    beside: list[SegmentBox] = []
    for row, others in ((row, others) for row in covered if (others := _others(row, columns))):
        above, below = _around(others, rules)
        if above is None or below is None or (not heads and abs(above - label.top) > _SAME_RULE_MAX_POINTS):
            return []
        if not heads or above > last + _SAME_RULE_MAX_POINTS:
            heads.append(row)
            last = above
        elif len(others) > 1 and len(others) >= len(_others(heads[-1], columns)):
            return []  # a complete row that no rule separates from the one above it
        foot = below
        beside += [strip for strips in others for strip in strips]
    return (
        heads if heads and abs(foot - label.foot) < _SAME_RULE_MAX_POINTS and _is_within(label.strips, beside) else []
    )


def _is_within(strips: list[SegmentBox], beside: list[SegmentBox]) -> bool:
    """Whether strips are between the first and the last of the lines beside them.

    Titles of the rows that follow are not.
    """
    top, foot = min(strip.y0 for strip in beside), max(strip.y1 for strip in beside)
    return all(top < strip.middle < foot for strip in strips)


def _around(others: list[list[SegmentBox]], rules: list[Rule]) -> tuple[float | None, float | None]:
    """Return the heights of the nearest rules above and below that run through all these cells.

    Each is None where there is no rule. `rules` are sorted by height.
    """
    y = _single(min([strips[0].middle for strips in others]))
    x0, x1 = min([strips[0].x0 for strips in others]), max([strips[-1].x1 for strips in others])
    left, right = _single(x0 - _RULE_MIN_OVERHANG), _single(x1 + _RULE_MIN_OVERHANG)
    least = _single(x1 - x0 + _RULE_MIN_LONGER)
    above: float | None = None
    for at, begin, end, width in rules:
        if begin < left and end > right and width > least:
            if at < y:
                above = at
            elif at > y:
                return above, at
    return above, None


def _others(row: Row, columns: Container[int]) -> list[list[SegmentBox]]:
    """Return the cells of a row in `columns`."""
    return [strips for column, strips in row if column in columns]


def _is_own(cell: tuple[int, list[SegmentBox]], label: _Label) -> bool:
    """Whether a cell is the label's own."""
    return cell[0] == label.column and cell[1][0].index in label.own


def _heights(rules: Floats) -> Floats:
    """Return the y of the middle of each rule."""
    heights: Floats = (rules[:, 1] + rules[:, 3]) * np.float32(0.5)
    return heights
