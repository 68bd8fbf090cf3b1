"""What each UTF-16 unit of a text layer becomes, and what it tells of the layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPACE, LETTER, HYPHEN, SINGLE = range(4)  # HYPHEN ends its word; SINGLE is a word of its own
_BREAK = 0xFFFE  # what PDFium gives for a hyphen at the end of a line


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    becomes, kind = np.arange(0x10000, dtype=np.uint16), np.full(0x10000, LETTER, np.uint8)
    becomes[:0x20] = becomes[0x7F:0xA0] = 0xFFFD
    spaces = [0, 9, 10, 11, 12, 13, 0x20, 0x85, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    becomes[spaces] = 0x20
    becomes[[2, 0xAD, _BREAK]] = ord("-")
    kind[[2, _BREAK]] = HYPHEN
    for first, last in ((0x2E80, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB00), (0xFF00, 0xFFF0)):
        kind[first:last] = SINGLE
    kind[spaces] = SPACE
    return becomes, kind


def _widths() -> NDArray[np.float32]:
    """Rough advance widths in ems, between those of Times and Helvetica."""
    width = np.full(0x10000, 0.55, np.float32)
    groups = {
        " !'|,.:;/ijlIt()[]f-": 0.29,
        'rst"*J': 0.38,
        "abcdeghknopquvxyzLTFE0123456789$?": 0.5,
        "ABCDGHKNOPQRSUVXYZw&": 0.68,
        "mMW@%\u2014": 0.85,
    }
    for letters, value in groups.items():
        width[[ord(c) for c in letters]] = value
    return width


def _right_to_left() -> NDArray[np.bool_]:
    """Hebrew, Arabic, Syriac and their presentation forms."""
    table = np.zeros(0x10000, np.bool_)
    table[0x590:0x900] = table[0xFB1D:0xFEFD] = True
    return table


def among(characters: str) -> NDArray[np.bool_]:
    """For each UTF-16 unit, whether it is one of some characters."""
    table = np.zeros(0x10000, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


BECOMES, KIND = _tables()
WIDTH = _widths()
RTL = _right_to_left()
MARK = among(",.;:)]\"'!?\u2019\u201d")  # what may follow a word that is cited without it
