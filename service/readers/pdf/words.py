"""Words of a few pages: their characters and boxes, as arrays in the order of the content streams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.readers.pdf.characters import BECOMES, RTL
from service.readers.pdf.direction import RIGHT, direction_of, level
from service.readers.pdf.frame import Frame, show_all
from service.readers.pdf.gather import Sheet
from service.readers.pdf.library import Floats, Ints

_FAR = 1e6  # points: nothing is farther away


@dataclass(slots=True)
class PageWords:
    """Words of pages in turn. `text[start[i]:end[i]]` is word i."""

    text: str
    start: Ints
    end: Ints
    box: Floats  # (n, 4) x0, y0, x1, y1 as displayed
    flat: Floats  # the same where the text runs left to right and top to bottom
    unit: Ints  # index of each word's first character as PDFium counts in its page
    page: Ints  # index of the page among those that were given
    head: NDArray[np.uint16]  # each word's first character, and its last
    tail: NDArray[np.uint16]
    confidence: NDArray[np.uint8] | None = None  # percent; None: all from the text layer

    def __len__(self) -> int:
        """How many words."""
        return len(self.start)

    def keep(self, chosen: NDArray[np.bool_]) -> PageWords:
        """Only the chosen words."""
        level_box = self.box[chosen]
        return PageWords(
            self.text,
            self.start[chosen],
            self.end[chosen],
            level_box,
            level_box if self.flat is self.box else self.flat[chosen],
            self.unit[chosen],
            self.page[chosen],
            self.head[chosen],
            self.tail[chosen],
            None if self.confidence is None else self.confidence[chosen],
        )


def words_of(sheets: list[Sheet], frames: list[Frame]) -> PageWords:
    """All words of pages, hidden ones too."""
    counts = [len(sheet.start) for sheet in sheets]
    page = np.repeat(np.arange(len(sheets)), counts)
    units = np.concatenate([sheet.units for sheet in sheets])
    before = np.cumsum([0, *(len(sheet.units) for sheet in sheets[:-1])])[page]
    unit = np.concatenate([sheet.start for sheet in sheets])
    start, end = unit + before, np.concatenate([sheet.end for sheet in sheets]) + before
    box, first, last = shown_words(sheets, frames, page)
    flat = _flat(box, (first, last), (sheets, frames), page)
    became = BECOMES[units]
    visual = RTL[units[start]] & RTL[units[end - 1]] & (last[:, 0] > first[:, 2])
    for i in np.flatnonzero(visual).tolist():  # stored as seen from left to right
        became[start[i] : end[i]] = became[start[i] : end[i]][::-1].copy()
    head, tail = became[start], became[end - 1]
    text, points = _decode(became)
    if points is not None:
        start, end = points[start], points[end - 1] + 1
    return PageWords(text, start, end, box, flat, unit, page, head, tail)


def shown_words(sheets: list[Sheet], frames: list[Frame], page: Ints) -> tuple[Floats, Floats, Floats]:
    """Boxes as displayed: of words, of their first characters, of their last ones. `page`: the index of each one's."""
    first = _shown([sheet.first for sheet in sheets], frames, page)
    last = _shown([sheet.last for sheet in sheets], frames, page)
    box = np.concatenate((np.minimum(first[:, :2], last[:, :2]), np.maximum(first[:, 2:], last[:, 2:])), axis=1)
    return box, first, last


def _shown(boxes: list[Floats], frames: list[Frame], page: Ints) -> Floats:
    shown = show_all(frames, boxes, page)
    return shown if np.isfinite(shown).all() else np.nan_to_num(shown, nan=0.0, posinf=_FAR, neginf=-_FAR)


def _flat(box: Floats, ends: tuple[Floats, Floats], pages: tuple[list[Sheet], list[Frame]], page: Ints) -> Floats:
    """Boxes where text runs from left to right and top to bottom, whatever way each page's text runs."""
    first, last = ends
    turned = last[:, 0] - first[:, 0] < np.abs(last[:, 1] - first[:, 1])
    flat = box
    for i in np.unique(page[turned]).tolist():
        at = slice(*np.searchsorted(page, (i, i + 1)).tolist())
        sheet, frame = pages[0][i], pages[1][i]
        way = direction_of(first[at], last[at], sheet.end - sheet.start, sheet.units)
        if way != RIGHT:
            flat = box.copy() if flat is box else flat
            flat[at] = level(box[at], way, frame)
    return flat


def _decode(units: NDArray[np.uint16]) -> tuple[str, Ints | None]:
    """The text, and for each unit its code point's index where the two differ."""
    text = units.tobytes().decode("utf-16-le", "replace")
    if len(text) == len(units):
        return text, None
    high, low = (units >> 10) == 0x36, (units >> 10) == 0x37
    second = np.concatenate(([False], high[:-1])) & low
    return text, np.cumsum(~second) - 1
