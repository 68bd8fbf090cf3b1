"""Find bold words by their fonts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Ints, font_info, run_all, text_font

_BOLD_NAMES = (b"bold", b"black", b"heavy", b"semibold", b"-bd")
_FORCE_BOLD = 1 << 18  # flag of a font descriptor: ForceBold
_NAME_BYTES = 128  # longest name of a font that is read


def bold_characters(text_page: int, indices: list[int]) -> list[bool]:
    """Return for each character whether it is bold, by its font's name or flags."""
    count = len(indices)
    names, flags = np.zeros(count, f"S{_NAME_BYTES}"), np.zeros(count, np.int32)
    base, flag = names.ctypes.data, flags.ctypes.data
    places = range(base, base + _NAME_BYTES * count, _NAME_BYTES), repeat(_NAME_BYTES), range(flag, flag + 4 * count, 4)
    run_all(map(font_info, repeat(text_page), indices, *places))
    return [_is_bold(name, forced) for name, forced in zip(names.tolist(), (flags & _FORCE_BOLD).tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class BoldWords:
    """The words of a page, and which of them are bold."""

    first: Ints  # index of each one's first character as PDFium counts, in their order
    bold: NDArray[np.bool_]

    def at(self, unit: int) -> bool | None:
        """Whether the word that begins with a character is bold; None where none begins there."""
        place = int(np.searchsorted(self.first, unit))
        known = place < len(self.first) and self.first[place] == unit
        return bool(self.bold[place]) if known else None


def bold_words(text_page: int, first: Ints, owners: Ints) -> BoldWords:
    """Return which words are bold; every font is read once.

    `owners` is the text object in which each word begins.
    """
    if not len(first):
        return BoldWords(first, np.zeros(0, np.bool_))
    begin = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    fonts = [text_font(owner) if owner else 0 for owner in owners[begin].tolist()]
    examples = dict(zip(fonts, first[begin].tolist(), strict=True))
    bold = dict(zip(examples, bold_characters(text_page, list(examples.values())), strict=True))
    lengths = np.diff(np.append(begin, len(first)))
    return BoldWords(first, np.repeat(np.array([bold[font] for font in fonts], np.bool_), lengths))


@lru_cache(maxsize=1024)
def _is_bold(name: bytes, forced: int) -> bool:
    """Whether a font is bold by its name, or by a flag that is set."""
    return bool(forced) or any(word in name.lower() for word in _BOLD_NAMES)
