"""Name fonts of a page: pages of one file share them, pages of joined files seldom do."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pypdfium2.raw as pdfium

from thresher.service.readers.pdf.library import address, font_info

_SAMPLES = 12  # characters of a page whose font is read, evenly spread
_NAME_BUFFER = ctypes.create_string_buffer(128)
_FLAGS = ctypes.c_int()


def font_names_of(text_page: Any) -> str:
    """Return the names of the fonts of _SAMPLES characters, subset tags included, sorted and joined by "|".

    They tell joined files apart. Returns "" for a page without text.
    """
    count, names, handle = pdfium.FPDFText_CountChars(text_page), set(), address(text_page)
    for k in range(_SAMPLES if count > 0 else 0):
        index = (2 * k + 1) * count // (2 * _SAMPLES)
        size = font_info(handle, index, ctypes.addressof(_NAME_BUFFER), len(_NAME_BUFFER), ctypes.addressof(_FLAGS))
        if 1 < size <= len(_NAME_BUFFER):
            names.add(_NAME_BUFFER.raw[: size - 1].decode("utf-8", "replace"))
    return sys.intern("|".join(sorted(names)))
