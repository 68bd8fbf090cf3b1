"""Find lines and small outlines drawn on a page: rules of tables, strokes through words, check boxes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import (
    Floats,
    bounds_of,
    colours_of,
    paints_of,
    path_length,
    path_segment,
    points_of,
    segment_closes,
    segment_kind,
    stroke_colour,
)
from thresher.service.readers.pdf.matrices import IDENTITY, Matrix, matrix_of, moved, times
from thresher.service.readers.pdf.objects import FormContents, PageObjects

_LINE_MAX_WIDTH = 2.6  # points
_LINE_MIN_LENGTH = 2.0  # points, exclusive: a shorter line is a dot
_CHECK_BOX_MAX_SIDE = 24.0  # points
CHECK_BOX_MIN_POINTS = 4.5  # points: least side of a check box
MAX_SMALL_SHAPES = 400  # small drawings on a page: more are a chart, without check boxes
_LEVEL_MAX_STEP = 0.5  # points: between the heights of the ends of a line across the page
_MAX_PATHS = 6000  # of a page; charts and maps have more, and no relevant rules
_OUTLINE_MIN_POINTS = 4  # a path with fewer points encloses nothing
_RECTANGLE_MAX_POINTS = 6  # the bounds of such a path are its sides
_PATH_MAX_POINTS = 400  # of a path whose sides are read
_PAGE_MAX_POINTS = 8000  # of all such paths of a page
_PAPER_MIN_CHANNEL = 200  # of 255
_MAX_DEPTH = 4  # of forms inside forms


@dataclass(frozen=True, slots=True)
class DrawnShapes:
    """Boxes x0, y0, x1, y1 as displayed."""

    across: Floats  # thin lines that run across the page
    down: Floats  # lines that run down the page, and the left and right sides of larger outlines
    edges: Floats  # the upper and the lower edges of larger drawings
    small: Floats  # drawings about as large as a check box, or the mark in it
    stroke: NDArray[np.bool_]  # which of the small ones are single strokes
    outline: NDArray[np.bool_]  # which of the small ones may be boxes: drawn as lines, inside paper or nothing
    solid: NDArray[np.bool_]  # which of the small ones are filled, in another colour than the paper's

    @property
    def rules(self) -> Floats:
        """Return the lines across the page, and edges."""
        return np.concatenate((self.across, self.edges))


def shapes_on(page: PageObjects, frame: PageFrame) -> DrawnShapes | None:
    """Return the lines and small drawings among a page's objects; None where there are none."""
    paths = list(_paths(page.forms, ([page.objects[i] for i in page.others], page.kinds), IDENTITY, 0))
    if not paths or len(paths) > _MAX_PATHS:
        return None
    box = _bounds(paths)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    thin = (np.minimum(width, height) <= _LINE_MAX_WIDTH) & (np.maximum(width, height) > _LINE_MIN_LENGTH)
    small = (np.maximum(width, height) <= _CHECK_BOX_MAX_SIDE) & (np.maximum(width, height) > _LINE_MIN_LENGTH)
    length = np.fromiter(map(path_length, [path for path, _ in paths]), np.int64, len(paths))
    many = ~thin & ~small & (length > _RECTANGLE_MAX_POINTS) & (length <= _PATH_MAX_POINTS)
    sides = list(_sides([paths[i] for i in np.flatnonzero(many).tolist()]))
    lines = frame.show(np.concatenate((box[thin], np.array(sides, np.float32).reshape(-1, 4))))
    across = lines[(lines[:, 3] - lines[:, 1] <= _LINE_MAX_WIDTH) & (lines[:, 2] - lines[:, 0] > _LINE_MIN_LENGTH)]
    narrow = (lines[:, 2] - lines[:, 0] <= _LINE_MAX_WIDTH) & (lines[:, 3] - lines[:, 1] > _LINE_MIN_LENGTH)
    of_paths = np.flatnonzero(thin)  # the sides of others follow these
    upright = np.flatnonzero(narrow[: len(of_paths)])
    narrow[upright] = _painted(paths, of_paths[upright]).visible
    at = np.flatnonzero(small)
    square = (np.minimum(width[at], height[at]) >= CHECK_BOX_MIN_POINTS) & (len(at) <= MAX_SMALL_SHAPES)
    boxes = _painted(paths, at[square])
    outline, solid = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
    outline[square], solid[square] = boxes.stroked & ~boxes.solid, boxes.solid
    frames = np.flatnonzero(~thin & ~small & ~many)
    painted = _painted(paths, frames)
    return DrawnShapes(
        across,
        _joined_down(
            np.concatenate((lines[narrow], _sides_of(frame.show(box[frames[painted.visible & painted.stroked]]))))
        ),
        _edges(frame.show(box[frames[painted.visible]])),
        frame.show(box[small]),
        length[small] < _OUTLINE_MIN_POINTS,
        outline,
        solid,
    )


@dataclass(frozen=True, slots=True)
class _Painted:
    """How paths are painted."""

    stroked: NDArray[np.bool_]
    solid: NDArray[np.bool_]  # filled in another colour than the paper's
    visible: NDArray[np.bool_]  # stroked or filled in another colour than the paper's


_NOTHING_PAINTED = _Painted(*(np.zeros(0, np.bool_) for _ in range(3)))


def _painted(paths: list[tuple[int, Matrix]], chosen: NDArray[np.int64]) -> _Painted:
    """Return how some of the paths are painted."""
    if not len(chosen):
        return _NOTHING_PAINTED
    some = [paths[i][0] for i in chosen.tolist()]
    filled, stroked = paints_of(some)
    solid = filled & _is_dark(colours_of(some))
    return _Painted(stroked, solid, solid | (stroked & _is_dark(colours_of(some, stroke_colour))))


def _is_dark(colours: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which colours are darker than paper."""
    dark: NDArray[np.bool_] = colours[:, :3].min(axis=1) < _PAPER_MIN_CHANNEL
    return dark


def _edges(box: Floats) -> Floats:
    """Return the upper and the lower edges of boxes."""
    upper, lower = box.copy(), box.copy()
    upper[:, 3], lower[:, 1] = box[:, 1], box[:, 3]
    return np.concatenate((upper, lower))


def _sides_of(box: Floats) -> Floats:
    """Return the left and the right edges of boxes."""
    left, right = box.copy(), box.copy()
    left[:, 2], right[:, 0] = box[:, 0], box[:, 2]
    return np.concatenate((left, right))


def _joined_down(lines: Floats) -> Floats:
    """Return lines down the page with touching ones at one place merged: cells are drawn with sides of their own."""
    found: list[list[float]] = []
    order = np.lexsort((lines[:, 1], np.rint(lines[:, 0] / _LINE_MAX_WIDTH)))
    for x0, y0, x1, y1 in lines[order].tolist():
        last = found[-1] if found else None
        if last and abs(last[0] - x0) < _LINE_MAX_WIDTH and last[1] <= y0 < last[3] + _LINE_MAX_WIDTH:
            last[3] = max(last[3], y1)
        else:
            found.append([x0, y0, x1, y1])
    return np.array(found, np.float32).reshape(-1, 4)


def _paths(
    forms: FormContents, held: tuple[list[int], list[int]], matrix: Matrix, depth: int
) -> Iterator[tuple[int, Matrix]]:
    """Yield paths, also inside forms, each with the matrix of its form. `held` is objects and their types."""
    for one, kind in zip(*held, strict=True):
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield one, matrix
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            objects, kinds = forms.children(one)
            yield from _paths(
                forms, (objects[:_MAX_PATHS], kinds[:_MAX_PATHS]), times(matrix_of(one), matrix), depth + 1
            )


def _bounds(paths: list[tuple[int, Matrix]]) -> Floats:
    """Return (n, 4) left, bottom, right, top in user space."""
    box = bounds_of([path for path, _ in paths])
    for i, (_, matrix) in enumerate(paths):
        if matrix is not IDENTITY:
            corners = [moved(matrix, x, y) for x in box[i, ::2].tolist() for y in box[i, 1::2].tolist()]
            x, y = zip(*corners, strict=True)
            box[i] = min(x), min(y), max(x), max(y)
    return box


def _sides(paths: list[tuple[int, Matrix]]) -> Iterator[tuple[float, float, float, float]]:
    """Yield the straight sides of paths that run along or across the page."""
    left = _PAGE_MAX_POINTS
    for path, matrix in paths:
        count = pdfium.FPDFPath_CountSegments(_handle(path))
        left -= count
        if left < 0:
            return
        own = times(matrix_of(path), matrix)
        for (ax, ay), (bx, by) in _straight(path, count):
            (x0, y0), (x1, y1) = moved(own, ax, ay), moved(own, bx, by)
            if min(abs(x1 - x0), abs(y1 - y0)) < _LEVEL_MAX_STEP:
                yield min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _straight(path: int, count: int) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the ends of the straight segments of a path."""
    segments = list(map(path_segment, repeat(path), range(count)))
    ends, kinds, closing = points_of(segments).tolist(), map(segment_kind, segments), map(segment_closes, segments)
    start = last = (0.0, 0.0)
    for (x, y), kind, closes in zip(ends, kinds, closing, strict=True):
        here = (x, y)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield last, here
        if closes:
            yield here, start
        last = here


def _handle(one: int) -> Any:
    """Return the ctypes handle of an object's address."""
    return ctypes.cast(one, pdfium.FPDF_PAGEOBJECT)
