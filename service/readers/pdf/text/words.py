"""Words of a few pages: their characters and boxes, as arrays in the order of the content streams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import Frame, show_all
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.bidi import levelled
from thresher.service.readers.pdf.text.characters import BECOMES, KIND, RTL, SINGLE
from thresher.service.readers.pdf.text.text_direction import (
    DOWN,
    MIRRORED,
    RIGHT,
    UP,
    direction_of,
    level,
    runs_down,
    stacked_characters,
    standing_words,
)
from thresher.service.readers.pdf.text.text_extraction import Sheet

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
    standing: NDArray[np.bool_]  # which of them run up or down where the others run from left to right
    apart: NDArray[np.bool_]  # which never go on where the one before them ended
    glued: NDArray[np.bool_] | None = None  # which go on with no gap, however far they are from the one before them
    confidence: NDArray[np.uint8] | None = None  # percent; None: all from the text layer
    mended: NDArray[np.bool_] | None = None  # which have letters that their font told wrongly

    def __len__(self) -> int:
        """How many words."""
        return len(self.start)

    def pieces(self) -> list[tuple[str, str]]:
        """Each word, and what parts it from the next one."""
        start, end = self.start.tolist(), self.end.tolist()
        after = [*start[1:], end[-1]] if start else []
        return [(self.text[a:b], self.text[b:c]) for a, b, c in zip(start, end, after, strict=True)]

    def without(self, dropped: NDArray[np.bool_]) -> PageWords:
        """All but some words; what stood between two that are left is a space, so that no range holds a dropped one."""
        if not dropped.any():
            return self
        left = self.keep(~dropped)
        at = np.flatnonzero(~dropped)
        apart = np.append(np.diff(at) > 1, False)[: len(at)].tolist()
        return with_text(
            left, [(word, " " if cut else space) for (word, space), cut in zip(left.pieces(), apart, strict=True)]
        )

    def joined(self, glued: NDArray[np.bool_]) -> PageWords:
        """The words, some going on with no gap where the one before them ends."""
        if not glued.any():
            return self
        after = np.append(glued[1:], False).tolist()
        made = self.keep(np.ones(len(self), np.bool_))
        made.glued = glued
        return with_text(
            made, [(word, "" if on else space) for (word, space), on in zip(made.pieces(), after, strict=True)]
        )

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
            self.standing[chosen],
            self.apart[chosen],
            None if self.glued is None else self.glued[chosen],
            None if self.confidence is None else self.confidence[chosen],
            None if self.mended is None else self.mended[chosen],
        )


def with_text(words: PageWords, pieces: list[tuple[str, str]]) -> PageWords:
    """Give words their text: each of them, and what parts it from the next one."""
    sizes = np.array([(len(word), len(space)) for word, space in pieces], np.int64).reshape(-1, 2)
    words.end = np.cumsum(sizes.sum(axis=1)) - sizes[:, 1]
    words.start = words.end - sizes[:, 0]
    words.text = "".join(part for piece in pieces for part in piece)
    return words


def words_of(sheets: list[Sheet], frames: list[Frame]) -> PageWords:
    """All words of pages, hidden ones too."""
    counts = [len(sheet.start) for sheet in sheets]
    page = np.repeat(np.arange(len(sheets)), counts)
    units = np.concatenate([sheet.units for sheet in sheets])
    before = np.cumsum([0, *(len(sheet.units) for sheet in sheets[:-1])])[page]
    unit = np.concatenate([sheet.start for sheet in sheets])
    start, end = unit + before, np.concatenate([sheet.end for sheet in sheets]) + before
    box, first, last = shown_words(sheets, frames, page)
    flat, turned = _flat(box, (first, last), (sheets, frames), page)
    standing = standing_words(box, (first, last), end - start, page, turned)
    apart = np.concatenate([_apart(sheet) for sheet in sheets])
    stacked = stacked_characters(flat, KIND[units[start]] == SINGLE, page)
    became = BECOMES[units]
    head, tail = became[start], became[end - 1]
    text, points = _decode(became)
    if points is not None:
        start, end = points[start], points[end - 1] + 1
    words = PageWords(text, start, end, box, flat, unit, page, head, tail, standing | stacked, apart)
    if any(sheet.mended for sheet in sheets):
        words.mended = np.concatenate([np.isin(sheet.start, sheet.mended) for sheet in sheets])
    return words


def _apart(sheet: Sheet) -> NDArray[np.bool_]:
    return np.zeros(len(sheet.start), np.bool_) if sheet.apart is None else sheet.apart


def shown_words(sheets: list[Sheet], frames: list[Frame], page: Ints) -> tuple[Floats, Floats, Floats]:
    """Boxes as displayed: of words, of their first characters, of their last ones. `page`: the index of each one's."""
    first = _shown([sheet.first for sheet in sheets], frames, page)
    last = _shown([sheet.last for sheet in sheets], frames, page)
    box = np.concatenate((np.minimum(first[:, :2], last[:, :2]), np.maximum(first[:, 2:], last[:, 2:])), axis=1)
    return box, first, last


def _shown(boxes: list[Floats], frames: list[Frame], page: Ints) -> Floats:
    shown = show_all(frames, boxes, page)
    return shown if np.isfinite(shown).all() else np.nan_to_num(shown, nan=0.0, posinf=_FAR, neginf=-_FAR)


def _flat(
    box: Floats, ends: tuple[Floats, Floats], pages: tuple[list[Sheet], list[Frame]], page: Ints
) -> tuple[Floats, list[int]]:
    """Boxes where text runs from left to right and top to bottom, whatever way it runs; the pages where it runs up or down."""
    first, last = ends
    turned = last[:, 0] - first[:, 0] < np.abs(last[:, 1] - first[:, 1])
    scripts = [i for i, sheet in enumerate(pages[0]) if RTL[sheet.units].any()]
    wide = np.unique(page[KIND[np.concatenate([sheet.units[sheet.start] for sheet in pages[0]])] == SINGLE]).tolist()
    flat, upright = box, []
    for i in sorted({*np.unique(page[turned]).tolist(), *scripts, *wide}):
        at = slice(*np.searchsorted(page, (i, i + 1)).tolist())
        sheet, frame = pages[0][i], pages[1][i]
        way = direction_of(first[at], last[at], sheet.end - sheet.start, sheet.units)
        if way == RIGHT and i in wide and runs_down(box[at], KIND[sheet.units[sheet.start]] == SINGLE):
            way = DOWN
        if way == RIGHT and i not in scripts:
            continue
        flat = box.copy() if flat is box else flat
        flat[at] = level(box[at], way, frame)
        upright += [i] if way in {DOWN, UP} else []
        if i in scripts and way in {RIGHT, MIRRORED}:
            flat[at] = levelled(flat[at], (sheet.units, sheet.start, sheet.end), mirrored=way == MIRRORED)
    return flat, upright


def _decode(units: NDArray[np.uint16]) -> tuple[str, Ints | None]:
    """The text, and for each unit its code point's index where the two differ."""
    text = units.tobytes().decode("utf-16-le", "replace")
    if len(text) == len(units):
        return text, None
    high, low = (units >> 10) == 0x36, (units >> 10) == 0x37
    second = np.concatenate(([False], high[:-1])) & low
    return text, np.cumsum(~second) - 1
