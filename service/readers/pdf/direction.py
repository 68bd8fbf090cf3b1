"""Which way the text of a page runs, and coordinates in which it runs from left to right and top to bottom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from service.readers.pdf.characters import LETTERS, RTL
from service.readers.pdf.frame import Frame
from service.readers.pdf.library import Floats, Ints

RIGHT, DOWN, LEFT, UP, MIRRORED = range(5)  # MIRRORED: right to left by its script
_LONG = 2  # characters beyond the first: a shorter word says nothing of its direction
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
