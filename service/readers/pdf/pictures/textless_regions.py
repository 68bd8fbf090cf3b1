"""Find the regions of a page that hold no text of the text layer, but pictures, or letters drawn as outlines.

They are found from the boxes of the page's objects alone; nothing is rendered. Objects near each other are one region:
producers cut scans into strips, and draw each letter as a path of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.clipping import clipped_boxes
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats, object_type
from thresher.service.readers.pdf.matrices import Matrix
from thresher.service.readers.pdf.objects import PageObjects, pixels, segments_of_path, user_boxes

GRID_CELL_POINTS = 9.0  # points: nearer objects belong to one region
REGION_MIN_POINTS = (12.0, 5.0)  # points: no text fits into a narrower or lower region
MAX_REGIONS_A_PAGE = 40  # regions of a page that are read, the largest first
_LETTER_SIZES = (0.5, 60.0, 2.0, 40.0)  # points: least and most width, least and most height of an outlined letter
_MIN_LETTERS = 8  # outlined letters of a region
_RECTANGLE_SEGMENTS = 5  # a path with no more is no letter
_MODULE_MAX_SIZE, _MIN_MODULES = 6.0, 100  # size in points, and number, of the squares of a drawn QR code
_LINE_MIN_SEGMENTS = 40  # of a path that may be a line of letters
_UNPAINTED = (3, 7)  # text render modes of an OCR layer
_LETTER_MARGIN = 4.0  # points around drawn letters: letters of one stroke may be at their ends
_OCR_LAYER_MIN_AREA = 0.01  # of a picture's area: so much text beneath it, or invisible over it, is its OCR layer
_MAX_CLIPPED_IMAGES = 500  # on pages with more, clipping paths are ignored
_MAX_PATHS = 20_000  # of a page: a map or a drawing has more, and its letters are not searched


@dataclass(frozen=True, slots=True)
class TextlessRegion:
    """A place on a page that may hold text; the box is in points as displayed."""

    box: tuple[float, float, float, float]
    pictures: tuple[int, ...]  # addresses of its images, in the order they are painted
    drawn: bool  # whether it has paths that may be letters
    words: bool = False  # whether it has words with unmapped characters

    @property
    def area(self) -> float:
        """Return the area in square points."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    @property
    def pixels(self) -> int:
        """Return the declared pixels of its largest image, 0 for none."""
        return max(map(pixels, self.pictures), default=0)


def textless_regions_of(layers: PageObjects, words: Callable[[], Floats], frame: PageFrame) -> list[TextlessRegion]:
    """Return the regions of a page, top to bottom.

    `words` returns the boxes of visible words, as displayed.
    """
    pictures, boxes = _pictures(layers, frame)
    letters = _letters(_paths(layers), layers.forms.places, frame)
    if len(letters):
        letters = letters[~_under_words(letters, words())]
    every = np.concatenate((boxes, letters))
    if not len(every):
        return []
    owner = _grouped(every, frame)
    found = [_region(np.flatnonzero(owner == one), every, pictures) for one in range(int(owner.max()) + 1)]
    kept = [one for one in found if one is not None and _is_large(one, frame)]
    return sorted(kept, key=lambda one: (one.box[1], one.box[0]))


def _region(members: NDArray[np.int64], every: Floats, pictures: list[int]) -> TextlessRegion | None:
    """Return the region of some members; None for too few drawn letters without a picture."""
    held = [int(i) for i in members if i < len(pictures)]
    drawn = len(members) - len(held)
    if not held and drawn < _MIN_LETTERS:
        return None
    boxes = every[members]
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    if drawn:
        x0, y0, x1, y1 = (
            max(x0 - _LETTER_MARGIN, 0.0),
            max(y0 - _LETTER_MARGIN, 0.0),
            x1 + _LETTER_MARGIN,
            y1 + _LETTER_MARGIN,
        )
    return TextlessRegion((x0, y0, x1, y1), tuple(pictures[i] for i in held), drawn >= _MIN_LETTERS)


def _is_large(one: TextlessRegion, frame: PageFrame) -> bool:
    """Whether the visible part of a region is large enough for text."""
    x0, y0, x1, y1 = one.box
    width, height = min(x1, frame.width) - max(x0, 0.0), min(y1, frame.height) - max(y0, 0.0)
    return max(width, height) >= REGION_MIN_POINTS[0] and min(width, height) >= REGION_MIN_POINTS[1]


def _pictures(layers: PageObjects, frame: PageFrame) -> tuple[list[int], Floats]:
    """Return images without an OCR layer, and their boxes cut to the page and to their clipping paths."""
    found = layers.images()
    if not found:
        return [], np.zeros((0, 4), np.float32)
    boxes = (
        frame.show(clipped_boxes([one for _, one in found], layers.forms.places))
        if len(found) <= _MAX_CLIPPED_IMAGES
        else frame.show(user_boxes([one for _, one in found], layers.forms.places))
    )
    size = np.array([frame.width, frame.height] * 2, np.float32)
    boxes = np.clip(np.nan_to_num(boxes), 0, size)
    kept = ((boxes[:, 2:] - boxes[:, :2]) > 0).all(axis=1) & ~_layered(layers, [i for i, _ in found], boxes, frame)
    return [one for (_, one), keep in zip(found, kept.tolist(), strict=True) if keep], boxes[kept]


def _layered(layers: PageObjects, order: list[int], boxes: Floats, frame: PageFrame) -> NDArray[np.bool_]:
    """Return which images have an OCR layer: invisible text over them, or text painted before them."""
    texts = np.flatnonzero(layers.modes >= 0)
    unpainted = np.isin(layers.modes[texts], _UNPAINTED)
    some = unpainted | (texts < max(order, default=0))
    texts, unpainted = texts[some], unpainted[some]
    if not len(texts) or not len(order):
        return np.zeros(len(order), np.bool_)
    under = frame.show(user_boxes([layers.objects[i] for i in texts.tolist()]))
    middle, area = (under[:, :2] + under[:, 2:]) / 2, np.prod(np.maximum(under[:, 2:] - under[:, :2], 0), axis=1)
    layered = []
    for i, box in zip(order, boxes, strict=True):
        within = ((middle > box[:2]) & (middle < box[2:])).all(axis=1) & (unpainted | (texts < i))
        layered.append(area[within].sum() > _OCR_LAYER_MIN_AREA * float(np.prod(box[2:] - box[:2])))
    return np.array(layered, np.bool_)


def _paths(layers: PageObjects) -> list[int]:
    """Return the paths of a page, also those in its forms; none where there are too many to be letters."""
    paths = [layers.objects[i] for i in layers.of_kind(pdfium.FPDF_PAGEOBJ_PATH)]
    for i in layers.of_kind(pdfium.FPDF_PAGEOBJ_FORM):
        paths += [one for one in layers.forms.inside(layers.objects[i]) if object_type(one) == pdfium.FPDF_PAGEOBJ_PATH]
    return paths if len(paths) <= _MAX_PATHS else []


def _letters(paths: list[int], places: Mapping[int, Matrix], frame: PageFrame) -> Floats:
    """Return boxes of paths that may be letters, as displayed.

    A path that may be a whole line is returned _MIN_LETTERS times, so that it makes a region by itself.
    """
    if not paths:
        return np.zeros((0, 4), np.float32)
    boxes = frame.show(user_boxes(paths, places))
    ahead, before = boxes[:, 2:] > 0, boxes[:, :2] < (frame.width, frame.height)
    on_page = np.flatnonzero(np.logical_and.reduce(ahead & before, axis=1))
    paths, boxes = [paths[i] for i in on_page.tolist()], boxes[on_page]
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    least, most, low, tall = _LETTER_SIZES
    small = (width > least) & (width < most) & (height > low) & (height < tall)
    at = np.flatnonzero(small)
    small[at] = [segments_of_path(paths[i]) > _RECTANGLE_SEGMENTS for i in at.tolist()]
    modules = (width > least) & (width < _MODULE_MAX_SIZE) & (height > least) & (height < _MODULE_MAX_SIZE)
    if int(modules.sum()) >= _MIN_MODULES:
        small |= modules
    large = np.flatnonzero((width > REGION_MIN_POINTS[0]) & (height > low) & ~small)
    long = large[[segments_of_path(paths[i]) >= _LINE_MIN_SEGMENTS for i in large.tolist()]] if len(large) else large
    letters = boxes[small] if int(small.sum()) >= _MIN_LETTERS else boxes[:0]
    return np.concatenate((letters, np.repeat(boxes[long], _MIN_LETTERS, axis=0)))


def _under_words(boxes: Floats, words: Floats) -> NDArray[np.bool_]:
    """Return which boxes have their middle in a word."""
    under = np.zeros(len(boxes), np.bool_)
    if not len(words) or not len(boxes):
        return under
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    for a in range(0, len(boxes), 512):
        some = middle[a : a + 512, None]
        within = np.logical_and.reduce((some > words[:, :2]) & (some < words[:, 2:]), axis=2)
        under[a : a + 512] = np.logical_or.reduce(within, axis=1)
    return under


def _grouped(boxes: Floats, frame: PageFrame) -> NDArray[np.int64]:
    """Return the group number of each box; boxes whose cells of a coarse grid touch are one group."""
    columns, rows = (int(side // GRID_CELL_POINTS) + 1 for side in (frame.width, frame.height))
    low = np.clip(boxes[:, :2] // GRID_CELL_POINTS, 0, (columns - 1, rows - 1)).astype(np.int64)
    high = np.clip(boxes[:, 2:] // GRID_CELL_POINTS, 0, (columns - 1, rows - 1)).astype(np.int64)
    steps = np.zeros((rows + 1, columns + 1), np.int32)  # of the number of boxes in a cell, down and across the page
    for y, x, step in (
        (low[:, 1], low[:, 0], 1),
        (high[:, 1] + 1, low[:, 0], -1),
        (low[:, 1], high[:, 0] + 1, -1),
        (high[:, 1] + 1, high[:, 0] + 1, 1),
    ):
        np.add.at(steps, (y, x), step)
    label = _labelled(steps.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0)
    return np.unique(label[low[:, 1], low[:, 0]], return_inverse=True)[1].astype(np.int64)


def _labelled(taken: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each cell the number of its connected component (by sides, not corners), in order of the first cell.

    Empty cells have 0. Cells are joined to runs, and runs that touch in neighbouring rows to components.
    """
    rows, columns = taken.shape
    padded = np.zeros((rows, columns + 1), np.int8)  # a run ends with its row
    padded[:, :-1] = taken
    edge = np.diff(padded.ravel(), prepend=0)
    begin, end = np.flatnonzero(edge > 0), np.flatnonzero(edge < 0)
    last = np.searchsorted(begin, end + columns + 1)  # runs of the next row that begin before this one ends
    first = np.searchsorted(end, begin + columns + 1, side="right")  # and those that end behind its beginning
    parent = list(range(len(begin)))
    for i, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        for k in range(a, b):
            one, other = sorted((_root(parent, i), _root(parent, k)))
            parent[other] = one
    roots = [_root(parent, i) for i in range(len(parent))]
    number = np.unique(np.array(roots, np.int64), return_inverse=True)[1] + 1
    label = np.zeros(rows * (columns + 1), np.int64)
    label[np.flatnonzero(padded.ravel())] = np.repeat(number, end - begin)
    return label.reshape(rows, columns + 1)[:, :-1]


def _root(parent: list[int], one: int) -> int:
    """Return the first run of a run's component, and shorten the way to it."""
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one
