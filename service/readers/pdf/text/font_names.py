"""The fonts of a page by name: pages of one file share them, pages of files that were joined seldom do."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pypdfium2.raw as pdfium

_SAMPLES = 12  # characters of a page that are asked for their font, evenly spread
_NAME = ctypes.create_string_buffer(128)
_FLAGS = ctypes.c_int()


def fonts_of(text_page: Any) -> str:
    """Names as the file gives them, subset tags included, sorted and joined by "|"; empty where there is no text."""
    count, names = pdfium.FPDFText_CountChars(text_page), set()
    for k in range(_SAMPLES if count > 0 else 0):
        index = (2 * k + 1) * count // (2 * _SAMPLES)
        size = pdfium.FPDFText_GetFontInfo(text_page, index, _NAME, len(_NAME), ctypes.byref(_FLAGS))
        if 1 < size <= len(_NAME):
            names.add(_NAME.raw[: size - 1].decode("utf-8", "replace"))
    return sys.intern("|".join(sorted(names)))
