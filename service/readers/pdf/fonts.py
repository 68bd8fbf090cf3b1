"""What fonts tell of characters."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat

import numpy as np

from service.readers.pdf.library import Ints, drain, font_info, text_font

_BOLD = (b"bold", b"black", b"heavy", b"semibold", b"-bd")
_FORCED = 1 << 18  # flag of a font descriptor: ForceBold
_LONGEST = 128  # bytes of a font's name


def bold_ones(text_page: int, indices: list[int]) -> list[bool]:
    """Whether characters are bold, by the names of their fonts or by their flags."""
    count = len(indices)
    names, flags = np.zeros(count, f"S{_LONGEST}"), np.zeros(count, np.int32)
    base, flag = names.ctypes.data, flags.ctypes.data
    places = range(base, base + _LONGEST * count, _LONGEST), repeat(_LONGEST), range(flag, flag + 4 * count, 4)
    drain(map(font_info, repeat(text_page), indices, *places))
    return [_is_bold(name, forced) for name, forced in zip(names.tolist(), (flags & _FORCED).tolist(), strict=True)]


def bold_words(text_page: int, first: Ints, owners: Ints) -> dict[int, bool]:
    """Of each word's first character, whether it is bold; `owners`: the text object of each. Every font is asked once."""
    units, inks = first.tolist(), owners.tolist()
    font = {ink: text_font(ink) if ink else None for ink in set(inks)}
    examples = dict(zip([font[ink] for ink in inks], units, strict=True))
    bold = dict(zip(examples, bold_ones(text_page, list(examples.values())), strict=True))
    return dict(zip(units, [bold[font[ink]] for ink in inks], strict=True))


@lru_cache(maxsize=1024)
def _is_bold(name: bytes, forced: int) -> bool:
    return bool(forced) or any(word in name.lower() for word in _BOLD)
