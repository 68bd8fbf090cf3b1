"""Decide whether fonts map a text layer's codes wrongly, on any page.

Of poor OCR over a scan, `pictures/unusable_text_layer.py` decides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_OTHER, _SOUND, _SIGN, _BROKEN, _CONTROL, _VOWEL, _BLANK = range(7)
_SMALL_VOWELS = "aeiouyàáâäåæèéêëìíîïòóôöøùúûü"
_VOWELS = _SMALL_VOWELS + _SMALL_VOWELS.upper()


def _qualities() -> NDArray[np.uint8]:
    """Return the quality of each UTF-16 unit."""
    table = np.full(0x10000, _OTHER, np.uint8)
    table[[*range(0x41, 0x5B), *range(0x61, 0x7B)]] = _SOUND
    table[[*range(0x21, 0x30), *range(0x3A, 0x41), *range(0x5B, 0x61), *range(0x7B, 0x7F)]] = _SIGN
    table[[*range(0xE000, 0xF900), 0xFFFD]] = _BROKEN
    table[[1, *range(3, 9), 11, 12, *range(14, 32), *range(0x7F, 0xA0)]] = _CONTROL
    table[[ord(c) for c in _VOWELS]] = _VOWEL
    table[[10, 13, 32]] = _BLANK
    return table


_QUALITY = _qualities()
_MIN_LETTERS = 60  # of a page: with fewer, no letter is clearly common
_ONE_LETTER_MIN_SHARE = 0.6  # of the letters: no language has so many of one letter


def is_garbage(units: NDArray[np.uint16]) -> bool:
    """Whether a text layer cannot be what the page shows.

    True where a third of it has no Unicode meaning, or a twentieth are control characters; where signs outnumber
    letters and digits; where Latin letters come without vowels, as in fonts whose codes were shifted; or where most
    letters are the same, as with a table that maps every code to one letter.
    """
    counts = np.bincount(_QUALITY[units], minlength=7).tolist()
    ink = len(units) - int(counts[_BLANK])
    broken = counts[_BROKEN] + counts[_CONTROL]
    if ink < 20:
        return bool(ink > 0 and broken > ink / 2)
    if (
        broken > ink / 3
        or counts[_CONTROL] > ink / 20
        or (ink >= 60 and counts[_SIGN] > 0.55 * ink and not _leaders(units))
    ):
        return True
    letters = counts[_SOUND] + counts[_VOWEL]
    if letters <= _MIN_LETTERS or letters <= 0.5 * ink:
        return False
    return bool(letters > 200 and counts[_VOWEL] < 0.12 * letters) or _is_one_letter(units)


def _is_one_letter(units: NDArray[np.uint16]) -> bool:
    """Whether most letters are the same one."""
    quality = _QUALITY[units]
    letters = units[(quality == _SOUND) | (quality == _VOWEL)]
    return bool(np.bincount(letters).max() > _ONE_LETTER_MIN_SHARE * len(letters))


def _leaders(units: NDArray[np.uint16]) -> bool:
    """Whether most signs are the same one: dot leaders, rules made of dashes."""
    signs = units[_QUALITY[units] == _SIGN]
    return bool(np.bincount(signs).max() > 0.6 * len(signs))
