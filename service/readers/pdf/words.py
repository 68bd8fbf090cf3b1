"""The words of one page: their characters and boxes, as arrays in the order of the content stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from service.readers.pdf.direction import direction_of, level
from service.readers.pdf.frame import Frame
from service.readers.pdf.garbage import is_garbage
from service.readers.pdf.library import Floats, Ints, address, char_unicode, loose_boxes, tight_boxes

_SPACE, _LETTER, _SINGLE, _HYPHEN = range(4)  # classes of a UTF-16 unit
_THIN = 0.05  # points: a box thinner than this is no box
_FAR = 1e6  # points: nothing is farther away
_BREAK = 0xFFFE  # what PDFium gives for a hyphen at the end of a line


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """What each UTF-16 unit becomes, and its class."""
    becomes, kind = np.arange(0x10000, dtype=np.uint16), np.full(0x10000, _LETTER, np.uint8)
    becomes[:0x20] = becomes[0x7F:0xA0] = 0xFFFD
    spaces = [0, 9, 10, 11, 12, 13, 0x20, 0x85, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    becomes[spaces], kind[spaces] = 0x20, _SPACE
    becomes[[2, 0xAD, _BREAK]] = ord("-")
    kind[[2, _BREAK]] = _HYPHEN
    for first, last in ((0x2E80, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB00), (0xFF00, 0xFFF0)):
        kind[first:last] = _SINGLE
    kind[spaces] = _SPACE
    return becomes, kind


_BECOMES, _KIND = _tables()


@dataclass(slots=True)
class PageWords:
    """Words of a page. `text[start[i]:end[i]]` is word i."""

    text: str
    start: Ints
    end: Ints
    box: Floats  # (n, 4) x0, y0, x1, y1 as displayed
    flat: Floats  # the same where the text runs left to right and top to bottom
    unit: Ints  # index of each word's first character as PDFium counts

    def __len__(self) -> int:
        """How many words."""
        return len(self.start)

    def keep(self, chosen: NDArray[np.bool_]) -> PageWords:
        """Only the chosen words."""
        return PageWords(
            self.text, self.start[chosen], self.end[chosen], self.box[chosen], self.flat[chosen], self.unit[chosen]
        )


def page_words(text_page: Any, frame: Frame) -> tuple[PageWords, bool]:
    """All words of a page, hidden ones too, and whether its text layer is garbage."""
    units = _units(text_page, address(text_page))
    return _words(text_page, frame, units), is_garbage(units)


def _words(text_page: Any, frame: Frame, units: NDArray[np.uint16]) -> PageWords:
    handle = address(text_page)
    kind = _KIND[units]
    start, end = _bounds(kind)
    first, last = _ends(handle, frame, start, end)
    odd = _odd(first, last, end - start)
    if odd.any():  # a "word" that jumps: give every character of it a box of its own
        for a, b in zip(start[odd].tolist(), end[odd].tolist(), strict=True):
            kind[a:b] = _SINGLE
        start, end = _bounds(kind)
        first, last = _ends(handle, frame, start, end)
    box = np.concatenate((np.minimum(first[:, :2], last[:, :2]), np.maximum(first[:, 2:], last[:, 2:])), axis=1)
    flat = level(box, direction_of(first, last, end - start, units), frame)
    text, points = _decode(_BECOMES[units])
    if points is None:
        return PageWords(text, start, end, box, flat, start)
    return PageWords(text, points[start], points[end - 1] + 1, box, flat, start)


def _units(text_page: Any, handle: int) -> NDArray[np.uint16]:
    count = max(pdfium.FPDFText_CountChars(text_page), 0)
    units = np.zeros(count + 1, np.uint16)
    got = pdfium.FPDFText_GetText(text_page, 0, count, units.ctypes.data_as(pdfium.FPDFText_GetText.argtypes[3]))
    if got - 1 == count:
        return units[:count]
    codes = np.fromiter((char_unicode(handle, i) for i in range(count)), np.int64, count)
    return np.where(codes & ~0xFFFF, 0xFFFD, codes).astype(np.uint16)


def _bounds(kind: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Half-open ranges of the words."""
    before = np.concatenate(([_SPACE], kind[:-1])) if len(kind) else kind
    starts = (kind != _SPACE) & ((before != _LETTER) | (kind == _SINGLE))
    after = np.concatenate((starts[1:] | (kind[1:] == _SPACE), [True])) if len(kind) else starts
    return np.flatnonzero(starts), np.flatnonzero((kind != _SPACE) & after) + 1


def _ends(handle: int, frame: Frame, start: Ints, end: Ints) -> tuple[Floats, Floats]:
    """Boxes of the first and the last character of each word, as displayed."""
    if not len(start):
        return np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32)
    indices = np.concatenate((start, end - 1)).tolist()
    found = loose_boxes(handle, indices)
    flat = (np.abs(found[:, 2] - found[:, 0]) < _THIN) | (np.abs(found[:, 1] - found[:, 3]) < _THIN)
    if flat.any():
        found[flat] = tight_boxes(handle, [indices[i] for i in np.flatnonzero(flat).tolist()])
    shown = frame.show(found)
    if not np.isfinite(shown).all():
        shown = np.nan_to_num(shown, nan=0.0, posinf=_FAR, neginf=-_FAR)
    return shown[: len(start)], shown[len(start) :]


def _odd(first: Floats, last: Floats, length: Ints) -> NDArray[np.bool_]:
    """Words that change the line, or whose ends are too far apart for their length."""
    size = np.maximum(first[:, 2:] - first[:, :2], last[:, 2:] - last[:, :2]).max(axis=1)
    apart = np.abs(first[:, :2] + first[:, 2:] - last[:, :2] - last[:, 2:]) * np.float32(0.5)
    far: NDArray[np.bool_] = (apart.max(axis=1) > 2 * size * length) | (apart.min(axis=1) > 0.8 * size)
    return far & (length > 1)


def _decode(units: NDArray[np.uint16]) -> tuple[str, Ints | None]:
    """The text, and for each unit its code point's index where the two differ."""
    text = units.tobytes().decode("utf-16-le", "replace")
    if len(text) == len(units):
        return text, None
    high, low = (units >> 10) == 0x36, (units >> 10) == 0x37
    second = np.concatenate(([False], high[:-1])) & low
    return text, np.cumsum(~second) - 1
