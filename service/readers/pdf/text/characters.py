"""Map each UTF-16 unit of a text layer to a character and a kind, and to widths and directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPACE, LETTER, HYPHEN, SINGLE = range(4)  # HYPHEN ends its word; SINGLE is a word of its own
_FIGURES = [*range(0x660, 0x66A), *range(0x6F0, 0x6FA), 0x66A, 0x66B, 0x66C]  # Arabic digits, and their signs
_LINE_END_HYPHEN = 0xFFFE  # PDFium's unit for a hyphen at the end of a line


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return the replacement and the kind of each UTF-16 unit."""
    becomes, kind = np.arange(0x10000, dtype=np.uint16), np.full(0x10000, LETTER, np.uint8)
    becomes[:0x20] = becomes[0x7F:0xA0] = 0xFFFD
    spaces = [0, 9, 10, 11, 12, 13, 0x20, 0x85, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    becomes[spaces] = 0x20
    becomes[[2, 0xAD, _LINE_END_HYPHEN]] = ord("-")
    kind[[2, _LINE_END_HYPHEN]] = HYPHEN
    for first, last in ((0x2E80, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB00), (0xFF00, 0xFFF0)):
        kind[first:last] = SINGLE
    kind[spaces] = SPACE
    return becomes, kind


def _widths() -> NDArray[np.float32]:
    """Return rough advance widths in ems, between those of Times and Helvetica."""
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
    """Return which units are Hebrew, Arabic, Syriac or their presentation forms.

    Their figures are left out, as they run from left to right.
    """
    table = np.zeros(0x10000, np.bool_)
    table[0x590:0x900] = table[0xFB1D:0xFEFD] = True
    table[_FIGURES] = False
    return table


def _left_to_right() -> NDArray[np.bool_]:
    """Return which units are Latin, Greek or Cyrillic letters, or figures, also Arabic ones."""
    table = np.zeros(0x10000, np.bool_)
    table[[*range(0x30, 0x3A), *_FIGURES, *range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x590)]] = True
    table[[0xD7, 0xF7]] = False
    return table


def _letters() -> NDArray[np.bool_]:
    """Return which units are letters of any script, roughly; no figures."""
    table = RTL | LTR
    table[0x900:0xD800] = True
    table[[*range(0x30, 0x3A), *_FIGURES, *range(0x2000, 0x2E80), *range(0x3000, 0x3040)]] = False
    return table


def character_table(characters: str) -> NDArray[np.bool_]:
    """Return for each UTF-16 unit whether it is one of some characters."""
    table = np.zeros(0x10000, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


REPLACEMENT_UNITS, KIND = _tables()
WIDTH = _widths()
RTL = _right_to_left()
LTR = _left_to_right()
LETTERS = _letters()
DIGIT = character_table("0123456789０１２３４５６７８９") | np.isin(np.arange(0x10000), _FIGURES)
MARK = character_table(",.;:)]\"'!?\u2019\u201d")  # punctuation that a quote may leave off a word's end
