"""Which way the text of a page runs, and coordinates in which it runs from left to right and top to bottom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import Frame
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.characters import LETTERS, RTL

RIGHT, DOWN, LEFT, UP, MIRRORED = range(5)  # MIRRORED: right to left by its script
_LONG = 2  # characters beyond the first: a shorter word says nothing of its direction
_FEWEST = 3  # characters of a column that runs down
_ASIDE = 0.4  # in font sizes: how far aside a character of a column may be
_PITCH = 2.2  # in font sizes: how far below the next one may be
_SHARE = 0.6  # of the words that must agree


def direction_of(first: Floats, last: Floats, length: Ints, units: NDArray[np.uint16]) -> int:
    """The direction that most words share, from the boxes of their first and last characters; RIGHT where none does."""
    dx, dy = last[:, 0] - first[:, 0], last[:, 1] - first[:, 1]
    if (dx >= np.abs(dy)).all():
        return MIRRORED if _is_rtl(units) else RIGHT
    flat = np.abs(dx) >= np.abs(dy)
    way = np.where(flat, np.where(dx >= 0, RIGHT, LEFT), np.where(dy >= 0, DOWN, UP))[length > _LONG]
    counts = np.bincount(way, minlength=4)
    most = int(counts.argmax())
    if counts[most] < _SHARE * counts.sum():
        most = RIGHT
    return MIRRORED if most in {RIGHT, LEFT} and _is_rtl(units) else most


def _is_rtl(units: NDArray[np.uint16]) -> bool:
    """Whether a third of the letters are Hebrew, Arabic, Syriac or their presentation forms."""
    right_to_left = int(RTL[units].sum())
    return right_to_left > 0 and right_to_left * 3 > int(LETTERS[units].sum())


def runs_down(box: Floats, single: NDArray[np.bool_]) -> bool:
    """Whether most characters of Chinese or Japanese, each a word by itself, stand below the one before them."""
    both = single[1:] & single[:-1]
    if int(both.sum()) < _FEWEST:
        return False
    below, right = _follows(box)
    return int((below & both).sum()) > max(int((right & both).sum()), _FEWEST - 1)


def _follows(box: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each word but the first: whether it stands right below the one before it; whether it stands beside it."""
    size = np.maximum(box[1:, 3] - box[1:, 1], box[:-1, 3] - box[:-1, 1])
    step, down = box[1:, 0] - box[:-1, 0], box[1:, 1] - box[:-1, 1]
    below = (np.abs(step) < _ASIDE * size) & (down > _ASIDE * size) & (down < _PITCH * size)
    return below, (np.abs(down) < _ASIDE * size) & (step > 0)


def standing_words(
    box: Floats, ends: tuple[Floats, Floats], length: Ints, page: Ints, turned: list[int]
) -> NDArray[np.bool_]:
    """Words whose characters run up or down the page, or across it on pages of which most do; with single ones among them."""
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
    """Whether two words stand one above the other, hardly apart."""
    width = max(float(one[2] - one[0]), float(other[2] - other[0]))
    gap = max(float(other[1] - one[3]), float(one[1] - other[3]))
    return abs(float(one[0] + one[2] - other[0] - other[2])) < width and gap < width


def stacked_characters(flat: Floats, single: NDArray[np.bool_], page: Ints) -> NDArray[np.bool_]:
    """Characters of Chinese or Japanese in columns of three or more, on pages that run across."""
    stacked = np.zeros(len(flat), np.bool_)
    if int(single.sum()) < _FEWEST:
        return stacked
    below = _follows(flat)[0] & single[1:] & single[:-1] & (page[1:] == page[:-1])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], below, [False])).astype(np.int8)))
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if b - a >= _FEWEST - 1:
            stacked[a : b + 1] = True
    return stacked


def level(box: Floats, direction: int, frame: Frame) -> Floats:
    """Boxes as displayed, brought to where the text runs left to right and top to bottom.

    >>> level(np.array([[10, 20, 30, 90]], np.float32), DOWN, Frame(width=100, height=200)).tolist()
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
