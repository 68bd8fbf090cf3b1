"""Letters that a font tells wrongly: those of the upper half of Latin-1 in words of another script.

A font whose table takes the codes of a Windows code page for Latin ones tells a Hebrew nun as ð, a Cyrillic letter as Ä.
Where one stands among letters of the script, and the code page has a letter for it, that letter is meant. In Hebrew and
Arabic it also stands in the wrong place then, as it was taken to run from left to right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Ints

_PAGES = {"cp1255": (0x5D0, 0x5EB), "cp1256": (0x621, 0x6D4), "cp1251": (0x400, 0x460), "cp1253": (0x386, 0x3CF)}
_FEWEST = 2  # words in which a letter stands so

Units = NDArray[np.uint16]


def mended(units: Units, start: Ints, end: Ints) -> Ints:
    """Put the letters that are meant in their place; the words in which there are such."""
    wrong = (units >= 0xC0) & (units <= 0xFF)
    if not len(start) or not wrong.any():
        return np.zeros(0, np.int64)
    found: set[int] = set()
    before = np.concatenate(([0], np.cumsum(wrong)))
    for table, (low, high) in _PAGES.items():
        script = np.concatenate(([0], np.cumsum((units >= low) & (units < high))))
        own, others = script[end] - script[start], before[end] - before[start]
        within = (own > 0) & (others > 0) & (own >= others)
        found |= _replaced(units, (start, end), np.flatnonzero(within), table)
    return np.array(sorted(found), np.int64)


def _replaced(units: Units, words: tuple[Ints, Ints], chosen: Ints, table: str) -> set[int]:
    """Replace letters in words of one script, if most of each word is in that script and there are several such words."""
    low, high = _PAGES[table]
    start, end = words
    some: dict[int, list[tuple[int, int]]] = {}
    for i in chosen.tolist():
        for at in range(start[i], end[i]):
            meant = _meant(int(units[at]), table)
            if low <= meant < high:
                some.setdefault(int(units[at]), []).append((i, at))
    found: set[int] = set()
    for unit, places in some.items():
        if len({i for i, _ in places}) >= _FEWEST:
            units[[at for _, at in places]] = _meant(unit, table)
            found |= {i for i, _ in places}
    return found


def _meant(unit: int, table: str) -> int:
    """What a letter of Latin-1 is in a code page; 0 where it is none of the upper half.

    >>> chr(_meant(ord("ð"), "cp1255")), chr(_meant(ord("Ä"), "cp1251"))
    ('נ', 'Д')
    """
    if not 0xC0 <= unit <= 0xFF:
        return 0
    try:
        return ord(bytes([unit]).decode(table))
    except UnicodeDecodeError:
        return 0
