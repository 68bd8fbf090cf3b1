"""Check text that a file gives in place of its glyphs (/ActualText).

It is trusted where the glyphs are unreadable or say the same; else the glyphs are read.
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.service.readers.pdf.library import mark_count, mark_text, open_handle, run_all, wide_string
from thresher.service.readers.pdf.objects import PageObjects, content_marks_of
from thresher.service.readers.pdf.text.characters import DIGIT
from thresher.service.readers.pdf.text.file_search import FileSearch

_KEY = ctypes.create_string_buffer(b"ActualText")
_KEY_ADDRESS = ctypes.addressof(_KEY)
_LIGATURE_MAX_CHARS = 3  # such texts without a figure stand for ligatures and hyphens; there are thousands
_TERMINATOR_BYTES = 2  # at the end of each text

ReplacementText = tuple[int, str]  # index of an object on its page, and its replacement text


def false_replacements(page: Any, content: PageObjects, search: FileSearch) -> set[ReplacementText]:
    """Return replacement texts with other letters or figures than their glyphs.

    `content` is the page's objects. Side effect: removes every replacement text that is longer than a ligature or holds
    figures, the true ones too: load the page again. `search` is of its file, whose pages are not asked where it has none.
    """
    if (
        search.has_only_short_replacements
        or not any(map(mark_count, content.everything()))
        or not search.may_have_false_replacements()
    ):
        return set()
    found = list(_marked(content))
    if not found:
        return set()
    marked: dict[int, list[tuple[int, int]]] = {}
    for place, one, mark, _ in found:
        marked.setdefault(mark, []).append((place, one))
    replacements = {mark: text for _, _, mark, text in found}
    for _, one, mark, _ in found:
        _remove(one, mark)
    with open_handle(pdfium.FPDFText_LoadPage, pdfium.FPDFText_ClosePage, page) as text_page:
        shown = {mark: "".join(_glyphs(one, text_page) for _, one in those) for mark, those in marked.items()}
    false = [mark for mark in marked if _is_false(replacements[mark], shown[mark])]
    return {(place, replacements[mark]) for mark in false for place, _ in marked[mark]}


def remove_texts(content: PageObjects, false: set[ReplacementText]) -> None:
    """Remove such texts from the objects of a page that was loaded again."""
    for place, one, mark, text in list(_marked(content)):
        if (place, text) in false:
            _remove(one, mark)


def _marked(content: PageObjects) -> Iterator[tuple[int, int, int, str]]:
    """Yield (index, object, mark, text) of objects with a replacement text."""
    objects = content.everything()
    for places, marks in content_marks_of(objects):
        texts = _texts(list(set(marks)))
        for place, mark in zip(places, marks, strict=True) if texts else ():
            if mark in texts:
                yield place, objects[place], mark, texts[mark]


def _texts(marks: list[int]) -> dict[int, str]:
    """Return the texts of marks that have one longer than a ligature, or with figures."""
    size, short = np.zeros(len(marks), np.uint64), np.zeros((len(marks), _LIGATURE_MAX_CHARS + 1), np.uint16)
    sizes, rooms = (range(one.ctypes.data, one.ctypes.data + one.nbytes, one.strides[0]) for one in (size, short))
    run_all(map(mark_text, marks, repeat(_KEY_ADDRESS), rooms, repeat(short.strides[0]), sizes))
    chosen = (size > short.strides[0]) | DIGIT[short].any(axis=1)
    return {marks[i]: _text_of(marks[i], int(size[i])) for i in np.flatnonzero(chosen).tolist()}


def _text_of(mark: int, size: int) -> str:
    """Return the text of a mark."""
    room, got = ctypes.create_string_buffer(size), ctypes.c_ulong()
    mark_text(mark, _KEY_ADDRESS, ctypes.addressof(room), size, ctypes.addressof(got))
    return room.raw[:-_TERMINATOR_BYTES].decode("utf-16-le", "replace")


def _remove(one: int, mark: int) -> None:
    """Remove a mark from an object."""
    pdfium.FPDFPageObj_RemoveMark(
        ctypes.cast(one, pdfium.FPDF_PAGEOBJECT), ctypes.cast(mark, pdfium.FPDF_PAGEOBJECTMARK)
    )


def _glyphs(one: int, text_page: Any) -> str:
    """Return the text of an object's glyphs."""
    return wide_string(pdfium.FPDFTextObj_GetText, ctypes.cast(one, pdfium.FPDF_PAGEOBJECT), text_page)


def _is_false(replacement: str, shown: str) -> bool:
    r"""Whether glyphs say something in Latin letters and figures that differs from the replacement text.

    >>> _is_false("EUR 9,000", "EUR 100"), _is_false("fi", "\ufb01"), _is_false("12", "\x01\x02")
    (True, False, False)
    """
    glyphs = _plain(shown)
    return bool(glyphs) and glyphs.isascii() and _is_sound(shown) and glyphs != _plain(replacement)


def _plain(text: str) -> str:
    """Return the letters and digits of a text, normalised to compare."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _is_sound(text: str) -> bool:
    """Whether all characters are assigned and printable, so that the glyphs can be trusted."""
    return all(
        c.isspace() or c == "\xad" or (unicodedata.category(c) not in {"Cc", "Co", "Cn"} and c != "\ufffd")
        for c in text
    )
