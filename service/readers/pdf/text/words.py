"""Hold the words of a few pages: characters and boxes, as arrays in the order of the content streams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame, show_all
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.marks.superscripts import level_marks
from thresher.service.readers.pdf.text.bidi import mirrored_lines
from thresher.service.readers.pdf.text.characters import KIND, REPLACEMENT_UNITS, RTL, SINGLE
from thresher.service.readers.pdf.text.text_direction import (
    DOWN,
    MIRRORED,
    RIGHT,
    UP,
    direction_of,
    runs_down,
    stacked_characters,
    standing_words,
    to_reading_direction,
)
from thresher.service.readers.pdf.text.text_extraction import PageText

_INFINITY = 1e6  # points, beyond any page


@dataclass(slots=True)
class PageWords:
    """Words of pages, one page after the other. `text[start[i]:end[i]]` is word i."""

    text: str
    start: Ints
    end: Ints
    box: Floats  # (n, 4) x0, y0, x1, y1 as displayed
    flat: Floats  # the same in coordinates in which the text runs left to right and top to bottom
    unit: Ints  # index of each word's first character in PDFium's count for its page
    page: Ints  # index in the batch of pages
    head: NDArray[np.uint16]  # each word's first character
    tail: NDArray[np.uint16]  # each word's last character
    standing: NDArray[np.bool_]  # which run up or down where the others run from left to right
    apart: NDArray[np.bool_]  # which never continue the one before them
    glued: NDArray[np.bool_] | None = None  # which continue the one before them, at any distance
    confidence: NDArray[np.uint8] | None = None  # percent; None: all from the text layer
    mended: NDArray[np.bool_] | None = None  # which have corrected letters
    rule: NDArray[np.float32] | None = None  # x of the line that separates each from what is left of it; NaN for none

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.start)

    def pieces(self) -> list[tuple[str, str]]:
        """Return each word with its separator from the next one."""
        start, end = self.start.tolist(), self.end.tolist()
        after = [*start[1:], end[-1]] if start else []
        return [(self.text[a:b], self.text[b:c]) for a, b, c in zip(start, end, after, strict=True)]

    def without(self, dropped: NDArray[np.bool_]) -> PageWords:
        """Return all words but some; a space replaces dropped ones, so that no range contains one."""
        if not dropped.any():
            return self
        left = self.keep(~dropped)
        at = np.flatnonzero(~dropped)
        apart = np.append(np.diff(at) > 1, False)[: len(at)].tolist()
        return set_text(
            left, [(word, " " if cut else space) for (word, space), cut in zip(left.pieces(), apart, strict=True)]
        )

    def joined(self, glued: NDArray[np.bool_]) -> PageWords:
        """Return the words with those in `glued` joined to the one before them, with no gap."""
        if not glued.any():
            return self
        after = np.append(glued[1:], False).tolist()
        made = self.keep(np.ones(len(self), np.bool_))
        made.glued = glued
        return set_text(
            made, [(word, "" if on else space) for (word, space), on in zip(made.pieces(), after, strict=True)]
        )

    def keep(self, chosen: NDArray[np.bool_] | slice) -> PageWords:
        """Return only the chosen words."""
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


def set_text(words: PageWords, pieces: list[tuple[str, str]]) -> PageWords:
    """Set the text of words: each of them with its separator from the next one.

    Returns the changed `words`.
    """
    sizes = np.array([(len(word), len(space)) for word, space in pieces], np.int64).reshape(-1, 2)
    words.end = np.cumsum(sizes.sum(axis=1)) - sizes[:, 1]
    words.start = words.end - sizes[:, 0]
    words.text = "".join(part for piece in pieces for part in piece)
    return words


def words_of(sheets: list[PageText], frames: list[PageFrame]) -> PageWords:
    """Return all words of pages, also hidden ones."""
    counts = [len(sheet.start) for sheet in sheets]
    page = np.repeat(np.arange(len(sheets)), counts)
    units = np.concatenate([sheet.units for sheet in sheets])
    before = np.cumsum([0, *(len(sheet.units) for sheet in sheets[:-1])])[page]
    unit = np.concatenate([sheet.start for sheet in sheets])
    start, end = unit + before, np.concatenate([sheet.end for sheet in sheets]) + before
    box, first, last = displayed_boxes(sheets, frames, page)
    flat, turned = _flat(box, (first, last), (sheets, frames), page)
    standing = standing_words(box, (first, last), end - start, page, turned)
    if any(sheet.slanting for sheet in sheets):
        standing |= np.concatenate([np.isin(sheet.start, sheet.slanting) for sheet in sheets])
    apart = np.concatenate([_apart(sheet) for sheet in sheets])
    stacked = stacked_characters(flat, KIND[units[start]] == SINGLE, page)
    became = REPLACEMENT_UNITS[units]
    head, tail = became[start], became[end - 1]
    level_marks(flat, head, tail, page)
    text, points = _decode(became)
    if points is not None:
        start, end = points[start], points[end - 1] + 1
    words = PageWords(text, start, end, box, flat, unit, page, head, tail, standing | stacked, apart)
    if any(sheet.mended for sheet in sheets):
        words.mended = np.concatenate([np.isin(sheet.start, sheet.mended) for sheet in sheets])
    return words


def _apart(sheet: PageText) -> NDArray[np.bool_]:
    """Return a page's words that never continue the one before them."""
    return np.zeros(len(sheet.start), np.bool_) if sheet.apart is None else sheet.apart


def displayed_boxes(sheets: list[PageText], frames: list[PageFrame], page: Ints) -> tuple[Floats, Floats, Floats]:
    """Return boxes as displayed: of words, of first characters, of last ones.

    `page` is the index of each one's page.
    """
    first = _shown([sheet.first for sheet in sheets], frames, page)
    last = _shown([sheet.last for sheet in sheets], frames, page)
    box = np.concatenate((np.minimum(first[:, :2], last[:, :2]), np.maximum(first[:, 2:], last[:, 2:])), axis=1)
    return box, first, last


def _shown(boxes: list[Floats], frames: list[PageFrame], page: Ints) -> Floats:
    """Return boxes as displayed, with infinite values bounded."""
    shown = show_all(frames, boxes, page)
    return shown if np.isfinite(shown).all() else np.nan_to_num(shown, nan=0.0, posinf=_INFINITY, neginf=-_INFINITY)


def _flat(
    box: Floats, ends: tuple[Floats, Floats], pages: tuple[list[PageText], list[PageFrame]], page: Ints
) -> tuple[Floats, list[int]]:
    """Return boxes in coordinates in which text runs from left to right and top to bottom.

    Also returns the pages whose text runs up or down.
    """
    first, last = ends
    turned = last[:, 0] - first[:, 0] < np.abs(last[:, 1] - first[:, 1])
    scripts = [i for i, sheet in enumerate(pages[0]) if RTL[sheet.units].any()]
    wide = np.unique(page[KIND[np.concatenate([sheet.units[sheet.start] for sheet in pages[0]])] == SINGLE]).tolist()
    flat, upright = box, []
    for i in sorted({*np.unique(page[turned]).tolist(), *scripts, *wide}):
        at = slice(*np.searchsorted(page, (i, i + 1)).tolist())
        sheet, frame = pages[0][i], pages[1][i]
        direction = direction_of(first[at], last[at], sheet.end - sheet.start, sheet.units)
        if direction == RIGHT and i in wide and runs_down(box[at], KIND[sheet.units[sheet.start]] == SINGLE):
            direction = DOWN
        if direction == RIGHT and i not in scripts:
            continue
        flat = box.copy() if flat is box else flat
        flat[at] = to_reading_direction(box[at], direction, frame)
        upright += [i] if direction in {DOWN, UP} else []
        if i in scripts and direction in {RIGHT, MIRRORED}:
            flat[at] = mirrored_lines(flat[at], (sheet.units, sheet.start, sheet.end), mirrored=direction == MIRRORED)
    return flat, upright


def _decode(units: NDArray[np.uint16]) -> tuple[str, Ints | None]:
    """Return the text, and the code point's index for each unit where the two counts differ."""
    text = units.tobytes().decode("utf-16-le", "replace")
    if len(text) == len(units):
        return text, None
    high, low = (units >> 10) == 0x36, (units >> 10) == 0x37
    second = np.concatenate(([False], high[:-1])) & low
    return text, np.cumsum(~second) - 1
