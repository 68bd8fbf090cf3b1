"""Group fragments into rows: everything on one printed line, however far apart, from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from thresher.schemas.document import Box
from thresher.service.layout.frame import Fragment, Word, fragment_of, union_box

TAB_MIN_GAP = 1.4  # in line heights: a gap between two words that is a tab, not a space
SLOPE_MIN_WIDTH = 6.0  # in its heights: a narrower fragment has no slope of its own


@dataclass(frozen=True, slots=True)
class Row:
    """Fragments of one printed line, left to right, with tabs between them."""

    cells: tuple[Fragment, ...]

    @property
    def text(self) -> str:
        """Return the fragments with tabs between them."""
        return "\t".join(cell.text for cell in self.cells)

    @property
    def box(self) -> Box:
        """Return the hull in the frame."""
        return union_box([cell.box for cell in self.cells])

    @property
    def height(self) -> float:
        """Return the median height of the words."""
        return median(cell.height for cell in self.cells)


def split_at_wide_gaps(words: list[Word]) -> list[Fragment]:
    """Split words in reading order into fragments: a new one begins after every wide gap."""
    if not words:
        return []
    limit = TAB_MIN_GAP * median(word.box[3] - word.box[1] for word in words)
    groups = [[words[0]]]
    for before, word in pairwise(words):
        if word.box[0] - before.box[2] > limit:
            groups.append([])
        groups[-1].append(word)
    return [fragment_of(group) for group in groups]


def rows_of(fragments: list[Fragment]) -> list[Row]:
    """Return rows from top to bottom. Each row is followed along its own slope, as curved paper needs."""
    rows: list[list[Fragment]] = []
    for one in sorted(fragments, key=lambda f: f.box[0]):
        best = min(rows, key=lambda row: _step(row[-1], one), default=None)
        if best is not None and _step(best[-1], one) < 0.5:
            best.append(one)
        else:
            rows.append([one])
    return [_row(row) for row in sorted(rows, key=lambda row: min(f.middle for f in row))]


def _step(left: Fragment, right: Fragment) -> float:
    """Return by how much `right` misses the continuation of `left`, in heights of the smaller.

    Returns 9 where they overlap.
    """
    overlap = left.box[2] - right.box[0]
    if overlap > 0.5 * min(left.box[2] - left.box[0], right.box[2] - right.box[0]):
        return 9.0
    gap = max(-overlap, 0.0)
    rise = (_slope(left) + _slope(right)) / 2 * gap
    (_, ends), (starts, _) = _ends(left), _ends(right)
    return abs(starts - ends - rise) / max(min(left.height, right.height), 1e-6)


def _ends(one: Fragment) -> tuple[float, float]:
    """Return the y of the middle of the first word and of the last word."""
    first, last = one.words[0].box, one.words[-1].box
    return (first[1] + first[3]) / 2, (last[1] + last[3]) / 2


def _slope(one: Fragment) -> float:
    """Return the slope (dy/dx) of a fragment; 0 for a short one."""
    first, last = one.words[0].box, one.words[-1].box
    run = (last[0] + last[2] - first[0] - first[2]) / 2
    start, end = _ends(one)
    return (end - start) / run if run > SLOPE_MIN_WIDTH * one.height else 0.0


def _row(parts: list[Fragment]) -> Row:
    """Return one row; neighbours without a wide gap become one fragment again."""
    ordered = sorted(parts, key=lambda f: f.box[0])
    return Row(tuple(split_at_wide_gaps([word for part in ordered for word in part.words])))
