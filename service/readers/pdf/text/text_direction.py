"""Find the direction of a page's text, and convert its coordinates.

In the converted coordinates text runs from left to right and top to bottom.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.characters import LETTERS, RTL

RIGHT, DOWN, LEFT, UP, MIRRORED = range(5)  # MIRRORED: right to left because of its script
_LONG_WORD_CHARS = 2  # exclusive: shorter words do not count for the direction
_COLUMN_MIN_CHARS = 3  # of a column that runs down
_COLUMN_MAX_OFFSET = 0.4  # in font sizes: of a column's characters sideways
_COLUMN_MAX_PITCH = 2.2  # in font sizes: from one character of a column to the next
_DIRECTION_MIN_SHARE = 0.6  # of the words that must agree


def direction_of(first: Floats, last: Floats, length: Ints, units: NDArray[np.uint16]) -> int:
    """Return the direction that most words share, by boxes of first and last characters.

    Returns RIGHT where no direction has enough words.
    """
    dx, dy = last[:, 0] - first[:, 0], last[:, 1] - first[:, 1]
    if (dx >= np.abs(dy)).all():
        return MIRRORED if _is_rtl(units) else RIGHT
    flat = np.abs(dx) >= np.abs(dy)
    way = np.where(flat, np.where(dx >= 0, RIGHT, LEFT), np.where(dy >= 0, DOWN, UP))[length > _LONG_WORD_CHARS]
    counts = np.bincount(way, minlength=4)
    most = int(counts.argmax())
    if counts[most] < _DIRECTION_MIN_SHARE * counts.sum():
        most = RIGHT
    return MIRRORED if most in {RIGHT, LEFT} and _is_rtl(units) else most


def _is_rtl(units: NDArray[np.uint16]) -> bool:
    """Whether a third of the letters are Hebrew, Arabic, Syriac or their presentation forms."""
    right_to_left = int(RTL[units].sum())
    return right_to_left > 0 and right_to_left * 3 > int(LETTERS[units].sum())


def runs_down(box: Floats, single: NDArray[np.bool_]) -> bool:
    """Whether most Chinese or Japanese characters, each a word by itself, are below the one before them."""
    both = single[1:] & single[:-1]
    if int(both.sum()) < _COLUMN_MIN_CHARS:
        return False
    below, right = _follows(box)
    return int((below & both).sum()) > max(int((right & both).sum()), _COLUMN_MIN_CHARS - 1)


def _follows(box: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each word but the first whether it is right below the one before it.

    Also returns for each whether it is beside that one.
    """
    size = np.maximum(box[1:, 3] - box[1:, 1], box[:-1, 3] - box[:-1, 1])
    step, down = box[1:, 0] - box[:-1, 0], box[1:, 1] - box[:-1, 1]
    below = (
        (np.abs(step) < _COLUMN_MAX_OFFSET * size)
        & (down > _COLUMN_MAX_OFFSET * size)
        & (down < _COLUMN_MAX_PITCH * size)
    )
    return below, (np.abs(down) < _COLUMN_MAX_OFFSET * size) & (step > 0)


def standing_words(
    box: Floats, ends: tuple[Floats, Floats], length: Ints, page: Ints, turned: list[int]
) -> NDArray[np.bool_]:
    """Return which words run up or down the page, with single characters among them.

    On `turned` pages, whose text runs up or down, it is words that run across.
    """
    first, last = ends
    off = np.abs(last - first)
    across, along = off[:, 0], np.minimum(off[:, 1], off[:, 3])  # type of two sizes differs at one of its edges
    standing: NDArray[np.bool_] = (along > across) & (length > 1)
    if turned:
        of_turned = np.isin(page, turned)
        standing[of_turned] = ((across > along) & (length > 1))[of_turned]
    beside = np.flatnonzero(standing)
    for step in (1, -1):
        for i in beside.tolist():
            k = i + step
            while 0 <= k < len(box) and length[k] == 1 and page[k] == page[i] and _is_stacked(box[k - step], box[k]):
                standing[k] = True
                k += step
    return standing


def _is_stacked(one: Floats, other: Floats) -> bool:
    """Whether two words are one above the other, close together."""
    width = max(float(one[2] - one[0]), float(other[2] - other[0]))
    gap = max(float(other[1] - one[3]), float(one[1] - other[3]))
    return abs(float(one[0] + one[2] - other[0] - other[2])) < width and gap < width


def stacked_characters(flat: Floats, single: NDArray[np.bool_], page: Ints) -> NDArray[np.bool_]:
    """Return which Chinese or Japanese characters are in columns, on pages that run across."""
    stacked = np.zeros(len(flat), np.bool_)
    if int(single.sum()) < _COLUMN_MIN_CHARS:
        return stacked
    below = _follows(flat)[0] & single[1:] & single[:-1] & (page[1:] == page[:-1])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], below, [False])).astype(np.int8)))
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if b - a >= _COLUMN_MIN_CHARS - 1:
            stacked[a : b + 1] = True
    return stacked


def to_reading_direction(box: Floats, direction: int, frame: PageFrame) -> Floats:
    """Convert boxes as displayed to coordinates in which the text runs left to right and top to bottom.

    >>> to_reading_direction(np.array([[10, 20, 30, 90]], np.float32), DOWN, PageFrame(width=100, height=200)).tolist()
    [[20.0, 70.0, 90.0, 90.0]]
    """
    x0, y0, x1, y1 = box.T
    width, height = np.float32(frame.width), np.float32(frame.height)
    if direction == DOWN:
        sides = y0, width - x1, y1, width - x0
    elif direction == UP:
        sides = height - y1, x0, height - y0, x1
    elif direction == LEFT:
        sides = width - x1, height - y1, width - x0, height - y0
    elif direction == MIRRORED:
        sides = width - x1, y0, width - x0, y1
    else:
        return box
    return np.stack(sides, axis=1)
