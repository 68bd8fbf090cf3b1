"""Text that a file gives in place of its glyphs: believed where the glyphs say nothing, or the same; else they are read."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from service.readers.pdf.library import opened, wide_string
from service.readers.pdf.objects import everything, marks_of, top_objects

_KEY = b"ActualText"
_LIGATURE = 3  # letters: shorter texts, without a figure, are those of ligatures and hyphens, and come by the thousand

Said = tuple[int, str]  # place of an object on its page, and the text that stands for it


def false_text(page: Any) -> set[Said]:
    """Texts that say other letters or figures than the glyphs that they stand for; the marks of the page are gone then."""
    found = list(_marked(page))
    if not found:
        return set()
    objects: dict[int, list[tuple[int, int]]] = {}
    for place, one, mark, _ in found:
        objects.setdefault(mark, []).append((place, one))
    said = {mark: text for _, _, mark, text in found}
    for _, one, mark, _ in found:
        _remove(one, mark)
    with opened(pdfium.FPDFText_LoadPage, pdfium.FPDFText_ClosePage, page) as text_page:
        shown = {mark: "".join(_glyphs(one, text_page) for _, one in those) for mark, those in objects.items()}
    false = [mark for mark in objects if _is_false(said[mark], shown[mark])]
    return {(place, said[mark]) for mark in false for place, _ in objects[mark]}


def disbelieve(page: Any, false: set[Said]) -> None:
    """Take such texts from a page that was loaded anew."""
    for place, one, mark, text in list(_marked(page)):
        if (place, text) in false:
            _remove(one, mark)


def _marked(page: Any) -> Iterator[tuple[int, int, int, str]]:
    """(place, object, mark, text) of what has a text of its own."""
    objects = list(everything(top_objects(page)))
    place = {one: i for i, one in enumerate(objects)}
    texts: dict[int, str] = {}
    for one, mark, _ in marks_of(objects):
        if mark not in texts:
            said = _said(mark)
            texts[mark] = said if len(said) > _LIGATURE or any(map(str.isdigit, said)) else ""
        if texts[mark]:
            yield place[one], one, mark, texts[mark]


def _said(mark: int) -> str:
    handle, size = ctypes.cast(mark, pdfium.FPDF_PAGEOBJECTMARK), ctypes.c_ulong()
    kind = pdfium.FPDFPageObjMark_GetParamStringValue.argtypes[2]
    if not pdfium.FPDFPageObjMark_GetParamStringValue(handle, _KEY, None, 0, ctypes.byref(size)) or size.value <= 2:
        return ""
    room = ctypes.create_string_buffer(size.value)
    pdfium.FPDFPageObjMark_GetParamStringValue(handle, _KEY, ctypes.cast(room, kind), size.value, ctypes.byref(size))
    return room.raw[:-2].decode("utf-16-le", "replace")


def _remove(one: int, mark: int) -> None:
    pdfium.FPDFPageObj_RemoveMark(
        ctypes.cast(one, pdfium.FPDF_PAGEOBJECT), ctypes.cast(mark, pdfium.FPDF_PAGEOBJECTMARK)
    )


def _glyphs(one: int, text_page: Any) -> str:
    return wide_string(pdfium.FPDFTextObj_GetText, ctypes.cast(one, pdfium.FPDF_PAGEOBJECT), text_page)


def _is_false(said: str, shown: str) -> bool:
    r"""Whether glyphs say something, in Latin letters and figures, and it is not what is said of them.

    >>> _is_false("EUR 9,000", "EUR 100"), _is_false("fi", "\ufb01"), _is_false("12", "\x01\x02")
    (True, False, False)
    """
    glyphs = _plain(shown)
    return bool(glyphs) and glyphs.isascii() and _is_sound(shown) and glyphs != _plain(said)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _is_sound(text: str) -> bool:
    return all(
        c.isspace() or c == "\xad" or (unicodedata.category(c) not in {"Cc", "Co", "Cn"} and c != "\ufffd")
        for c in text
    )
