"""Read the text of pages from PDFium: characters, and boxes at the ends of words.

A call for a box costs more than everything that is done with it later. So the box of every word's first character is
read, and that of its last one only where it can matter: at the end of a line, before a wide gap, in turned or odd
text, and where it is a mark, as a range may end before it. Elsewhere a word is assumed to end shortly before the next
one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints, address, char_unicode, loose_boxes, tight_boxes
from thresher.service.readers.pdf.marks.superscripts import replace_superscripts
from thresher.service.readers.pdf.text.bidi import in_reading_order, order_in_place
from thresher.service.readers.pdf.text.characters import KIND, LETTER, MARK, RTL, SINGLE, SPACE, WIDTH
from thresher.service.readers.pdf.text.mistold_letters import mended

_BOX_MIN_POINTS = 0.05  # a thinner box is no box
_ASSUMED_GAP = np.float32(0.2)  # in font sizes: assumed between a word's end and the next word
_USUAL_SPACE = np.float32(0.25)  # in font sizes: a space between words
_MEASURED_MIN_GAP = np.float32(0.5)  # in font sizes: a gap that may be wider is measured
_ASKEW_MIN_SINE = 0.3  # of twice the angle: from 9 degrees on
_BASELINE_MAX_STEP = np.float32(0.05)  # in font sizes: between bottoms of boxes on one baseline

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PageText:
    """Words of one page as ranges of UTF-16 units, with the boxes of their ends in PDF user space."""

    units: NDArray[np.uint16]
    start: Ints
    end: Ints
    first: Floats  # (n, 4) left, top, right, bottom of each word's first character
    last: Floats  # of its last one
    mended: tuple[int, ...] = ()  # index in `units` of the first character of each word with corrected letters
    hidden: NDArray[np.bool_] | None = None  # words that cannot be seen; None where there can be none
    apart: NDArray[np.bool_] | None = None  # words that never continue the one before them
    slanting: tuple[int, ...] = ()  # index in `units` of the first character of each word that runs askew


def page_texts_of(text_pages: list[Any]) -> list[PageText]:
    """Return the words of a few pages, also hidden ones.

    Pages are read together, as a call of numpy costs more than its work for one page.
    """
    handles = [address(text_page) for text_page in text_pages]
    parts = [_units(text_page, handle) for text_page, handle in zip(text_pages, handles, strict=True)]
    pages = _Pages(handles, [len(part) for part in parts])
    units = np.concatenate([part for units in parts for part in (units, _BETWEEN)])
    kind = KIND[units]
    start, end = bounds_of_words(kind)
    first, last, odd = _ends(pages, units, start, end)
    askew = _askew(pages, start[odd])
    slanting, odd = start[odd[askew]], odd[~askew]
    if len(odd):  # a "word" that jumps: every character gets its own box
        for a, b in zip(start[odd].tolist(), end[odd].tolist(), strict=True):
            kind[a:b] = SINGLE
        start, end = bounds_of_words(kind)
        first, last = _boxes(pages, start), _boxes(pages, end - 1)
    other = mended(units, start, end)
    _reorder(pages, units, (start, end), (first, last), set(other.tolist()))
    replace_superscripts(units, (start, end), (first, last), lambda characters: _boxes(pages, characters))
    return [
        PageText(
            units[o : o + n],
            start[a:b] - o,
            end[a:b] - o,
            first[a:b],
            last[a:b],
            mended=tuple((start[other[(other >= a) & (other < b)]] - o).tolist()),
            slanting=tuple((slanting[(slanting >= o) & (slanting < o + n)] - o).tolist()),
        )
        for n, o, (a, b) in zip(map(len, parts), pages.offsets, pages.ranges(start), strict=True)
    ]


def _askew(pages: _Pages, characters: Ints) -> Mask:
    """Return which characters run neither along the page nor up or down it, such as those of a watermark."""
    found = [
        pdfium.FPDFText_GetCharAngle(ctypes.cast(handle, pdfium.FPDF_TEXTPAGE), i)
        for handle, own in pages.own(characters)
        for i in own
    ]
    askew: Mask = np.abs(np.sin(2 * np.array(found, np.float64))) > _ASKEW_MIN_SINE
    return askew


def _reorder(
    pages: _Pages, units: NDArray[np.uint16], words: tuple[Ints, Ints], ends: tuple[Floats, Floats], other: set[int]
) -> None:
    """Put the characters of right-to-left words into reading order.

    In the words in `other` the order of the file is wrong, so theirs is taken from the boxes.
    """
    right_to_left = RTL[units]
    if not right_to_left.any():
        return
    (start, end), (first, last) = words, ends
    for i in np.flatnonzero(np.logical_or.reduceat(right_to_left, start)).tolist():
        a, b = start[i], end[i]
        if b - a > 1 and right_to_left[a:b].any():
            box = _boxes(pages, np.arange(a, b))
            if i in other:
                order = np.argsort(-(box[:, 0] + box[:, 2]), kind="stable")
                units[a:b], box = units[a:b][order], box[order]
                first[i], last[i] = box[0], box[-1]
            units[a:b] = in_reading_order(units[a:b], box)
    for i in _parted(pages, right_to_left, start, end):
        a, b = start[i], end[i]
        box = _boxes(pages, np.arange(a, b))
        if (place := order_in_place(box)) is not None:
            units[a:b], first[i], last[i] = units[a:b][place], box[place[0]], box[place[-1]]


def _parted(pages: _Pages, right_to_left: Mask, start: Ints, end: Ints) -> list[int]:
    """Return the words of three characters or more without right-to-left ones, on pages that have such ones."""
    beside = np.concatenate([np.full(b - a, right_to_left[o:n].any()) for (a, b), o, n in pages.bounds(start)])
    return np.flatnonzero(beside & (end - start > 2) & ~np.logical_or.reduceat(right_to_left, start)).tolist()


_BETWEEN = np.full(1, 0x20, np.uint16)  # a space between the words of two pages


class _Pages:
    """Text pages with one count of characters, and a space after each page."""

    def __init__(self, handles: list[int], lengths: list[int]) -> None:
        """Set where the characters of each page begin in the common count."""
        self.handles = handles
        ends = list(accumulate(length + 1 for length in lengths))
        self.offsets = [0, *ends[:-1]]

    def ranges(self, characters: Ints) -> list[tuple[int, int]]:
        """Return for each page the range of the given characters, in order, that are on it."""
        bounds = [*np.searchsorted(characters, self.offsets).tolist(), len(characters)]
        return list(pairwise(bounds))

    def bounds(self, characters: Ints) -> Iterator[tuple[tuple[int, int], int, int | None]]:
        """Yield each page's range as `ranges` does, and where its characters begin and end."""
        yield from zip(self.ranges(characters), self.offsets, [*self.offsets[1:], None], strict=True)

    def own(self, characters: Ints) -> Iterator[tuple[int, list[int]]]:
        """Yield each page's address, and its own indices of those characters that are on it."""
        for handle, offset, (a, b) in zip(self.handles, self.offsets, self.ranges(characters), strict=True):
            yield handle, (characters[a:b] - offset).tolist()


def _units(text_page: Any, handle: int) -> NDArray[np.uint16]:
    """Return the UTF-16 units of a text page, one for each character of PDFium.

    Characters beyond the Basic Multilingual Plane become U+FFFD where the numbers of units and characters differ.
    """
    count = max(pdfium.FPDFText_CountChars(text_page), 0)
    units = np.zeros(count + 1, np.uint16)
    got = pdfium.FPDFText_GetText(text_page, 0, count, units.ctypes.data_as(pdfium.FPDFText_GetText.argtypes[3]))
    if got - 1 == count:
        return units[:count]
    codes = np.fromiter((char_unicode(handle, i) for i in range(count)), np.int64, count)
    return np.where(codes & ~0xFFFF, 0xFFFD, codes).astype(np.uint16)


def bounds_of_words(kind: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Return starts and ends of the words, half-open."""
    padded = np.zeros(len(kind) + 2, np.uint8)
    padded[1:-1] = kind
    if len(kind) and int(kind.max()) <= LETTER:  # words and spaces take turns
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        return edges[::2], edges[1::2]
    before, here, after = padded[:-2], kind, padded[2:]
    starts = (here != SPACE) & ((before != LETTER) | (here == SINGLE))
    follows = np.append(starts[1:], True) if len(kind) else starts
    return np.flatnonzero(starts), np.flatnonzero((here != SPACE) & (follows | (after == SPACE))) + 1


def _ends(pages: _Pages, units: NDArray[np.uint16], start: Ints, end: Ints) -> tuple[Floats, Floats, Ints]:
    """Return boxes of the first and the last character of each word, and the words that jump."""
    first = _boxes(pages, start)
    last = first.copy()
    doubtful = _doubtful(first, units, (start, end), pages.ranges(start))
    measured = np.flatnonzero(doubtful)
    last[measured] = _boxes(pages, end[measured] - 1)
    for a, b in pages.ranges(start):
        if _is_turned(first[a:b], last[a:b]) and not doubtful[a:b].all():  # there, no word's end follows from the next
            more = a + np.flatnonzero(~doubtful[a:b])
            last[more] = _boxes(pages, end[more] - 1)
            doubtful[a:b] = True
    measured = np.flatnonzero(doubtful)
    odd = measured[_jumping(first[measured], last[measured], (end - start)[measured])]
    at = np.flatnonzero(~doubtful)
    if len(at):
        size = first[at, 1] - first[at, 3]
        last[at, 2] = np.maximum(first[at + 1, 0] - _ASSUMED_GAP * size, first[at, 2])
        last[at, 0] += last[at, 2] - first[at, 2]
    return first, last, odd


def _is_turned(first: Floats, last: Floats) -> bool:
    """Whether most words of a page whose ends were measured run up or down in user space."""
    across, along = np.abs(last[:, 0] - first[:, 0]), np.abs(last[:, 3] - first[:, 3])
    return int((along > across).sum()) > int((across > along).sum())


def _doubtful(first: Floats, units: NDArray[np.uint16], words: tuple[Ints, Ints], pages: list[tuple[int, int]]) -> Mask:
    """Return which words must be measured at their end: more than the usual space may follow them."""
    start, end = words
    doubtful = np.ones(len(start), np.bool_)
    left, size = first[:, 0], first[:, 1] - first[:, 3]
    glyphs = WIDTH[units]
    reach = np.cumsum(glyphs)
    initial = glyphs[start[:-1]]
    expected = (reach[end[:-1] - 1] - reach[start[:-1]] + initial) * size[:-1]
    advance = left[1:] - left[:-1]
    level = (np.abs(first[1:, 3] - first[:-1, 3]) < _BASELINE_MAX_STEP * size[:-1]) & (advance > 0)
    usual = _USUAL_SPACE * size[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (advance - usual) / expected
    scale = np.repeat([_median(ratio[a : b - 1][level[a : b - 1]]) for a, b in pages], [b - a for a, b in pages])[:-1]
    narrow = first[:-1, 2] - left[:-1] < np.float32(0.8) * scale * initial * size[:-1]
    narrow |= RTL[units[start[:-1]]]
    doubtful[:-1] = ~level | (advance > scale * expected + _MEASURED_MIN_GAP * size[:-1]) | narrow
    doubtful |= MARK[units[end - 1]]
    doubtful[[b - 1 for _, b in pages if b]] = True
    return doubtful


def _median(ratio: Floats) -> np.float32:
    """Return a little more than the median; NaN for no values, so that every word is measured."""
    middle = len(ratio) // 2
    return np.float32(np.partition(ratio, middle)[middle] * 1.05) if len(ratio) else np.float32(np.nan)


def _boxes(pages: _Pages, characters: Ints) -> Floats:
    """Return boxes of characters; the box of the ink where PDFium gives a flat one."""
    found = loose_boxes(pages.own(characters), len(characters))
    flat = (np.abs(found[:, :2] - found[:, 2:]) < _BOX_MIN_POINTS).any(axis=1)
    if flat.any():
        found[flat] = np.concatenate([tight_boxes(*one) for one in pages.own(characters[flat])])
    return found


def _jumping(first: Floats, last: Floats, length: Ints) -> Mask:
    """Return which words change the line, or have ends too far apart for their length."""
    size, right, down = first[:, 1] - first[:, 3], last[:, 0] - first[:, 0], first[:, 3] - last[:, 3]
    if (right >= 0).all() and (right < size * length).all() and (np.abs(down) < np.float32(0.3) * size).all():
        return np.zeros(len(length), np.bool_)
    across = np.maximum(first[:, 2] - first[:, 0], last[:, 2] - last[:, 0])
    size = np.maximum(np.maximum(np.abs(size), np.abs(last[:, 1] - last[:, 3])), across)
    x, y = (np.abs(first[:, a] + first[:, b] - last[:, a] - last[:, b]) * np.float32(0.5) for a, b in ((0, 2), (1, 3)))
    far: Mask = (np.maximum(x, y) > 2 * size * length) | (np.minimum(x, y) > np.float32(0.8) * size)
    return far & (length > 1)
