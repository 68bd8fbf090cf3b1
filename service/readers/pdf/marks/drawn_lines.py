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
MAX_PATHS = 6000  # of a page; charts and maps have more, and no relevant rules
_OUTLINE_MIN_POINTS = 4  # a path with fewer points encloses nothing
_RECTANGLE_MAX_POINTS = 6  # the bounds of such a path are its sides
_PATH_MAX_POINTS = 400  # of a path whose sides are read
_PAGE_MAX_POINTS = 8000  # of all such paths of a page
_BAR_MAX_WIDTH = 200.0  # points: of the bar of a fraction
_MAX_BARS = 1000  # of a page: more are a drawing
_LINES_A_BATCH = 1000  # compared with all bars at once
_STROKE_POINTS = (2, 4)  # of a path that is a line, or two
_MAX_STROKES = 500  # slanting ones of a page: more are a drawing
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
    slanting: Floats  # (n, 4) both ends of strokes that run slanting, the left one first

    @property
    def rules(self) -> Floats:
        """Return the lines across the page, and edges."""
        return np.concatenate((self.across, self.edges))

    @property
    def bars(self) -> Floats:
        """Return the short lines across the page at whose ends no other begins, as those of cells do."""
        lines = self.across[self.across[:, 2] - self.across[:, 0] < _BAR_MAX_WIDTH]
        if not 0 < len(lines) <= _MAX_BARS:
            return lines[:0]
        touching = np.zeros(len(lines), np.bool_)
        every = np.concatenate((self.across, self.down, self.edges))
        for a in range(0, len(every), _LINES_A_BATCH):
            some = every[a : a + _LINES_A_BATCH]
            low, high = lines[:, None, :2] - _LINE_MAX_WIDTH, lines[:, None, 2:] + _LINE_MAX_WIDTH
            near = (some[:, 2:] >= low).all(axis=2) & (some[:, :2] <= high).all(axis=2)
            same = (np.abs(some - lines[:, None]) < _LINE_MAX_WIDTH).all(axis=2)
            touching |= (near & ~same).any(axis=1)
        return lines[~touching]


PlacedPath = tuple[int, Matrix]  # a path object, and the matrix of the form that it is in


def paths_on(page: PageObjects) -> list[PlacedPath]:
    """Return the paths among a page's objects and in its forms."""
    return list(_paths(page.forms, ([page.objects[i] for i in page.others], page.kinds), IDENTITY, 0))


def shapes_of(paths: list[PlacedPath], frame: PageFrame) -> DrawnShapes | None:
    """Return the lines and small drawings among a page's paths; None where there are none, or more than MAX_PATHS."""
    if not 0 < len(paths) <= MAX_PATHS:
        return None
    box = _bounds(paths)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    shorter, longer = np.minimum(width, height), np.maximum(width, height)
    dots = longer <= _LINE_MIN_LENGTH
    thin, small = (shorter <= _LINE_MAX_WIDTH) & ~dots, (longer <= _CHECK_BOX_MAX_SIDE) & ~dots
    length = _lengths(paths, ~thin | small)
    many = ~thin & ~small & (length > _RECTANGLE_MAX_POINTS) & (length <= _PATH_MAX_POINTS)
    across, down = _lines(paths, box, (thin, many), frame)
    at = np.flatnonzero(small)
    square = (shorter[at] >= CHECK_BOX_MIN_POINTS) & (len(at) <= MAX_SMALL_SHAPES)
    boxes = _painted(paths, at[square])
    outline, solid = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
    outline[square], solid[square] = boxes.stroked & ~boxes.solid, boxes.solid
    slanting, lines_only = _slanting(paths, np.flatnonzero(~thin & np.isin(length, _STROKE_POINTS)), frame)
    framed = ~(thin | small | many)
    framed[lines_only] = False
    frames = np.flatnonzero(framed)
    if len(frames):
        painted = _painted(paths, frames)
        down = np.concatenate((down, _sides_of(frame.show(box[frames[painted.visible & painted.stroked]]))))
        frames = frames[painted.visible]
    edges, shown, stroke = _edges(frame.show(box[frames])), frame.show(box[at]), length[at] < _OUTLINE_MIN_POINTS
    return DrawnShapes(across, _joined_down(down), edges, shown, stroke, outline, solid, slanting)


def _lengths(paths: list[PlacedPath], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the numbers of segments of the chosen paths, 0 for the others."""
    length = np.zeros(len(paths), np.int64)
    at = np.flatnonzero(chosen).tolist()
    if at:
        length[at] = list(map(path_length, [paths[i][0] for i in at]))
    return length


def _lines(
    paths: list[PlacedPath], box: Floats, kinds: tuple[NDArray[np.bool_], NDArray[np.bool_]], frame: PageFrame
) -> tuple[Floats, Floats]:
    """Return lines across the page, and visible ones down the page.

    `kinds` are which paths are thin, and which have many sides.
    """
    thin, many = kinds
    lines = box[thin]
    if many.any():
        sides = list(_sides([paths[i] for i in np.flatnonzero(many).tolist()]))
        lines = np.concatenate((lines, np.array(sides, np.float32).reshape(-1, 4)))
    lines = frame.show(lines)
    if not len(lines):
        return lines, lines
    width, height = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    across = lines[(height <= _LINE_MAX_WIDTH) & (width > _LINE_MIN_LENGTH)]
    narrow = (width <= _LINE_MAX_WIDTH) & (height > _LINE_MIN_LENGTH)
    of_paths = np.flatnonzero(thin)  # the sides of others follow these
    upright = np.flatnonzero(narrow[: len(of_paths)])
    narrow[upright] = _painted(paths, of_paths[upright]).visible
    return across, lines[narrow]


def _slanting(paths: list[PlacedPath], chosen: NDArray[np.int64], frame: PageFrame) -> tuple[Floats, NDArray[np.int64]]:
    """Return the ends of the visible straight strokes, of some paths, that run neither along nor across the page.

    Also returns the paths that consist of such strokes; nothing where there are too many.
    """
    painted = _painted(paths, chosen if len(chosen) <= _MAX_STROKES else chosen[:0])
    some = chosen[np.flatnonzero(painted.stroked & painted.visible)]
    if not len(some):
        return np.zeros((0, 4), np.float32), some
    ends: list[tuple[float, ...]] = []
    owner: list[int] = []
    for i in some.tolist():
        path, matrix = paths[i]
        own = times(matrix_of(path), matrix)
        lines = [(a, b) for a, b in _straight(path, pdfium.FPDFPath_CountSegments(_handle(path))) if a != b]
        ends += [(*moved(own, *a), *moved(own, *b)) for a, b in lines]
        owner += [i] * len(lines)
    points = frame.show(np.array(ends, np.float32).reshape(-1, 2)[:, [0, 1, 0, 1]])[:, :2].reshape(-1, 2, 2)
    slants = (np.abs(points[:, 0] - points[:, 1]) > _LINE_MAX_WIDTH).all(axis=1)
    level = np.array(owner, np.int64)[~slants]
    points = points[slants]
    left_first = points[:, :1, 0] <= points[:, 1:, 0]
    strokes = np.where(left_first[:, :, None], points, points[:, ::-1]).reshape(-1, 4)
    return strokes, np.setdiff1d(some, level)


@dataclass(frozen=True, slots=True)
class _Painted:
    """How paths are painted."""

    stroked: NDArray[np.bool_]
    solid: NDArray[np.bool_]  # filled in another colour than the paper's
    visible: NDArray[np.bool_]  # stroked or filled in another colour than the paper's


_NOTHING_PAINTED = _Painted(*(np.zeros(0, np.bool_) for _ in range(3)))


def _painted(paths: list[PlacedPath], chosen: NDArray[np.int64]) -> _Painted:
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
    if len(lines) < 2:
        return lines
    found: list[list[float]] = []
    order = np.lexsort((lines[:, 1], np.rint(lines[:, 0] / _LINE_MAX_WIDTH)))
    for x0, y0, x1, y1 in lines[order].tolist():
        last = found[-1] if found else None
        if last and abs(last[0] - x0) < _LINE_MAX_WIDTH and last[1] <= y0 < last[3] + _LINE_MAX_WIDTH:
            last[3] = max(last[3], y1)
        else:
            found.append([x0, y0, x1, y1])
    return np.array(found, np.float32).reshape(-1, 4)


def _paths(forms: FormContents, held: tuple[list[int], list[int]], matrix: Matrix, depth: int) -> Iterator[PlacedPath]:
    """Yield paths, also inside forms, each with the matrix of its form. `held` is objects and their types."""
    for one, kind in zip(*held, strict=True):
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield one, matrix
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            objects, kinds = forms.children(one)
            yield from _paths(
                forms, (objects[: MAX_PATHS + 1], kinds[: MAX_PATHS + 1]), times(matrix_of(one), matrix), depth + 1
            )


def _bounds(paths: list[PlacedPath]) -> Floats:
    """Return (n, 4) left, bottom, right, top in user space."""
    box = bounds_of([path for path, _ in paths])
    for i, (_, matrix) in enumerate(paths):
        if matrix is not IDENTITY:
            corners = [moved(matrix, x, y) for x in box[i, ::2].tolist() for y in box[i, 1::2].tolist()]
            x, y = zip(*corners, strict=True)
            box[i] = min(x), min(y), max(x), max(y)
    return box


def _sides(paths: list[PlacedPath]) -> Iterator[tuple[float, float, float, float]]:
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
