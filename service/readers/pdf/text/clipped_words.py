"""Find words that are cut off by the clipping path of their text, and so are not on the page.

Text that runs over the edge of its cell ends there, even if the next cell's text begins close by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from thresher.service.readers.pdf.clipping import clips_of
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats, Ints, address, bounds_of, char_object, loose_boxes, owners_of
from thresher.service.readers.pdf.objects import PageObjects
from thresher.service.readers.pdf.text.characters import DIGIT
from thresher.service.readers.pdf.text.text_extraction import PageText
from thresher.service.readers.pdf.text.words import displayed_boxes

_CLIPPED_MIN_POINTS = 1.0
_AT_EDGE_MIN_POINTS = 0.1  # over its clip's right edge: browsers leave out the glyphs beyond it, so little is left
_INSIDE_MIN_POINTS = 3.0  # from a word to the edges of its clip: its object is then not measured
_FIGURES_MIN_WIDTH = 0.5  # of a word's width: a word with figures of which less is left cannot be read
_LETTERS_MIN_WIDTH = 0.25  # the same for other words: the P of a PM is enough
_MIN_HEIGHT = 0.25  # of a word's height
_MAX_CELLS = 60  # through which a word is followed; no table has more columns
_NEXT_MAX_POINTS = 1.5  # how far left of the clip's edge the next word may begin


def mark_clipped(
    layers: PageObjects, text_page: Any, words: tuple[PageText, Ints], box: Floats, frame: PageFrame
) -> tuple[PageText, Ints]:
    """Return the words of a page, clipped ones as hidden, and those behind a clipping edge as apart.

    `words` is all words, and the text object in which each begins; both are returned, as a word may be split. `box` is
    of each word, as displayed.
    """
    shown, ending = _clipped(layers, words[1], box, frame) if len(words[0].start) else ({}, {})
    if not ending:
        return words
    sheet, owners = words
    for _ in range(_MAX_CELLS):  # a word may run through several cells
        before = sheet
        sheet, owners = _split((sheet, owners), address(text_page), shown)
        sheet, owners = _split((sheet, owners), address(text_page), ending, frame)
        box = displayed_boxes([sheet], [frame], np.zeros(len(sheet.start), np.int64))[0]
        if sheet is before:
            break
        more = _clipped(layers, owners, box, frame)
        shown, ending = shown | more[0], ending | more[1]
    inks = owners.tolist()
    cut, apart = np.zeros(len(box), np.bool_), np.zeros(len(box) + 1, np.bool_)
    for i in [i for i, ink in enumerate(inks) if ink in ending]:
        cut[i] = inks[i] in shown and _is_cut(box[i], shown[inks[i]], _least(sheet, i))
        follows = i + 1 < len(box) and inks[i + 1] != inks[i]
        apart[i + 1] = follows and bool(box[i + 1, 0] > ending[inks[i]][2] - _NEXT_MAX_POINTS)
    # the first letters of a word that can be read count as shown, too
    for i in reversed(np.flatnonzero(cut[:-1]).tolist()):
        cut[i] = not (_goes_on(sheet, i) and not cut[i + 1] and _is_same(shown.get(inks[i + 1]), shown[inks[i]]))
    return replace(sheet, hidden=cut if sheet.hidden is None else sheet.hidden | cut, apart=apart[:-1]), owners


def _clipped(
    layers: PageObjects, owners: Ints, box: Floats, frame: PageFrame
) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """Return by text object the clip, as displayed, of those that reach beyond it.

    Also returns them together with those that reach a little over the right edge. An object whose words, and those that
    follow them, are well inside its clip is not measured.
    """
    texts, word = np.unique(owners, return_inverse=True)
    own = np.isin(texts, np.array(layers.objects, np.int64))
    clips = clips_of(texts[own].tolist())
    if clips is None:
        return {}, {}
    place = (np.cumsum(own) - 1)[word]
    kept = own[word]
    edges = frame.show(clips)[place]
    inside = (box[:, :2] - edges[:, :2] > _INSIDE_MIN_POINTS).all(axis=1)
    inside &= (edges[:, 2:] - box[:, 2:] > _INSIDE_MIN_POINTS).all(axis=1)
    inside[:-1] &= edges[:-1, 2] - box[1:, 0] > _INSIDE_MIN_POINTS
    chosen = np.unique(place[kept & ~inside])
    some, clips = texts[own][chosen].tolist(), clips[chosen]
    bounds = bounds_of(some)
    beyond = [
        clips[:, 0] - bounds[:, 0],
        bounds[:, 3] - clips[:, 1],
        bounds[:, 2] - clips[:, 2],
        clips[:, 3] - bounds[:, 1],
    ]
    out = np.maximum.reduce(beyond) > _CLIPPED_MIN_POINTS
    near = out | (beyond[2] > _AT_EDGE_MIN_POINTS)
    found = [(i, is_out) for i, is_out in enumerate(out.tolist()) if near[i]]
    shown = frame.show(clips)
    return {some[i]: shown[i] for i, is_out in found if is_out}, {some[i]: shown[i] for i, _ in found}


def _split(
    words: tuple[PageText, Ints], handle: int, shown: dict[int, Floats], frame: PageFrame | None = None
) -> tuple[PageText, Ints]:
    """Split words that run from a clipped text object into another one.

    With `frame`, only where that one begins behind the edge of the clip.
    """
    sheet, owners = words
    cuts = [
        (i, _change(range(int(sheet.start[i]), int(sheet.end[i])), handle, ink))
        for i, ink in enumerate(owners.tolist())
        if ink in shown and ink != char_object(handle, int(sheet.end[i]) - 1)
    ]
    if frame is not None:
        cuts = [(i, u) for i, u in cuts if _is_behind(loose_boxes([(handle, [u])], 1), shown[int(owners[i])], frame)]
    return with_words_split(words, handle, cuts)


def with_words_split(words: tuple[PageText, Ints], handle: int, cuts: list[tuple[int, int]]) -> tuple[PageText, Ints]:
    """Split words; `cuts` is, in order, the index of a word, and of the character at which its second part begins."""
    sheet, owners = words
    if not cuts:
        return words
    at = np.array([i + 1 for i, _ in cuts])
    units = np.array([unit for _, unit in cuts], np.int64)
    parted = np.array([i for i, _ in cuts])
    first = np.insert(sheet.first, at, loose_boxes([(handle, units.tolist())], len(units)), axis=0)
    last = np.insert(sheet.last, parted, loose_boxes([(handle, (units - 1).tolist())], len(units)), axis=0)
    hidden = None if sheet.hidden is None else np.insert(sheet.hidden, at, sheet.hidden[parted])
    apart = None if sheet.apart is None else np.insert(sheet.apart, at, True)
    start, end = np.insert(sheet.start, at, units), np.insert(sheet.end, parted, units)
    owners = np.insert(owners, at, owners_of(handle, units.tolist()))
    return replace(sheet, start=start, end=end, first=first, last=last, hidden=hidden, apart=apart), owners


def _is_behind(box: Floats, clip: Floats, frame: PageFrame) -> bool:
    """Whether a character's box, in user space, begins behind the right edge of a clip."""
    return bool(frame.show(box)[0, 0] > clip[2] - _NEXT_MAX_POINTS)


def _change(units: Iterable[int], handle: int, ink: int) -> int:
    """Return the first of a word's characters that belongs to another text object than `ink`."""
    return next(i for i in units if char_object(handle, i) != ink)


def _goes_on(sheet: PageText, word: int) -> bool:
    """Whether a part of a word, without figures, continues in the next part with no space."""
    own = sheet.units[sheet.start[word] : sheet.end[word]]
    return bool(sheet.end[word] == sheet.start[word + 1]) and not DIGIT[own].any()


def _is_same(one: Floats | None, other: Floats) -> bool:
    """Whether two clips are the same, to a point."""
    return one is not None and bool(np.abs(one - other).max() < _CLIPPED_MIN_POINTS)


def _least(sheet: PageText, word: int) -> float:
    """Return the least share of a word's width that must be shown."""
    return _FIGURES_MIN_WIDTH if DIGIT[sheet.units[sheet.start[word] : sheet.end[word]]].any() else _LETTERS_MIN_WIDTH


def _is_cut(box: Floats, clip: Floats, least: float) -> bool:
    """Whether too little of a word is inside its clip."""
    width = min(float(box[2]), float(clip[2])) - max(float(box[0]), float(clip[0]))
    height = min(float(box[3]), float(clip[3])) - max(float(box[1]), float(clip[1]))
    return width < least * float(box[2] - box[0]) or height < _MIN_HEIGHT * float(box[3] - box[1])
