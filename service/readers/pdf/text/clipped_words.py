"""Words that are cut off: what reaches beyond the path that its text is clipped to is not on the page.

Text that runs over the edge of its cell ends there, however near the text of the next cell begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from thresher.service.readers.pdf.layout.page_frame import Frame
from thresher.service.readers.pdf.library import Floats, Ints, address, char_object, loose_boxes, owners_of
from thresher.service.readers.pdf.objects import Layers, clips_of
from thresher.service.readers.pdf.text.characters import DIGIT
from thresher.service.readers.pdf.text.text_extraction import Sheet
from thresher.service.readers.pdf.text.words import shown_words

_BEYOND = 1.0  # points
_MANY = 2.0  # objects a word: as soon as there are more, finding those that words begin in is cheaper than asking all
_SHOWN = 0.5  # of a word's width: when less is left of one with figures it can not be read
_TELLING = 0.25  # the same for others: the P of a PM is enough
_HIGH = 0.25  # of its height
_NEAR = 1.5  # points: how far left of its edge what follows a clipped text may begin


def cut_off(layers: Layers, text_page: Any, words: tuple[Sheet, Ints], frame: Frame) -> tuple[Sheet, Ints]:
    """The words of a page, those that are clipped away marked as hidden, and those behind an edge that clips as apart.

    `words`: all of them, and the text object that each begins in; both are given back, as a word may be parted.
    """
    shown = _clipped(layers, words[1], frame) if len(words[0].start) else {}
    if not shown:
        return words
    sheet, owners = _split(words, address(text_page), shown)
    if sheet is not words[0]:
        shown |= _clipped(layers, np.setdiff1d(owners, words[1]), frame)
    box = shown_words([sheet], [frame], np.zeros(len(sheet.start), np.int64))[0]
    inks = owners.tolist()
    within = [i for i, ink in enumerate(inks) if ink in shown]
    cut, apart = np.zeros(len(box), np.bool_), np.zeros(len(box) + 1, np.bool_)
    for i in within:
        cut[i] = _is_cut(box[i], shown[inks[i]], _least(sheet, i))
        follows = i + 1 < len(box) and inks[i + 1] != inks[i]
        apart[i + 1] = follows and bool(box[i + 1, 0] > shown[inks[i]][2] - _NEAR)
    for i in reversed(np.flatnonzero(cut[:-1]).tolist()):  # the first letters of a word that can be read are meant too
        cut[i] = not (_goes_on(sheet, i) and not cut[i + 1] and _is_same(shown.get(inks[i + 1]), shown[inks[i]]))
    return replace(sheet, hidden=cut if sheet.hidden is None else sheet.hidden | cut, apart=apart[:-1]), owners


def _clipped(layers: Layers, owners: Ints, frame: Frame) -> dict[int, Floats]:
    """Those of some text objects that reach beyond what they are clipped to, and that as displayed."""
    wanted = layers.modes >= 0
    if len(layers.objects) > _MANY * len(owners):
        wanted &= np.isin(np.array(layers.objects, np.int64), owners)
    at = np.flatnonzero(wanted)
    texts, bounds = [layers.objects[i] for i in at.tolist()], layers.bounds[at]
    clips = clips_of(texts)
    beyond = [
        clips[:, 0] - bounds[:, 0],
        bounds[:, 3] - clips[:, 1],
        bounds[:, 2] - clips[:, 2],
        clips[:, 3] - bounds[:, 1],
    ]
    some = np.flatnonzero(np.maximum.reduce(beyond) > _BEYOND).tolist()
    return dict(zip([texts[i] for i in some], frame.show(clips[some]), strict=True))


def _split(words: tuple[Sheet, Ints], handle: int, shown: dict[int, Floats]) -> tuple[Sheet, Ints]:
    """The words, those that run from a clipped text into another one parted where they do."""
    sheet, owners = words
    cuts = [
        (i, _change(range(int(sheet.start[i]), int(sheet.end[i])), handle, ink))
        for i, ink in enumerate(owners.tolist())
        if ink in shown and ink != char_object(handle, int(sheet.end[i]) - 1)
    ]
    if not cuts:
        return words
    at = np.array([i + 1 for i, _ in cuts])
    units = np.array([unit for _, unit in cuts], np.int64)
    parted = np.array([i for i, _ in cuts])
    first = np.insert(sheet.first, at, loose_boxes([(handle, units.tolist())], len(units)), axis=0)
    last = np.insert(sheet.last, parted, loose_boxes([(handle, (units - 1).tolist())], len(units)), axis=0)
    hidden = None if sheet.hidden is None else np.insert(sheet.hidden, at, sheet.hidden[parted])
    start, end = np.insert(sheet.start, at, units), np.insert(sheet.end, parted, units)
    owners = np.insert(owners, at, owners_of(handle, units.tolist()))
    return replace(sheet, start=start, end=end, first=first, last=last, hidden=hidden), owners


def _change(units: Iterable[int], handle: int, ink: int) -> int:
    """The character at which a word goes on in another text than the one that it begins in."""
    return next(i for i in units if char_object(handle, i) != ink)


def _goes_on(sheet: Sheet, word: int) -> bool:
    """Whether a part of a word, without figures, goes on in the next part with no space."""
    own = sheet.units[sheet.start[word] : sheet.end[word]]
    return bool(sheet.end[word] == sheet.start[word + 1]) and not DIGIT[own].any()


def _is_same(one: Floats | None, other: Floats) -> bool:
    return one is not None and bool(np.abs(one - other).max() < _BEYOND)


def _least(sheet: Sheet, word: int) -> float:
    return _SHOWN if DIGIT[sheet.units[sheet.start[word] : sheet.end[word]]].any() else _TELLING


def _is_cut(box: Floats, clip: Floats, least: float) -> bool:
    width = min(float(box[2]), float(clip[2])) - max(float(box[0]), float(clip[0]))
    height = min(float(box[3]), float(clip[3])) - max(float(box[1]), float(clip[1]))
    return width < least * float(box[2] - box[0]) or height < _HIGH * float(box[3] - box[1])
