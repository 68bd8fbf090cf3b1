"""Rows: segments that share a baseline, left to right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.readers.pdf.library import Floats, Ints
from service.readers.pdf.segments import Segments

_SAME_ROW = 0.45  # in font sizes


@dataclass(slots=True)
class Row:
    """Segments on one baseline. The box is level: see `PageWords.flat`."""

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


def plain_rows(segments: Segments) -> list[Row] | None:
    """Rows top to bottom where the page is one column without tables; None where it is not."""
    box = segments.box
    if not len(box) or not segments.upright.all():
        return None
    middle, height = (box[:, 1] + box[:, 3]) / 2, box[:, 3] - box[:, 1]
    level = np.abs(middle[1:] - middle[:-1]) < _SAME_ROW * np.maximum(height[1:], height[:-1])
    first = np.flatnonzero(np.concatenate(([True], ~(level & (box[1:, 0] >= box[:-1, 2])))))
    end = np.append(first[1:], len(box))
    row = np.concatenate(
        (np.minimum.reduceat(box[:, :2], first, axis=0), np.maximum.reduceat(box[:, 2:], first, axis=0)), axis=1
    )
    order = np.argsort(row[:, 1], kind="stable")
    first, end, row = first[order], end[order], row[order]
    if not _is_plain(row, end - first):
        return None
    return [
        Row(list(range(a, b)), *corner) for a, b, corner in zip(first.tolist(), end.tolist(), row.tolist(), strict=True)
    ]


def _is_plain(row: Floats, pieces: Ints) -> bool:
    """Whether no two rows stand side by side and no two neighbours have gaps."""
    top, bottom = row[:, 1], row[:, 3]
    least = 0.5 * np.minimum(bottom[1:] - top[1:], bottom[:-1] - top[:-1])
    gapped = pieces > 1
    return bool((bottom[:-1] - top[1:] < least).all() and not (gapped[1:] & gapped[:-1]).any())


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
    if len(strips) == 1:
        only = strips[0]
        return Row([only.index], only.x0, only.y0, only.x1, only.y1)
    return Row(
        [s.index for s in strips],
        min(s.x0 for s in strips),
        min(s.y0 for s in strips),
        max(s.x1 for s in strips),
        max(s.y1 for s in strips),
    )
