"""Rows: segments that share a baseline, left to right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.readers.pdf.segments import Segments

_SAME_ROW = 0.45  # in font sizes


@dataclass(slots=True)
class Row:
    """Segments on one baseline. The box is as displayed."""

    segments: list[int]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> float:
        """Height, near the font size."""
        return self.y1 - self.y0


@dataclass(slots=True)
class Strip:
    """One segment as the layout sees it."""

    index: int
    x0: float
    y0: float
    x1: float
    y1: float


def rows_in_stream(segments: Segments) -> list[Row] | None:
    """Rows where the content stream already runs down the page in one column; None where it does not."""
    box = segments.box
    if not len(box) or not segments.upright.all():
        return None
    middle, height = (box[:, 1] + box[:, 3]) / 2, box[:, 3] - box[:, 1]
    level = np.abs(middle[1:] - middle[:-1]) < _SAME_ROW * np.maximum(height[1:], height[:-1])
    first = np.flatnonzero(np.concatenate(([True], ~(level & (box[1:, 0] >= box[:-1, 2])))))
    count = np.diff(np.append(first, len(box)))
    low = np.minimum.reduceat(box[:, :2], first, axis=0)
    high = np.maximum.reduceat(box[:, 2:], first, axis=0)
    if not _runs_down(low[:, 1], high[:, 1]) or ((count[1:] > 1) & (count[:-1] > 1)).any():
        return None
    ends = np.append(first[1:], len(box)).tolist()
    corners = np.concatenate((low, high), axis=1).tolist()
    return [Row(list(range(a, b)), *corner) for a, b, corner in zip(first.tolist(), ends, corners, strict=True)]


def _runs_down(top: np.ndarray, bottom: np.ndarray) -> bool:  # type: ignore[type-arg]
    """Whether each row lies under the one before it, but for a little overlap."""
    overlap = bottom[:-1] - top[1:]
    return bool((overlap < 0.5 * np.minimum(bottom[1:] - top[1:], bottom[:-1] - top[:-1])).all())


def strips_of(segments: Segments) -> list[Strip]:
    """All upright segments."""
    chosen = np.flatnonzero(segments.upright).tolist()
    return [Strip(i, *box) for i, box in zip(chosen, segments.box[chosen].tolist(), strict=True)]


def cluster(strips: list[Strip]) -> list[list[Strip]]:
    """Strips by row, top to bottom, each row left to right."""
    rows: list[list[Strip]] = []
    middle = size = 0.0
    for strip in sorted(strips, key=lambda s: s.y0 + s.y1):
        here, height = (strip.y0 + strip.y1) / 2, strip.y1 - strip.y0
        if rows and here - middle < _SAME_ROW * max(size, height):
            rows[-1].append(strip)
        else:
            rows.append([strip])
            middle, size = here, height
    for row in rows:
        row.sort(key=lambda s: s.x0)
    return rows


def row_of(strips: list[Strip]) -> Row:
    """One row from its strips."""
    return Row(
        [s.index for s in strips],
        min(s.x0 for s in strips),
        min(s.y0 for s in strips),
        max(s.x1 for s in strips),
        max(s.y1 for s in strips),
    )
