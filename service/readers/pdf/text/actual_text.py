"""Text that a file gives in place of its glyphs: believed where the glyphs say nothing, or the same; else they are read."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.service.readers.pdf.library import drain, mark_text, opened, wide_string
from thresher.service.readers.pdf.objects import Painted, marks_of
from thresher.service.readers.pdf.text.characters import DIGIT

_KEY = ctypes.create_string_buffer(b"ActualText")
_KEY_AT = ctypes.addressof(_KEY)
_LIGATURE = 3  # letters: shorter texts, without a figure, are those of ligatures and hyphens, and come by the thousand
_ENDING = 2  # bytes at the end of each text

Said = tuple[int, str]  # place of an object on its page, and the text that stands for it


def false_text(page: Any, content: Painted) -> set[Said]:
    """Texts that say other letters or figures than the glyphs that they stand for; the marks of the page are gone then.

    `content`: what the page is painted with.
    """
    found = list(_marked(content))
    if not found:
        return set()
    marked: dict[int, list[tuple[int, int]]] = {}
    for place, one, mark, _ in found:
        marked.setdefault(mark, []).append((place, one))
    said = {mark: text for _, _, mark, text in found}
    for _, one, mark, _ in found:
        _remove(one, mark)
    with opened(pdfium.FPDFText_LoadPage, pdfium.FPDFText_ClosePage, page) as text_page:
        shown = {mark: "".join(_glyphs(one, text_page) for _, one in those) for mark, those in marked.items()}
    false = [mark for mark in marked if _is_false(said[mark], shown[mark])]
    return {(place, said[mark]) for mark in false for place, _ in marked[mark]}


def disbelieve(content: Painted, false: set[Said]) -> None:
    """Take such texts from the objects of a page that was loaded anew."""
    for place, one, mark, text in list(_marked(content)):
        if (place, text) in false:
            _remove(one, mark)


def _marked(content: Painted) -> Iterator[tuple[int, int, int, str]]:
    """(place, object, mark, text) of what has a text of its own."""
    objects = content.everything()
    for places, marks in marks_of(objects):
        texts = _texts(list(set(marks)))
        for place, mark in zip(places, marks, strict=True) if texts else ():
            if mark in texts:
                yield place, objects[place], mark, texts[mark]


def _texts(marks: list[int]) -> dict[int, str]:
    """The texts of marks that have one which is longer than a ligature, or holds figures."""
    size, short = np.zeros(len(marks), np.uint64), np.zeros((len(marks), _LIGATURE + 1), np.uint16)
    sizes, rooms = (range(one.ctypes.data, one.ctypes.data + one.nbytes, one.strides[0]) for one in (size, short))
    drain(map(mark_text, marks, repeat(_KEY_AT), rooms, repeat(short.strides[0]), sizes))
    telling = (size > short.strides[0]) | DIGIT[short].any(axis=1)
    return {marks[i]: _said(marks[i], int(size[i])) for i in np.flatnonzero(telling).tolist()}


def _said(mark: int, size: int) -> str:
    room, got = ctypes.create_string_buffer(size), ctypes.c_ulong()
    mark_text(mark, _KEY_AT, ctypes.addressof(room), size, ctypes.addressof(got))
    return room.raw[:-_ENDING].decode("utf-16-le", "replace")


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
