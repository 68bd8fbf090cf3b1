"""Correct letters that a font maps wrongly to the upper half of Latin-1, in words of another script.

A font whose table takes the codes of a Windows code page for Latin ones maps a Hebrew nun to ð, a Cyrillic letter to
Ä. Where such a letter is among letters of the script, and the code page has a letter for it, it is replaced. In
Hebrew and Arabic it is also at the wrong place then, as PDFium took it to run from left to right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Ints

_CODE_PAGES = {  # code page: range of its script's letters in Unicode
    "cp1255": (0x5D0, 0x5EB),
    "cp1256": (0x621, 0x6D4),
    "cp1251": (0x400, 0x460),
    "cp1253": (0x386, 0x3CF),
}
_MIN_WORDS = 2  # with the same wrong letter

Units = NDArray[np.uint16]


def mended(units: Units, start: Ints, end: Ints) -> Ints:
    """Correct wrong letters in place, and return the words that had any."""
    wrong = (units >= 0xC0) & (units <= 0xFF)
    if not len(start) or not wrong.any():
        return np.zeros(0, np.int64)
    found: set[int] = set()
    before = np.concatenate(([0], np.cumsum(wrong)))
    for table, (low, high) in _CODE_PAGES.items():
        script = np.concatenate(([0], np.cumsum((units >= low) & (units < high))))
        own, others = script[end] - script[start], before[end] - before[start]
        within = (own > 0) & (others > 0) & (own >= others)
        found |= _replaced(units, (start, end), np.flatnonzero(within), table)
    return np.array(sorted(found), np.int64)


def _replaced(units: Units, words: tuple[Ints, Ints], chosen: Ints, table: str) -> set[int]:
    """Replace a letter in all words of one script, if several words have it."""
    low, high = _CODE_PAGES[table]
    start, end = words
    some: dict[int, list[tuple[int, int]]] = {}
    for i in chosen.tolist():
        for at in range(start[i], end[i]):
            meant = _meant(int(units[at]), table)
            if low <= meant < high:
                some.setdefault(int(units[at]), []).append((i, at))
    found: set[int] = set()
    for unit, places in some.items():
        if len({i for i, _ in places}) >= _MIN_WORDS:
            units[[at for _, at in places]] = _meant(unit, table)
            found |= {i for i, _ in places}
    return found


def _meant(unit: int, table: str) -> int:
    """Return the character that a letter of Latin-1 stands for in a code page; 0 outside the upper half.

    >>> chr(_meant(ord("ð"), "cp1255")), chr(_meant(ord("Ä"), "cp1251"))
    ('נ', 'Д')
    """
    if not 0xC0 <= unit <= 0xFF:
        return 0
    try:
        return ord(bytes([unit]).decode(table))
    except UnicodeDecodeError:
        return 0
