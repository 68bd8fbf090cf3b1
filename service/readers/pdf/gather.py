"""What PDFium says of one page's text: its characters, and boxes at the ends of its words.

A call for a box costs more than all that is done with it later. So every word's first character is asked for its box, and
its last one only where the box can matter: at the end of a line, before a wide gap, in turned or odd text. Elsewhere a
word is taken to end a little before the next one begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from service.readers.pdf.characters import KIND, LETTER, RTL, SINGLE, SPACE, WIDTH
from service.readers.pdf.library import Floats, Ints, address, char_unicode, loose_boxes, tight_boxes

_THIN = 0.05  # points: a box thinner than this is no box
_BEFORE = np.float32(0.2)  # in font sizes: how far before the next word a word is taken to end
_USUAL = np.float32(0.25)  # in font sizes: a space between words
_DOUBT = np.float32(0.5)  # in font sizes: a gap that may be wider than this is measured
_LEVEL = np.float32(0.05)  # in font sizes: boxes whose bottoms are nearer than this are on one baseline

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Words of one page as ranges of UTF-16 units, with the boxes of their ends in PDF user space."""

    units: NDArray[np.uint16]
    start: Ints
    end: Ints
    first: Floats  # (n, 4) left, top, right, bottom of each word's first character
    last: Floats  # of its last one


def sheet_of(text_page: Any) -> Sheet:
    """The words of a page, hidden ones too."""
    handle = address(text_page)
    units = _units(text_page, handle)
    kind = KIND[units]
    start, end = bounds_of_words(kind)
    first, last, odd = _ends(handle, units, start, end)
    if len(odd):  # a "word" that jumps: give every character of it a box of its own
        for a, b in zip(start[odd].tolist(), end[odd].tolist(), strict=True):
            kind[a:b] = SINGLE
        start, end = bounds_of_words(kind)
        first, last = _boxes(handle, start), _boxes(handle, end - 1)
    return Sheet(units, start, end, first, last)


def _units(text_page: Any, handle: int) -> NDArray[np.uint16]:
    count = max(pdfium.FPDFText_CountChars(text_page), 0)
    units = np.zeros(count + 1, np.uint16)
    got = pdfium.FPDFText_GetText(text_page, 0, count, units.ctypes.data_as(pdfium.FPDFText_GetText.argtypes[3]))
    if got - 1 == count:
        return units[:count]
    codes = np.fromiter((char_unicode(handle, i) for i in range(count)), np.int64, count)
    return np.where(codes & ~0xFFFF, 0xFFFD, codes).astype(np.uint16)


def bounds_of_words(kind: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Half-open ranges of the words."""
    padded = np.zeros(len(kind) + 2, np.uint8)
    padded[1:-1] = kind
    if len(kind) and int(kind.max()) <= LETTER:  # words and spaces take turns
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        return edges[::2], edges[1::2]
    before, here, after = padded[:-2], kind, padded[2:]
    starts = (here != SPACE) & ((before != LETTER) | (here == SINGLE))
    follows = np.append(starts[1:], True) if len(kind) else starts
    return np.flatnonzero(starts), np.flatnonzero((here != SPACE) & (follows | (after == SPACE))) + 1


def _ends(handle: int, units: NDArray[np.uint16], start: Ints, end: Ints) -> tuple[Floats, Floats, Ints]:
    """Boxes of the first and the last character of each word, and which words jump."""
    first = _boxes(handle, start)
    last = first.copy()
    measured = np.flatnonzero(_doubtful(first, units, start, end))
    ends = end[measured]
    last[measured] = found = _boxes(handle, ends - 1)
    odd = measured[_odd(first[measured], found, ends - start[measured])]
    guessed = np.ones(len(start), np.bool_)
    guessed[measured] = False
    at = np.flatnonzero(guessed)
    if len(at):
        size = first[at, 1] - first[at, 3]
        last[at, 2] = np.maximum(first[at + 1, 0] - _BEFORE * size, first[at, 2])
        last[at, 0] += last[at, 2] - first[at, 2]
    return first, last, odd


def _doubtful(first: Floats, units: NDArray[np.uint16], start: Ints, end: Ints) -> Mask:
    """Words whose end must be measured: what follows them may not be the usual space."""
    doubtful = np.ones(len(start), np.bool_)
    if len(start) < 3:
        return doubtful
    left, size = first[:, 0], first[:, 1] - first[:, 3]
    glyphs = WIDTH[units]
    reach = np.cumsum(glyphs)
    expected = (reach[end[:-1] - 1] - reach[start[:-1]] + glyphs[start[:-1]]) * size[:-1]
    way = left[1:] - left[:-1]
    level = (np.abs(first[1:, 3] - first[:-1, 3]) < _LEVEL * size[:-1]) & (way > 0)
    if not level.any():
        return doubtful
    ratio = (way[level] - _USUAL * size[:-1][level]) / expected[level]
    scale = np.float32(np.partition(ratio, len(ratio) // 2)[len(ratio) // 2] * 1.05)
    narrow = first[:-1, 2] - left[:-1] < np.float32(0.8) * scale * glyphs[start[:-1]] * size[:-1]
    narrow |= RTL[units[start[:-1]]]
    doubtful[:-1] = ~level | (way > scale * expected + _DOUBT * size[:-1]) | narrow
    return doubtful


def _boxes(handle: int, characters: Ints) -> Floats:
    """Boxes of characters; where PDFium gives a flat one, that of the ink."""
    if not len(characters):
        return np.zeros((0, 4), np.float32)
    indices = characters.tolist()
    found = loose_boxes(handle, indices)
    flat = (np.abs(found[:, 2] - found[:, 0]) < _THIN) | (np.abs(found[:, 1] - found[:, 3]) < _THIN)
    if flat.any():
        found[flat] = tight_boxes(handle, [indices[i] for i in np.flatnonzero(flat).tolist()])
    return found


def _odd(first: Floats, last: Floats, length: Ints) -> Mask:
    """Words that change the line, or whose ends are too far apart for their length."""
    size, right, down = first[:, 1] - first[:, 3], last[:, 0] - first[:, 0], first[:, 3] - last[:, 3]
    if (right >= 0).all() and (right < size * length).all() and (np.abs(down) < np.float32(0.3) * size).all():
        return np.zeros(len(length), np.bool_)
    across = np.maximum(first[:, 2] - first[:, 0], last[:, 2] - last[:, 0])
    size = np.maximum(np.maximum(np.abs(size), np.abs(last[:, 1] - last[:, 3])), across)
    x, y = (np.abs(first[:, a] + first[:, b] - last[:, a] - last[:, b]) * np.float32(0.5) for a, b in ((0, 2), (1, 3)))
    far: Mask = (np.maximum(x, y) > 2 * size * length) | (np.minimum(x, y) > np.float32(0.8) * size)
    return far & (length > 1)
