"""Put right-to-left words in reading order, and mirror their boxes to run from left to right.

PDFium reverses the characters of a right-to-left run, whatever order the file stores them in, and with them the
characters of one ligature (lam-alef). Numbers and Latin words run from left to right inside such a line.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.characters import LTR, RTL

_MIRRORED = {ord(a): ord(b) for a, b in zip("()[]{}<>«»", ")(][}{><»«", strict=True)}
_NUMBER_SIGNS = frozenset(map(ord, ".,/:-'%+\u066a\u066b\u066c"))  # signs that belong to the figures on both sides
_LAM, _ALEFS = 0x644, frozenset({0x622, 0x623, 0x625, 0x627, 0x671})
_SAME_LINE_MAX_STEP = 0.5  # in font sizes
_CELL_MIN_GAP = 1.5  # in font sizes: between two cells of a line

Units = NDArray[np.uint16]


def in_reading_order(units: Units, box: Floats) -> Units:
    """Return the characters of a right-to-left word as they are read; `box` is each one's in user space.

    Characters with the same box belong to one ligature.
    """
    glyphs = _glyphs(units, box)
    letters = np.flatnonzero(RTL[units])
    first, last = box[letters[0]], box[letters[-1]]
    if len(letters) < 2 or last[0] <= first[2] - (first[2] - first[0]) / 2:
        return np.array([unit for glyph in glyphs for unit in glyph], np.uint16)
    turned = [_MIRRORED.get(unit, unit) for glyph in reversed(glyphs) for unit in glyph]
    return np.array(_figures_kept(turned), np.uint16)


def _glyphs(units: Units, box: Floats) -> list[list[int]]:
    """Return characters by glyph, those of a ligature in the order of the file."""
    same = (box[1:] == box[:-1]).all(axis=1) & (box[1:, 2] > box[1:, 0]) & RTL[units[1:]] & RTL[units[:-1]]
    groups = np.split(units, np.flatnonzero(~same) + 1)
    return [_as_read(group[::-1].tolist()) for group in groups]


def _as_read(glyph: list[int]) -> list[int]:
    """Return a ligature's characters with lam before alef, as no glyph joins them the other way round."""
    return glyph[::-1] if len(glyph) == 2 and glyph[1] == _LAM and glyph[0] in _ALEFS else glyph


def order_in_place(box: Floats) -> NDArray[np.intp] | None:
    """Return the order of a left-to-right word's characters by their boxes; None where they stand in it.

    PDFium parts such a word at signs that have no direction, and puts its parts in the order of the line around it.
    """
    if (np.diff(box[:, 0]) >= 0).all() or box[:, 3].max() >= box[:, 1].min():
        return None
    return np.argsort(box[:, 0], kind="stable")


def _figures_kept(units: list[int]) -> list[int]:
    """Return characters with runs of figures and Latin letters reversed."""
    kinds = [bool(LTR[unit]) for unit in units]
    for i in range(1, len(units) - 1):
        kinds[i] |= units[i] in _NUMBER_SIGNS and kinds[i - 1] and bool(LTR[units[i + 1]])
    found: list[int] = []
    for is_ltr, run in groupby(zip(kinds, units, strict=True), key=lambda pair: pair[0]):
        here = [unit for _, unit in run]
        found += here[::-1] if is_ltr else here
    return found


def mirrored_lines(box: Floats, words: tuple[Units, Ints, Ints], *, mirrored: bool) -> Floats:
    """Return boxes of one page's words where each line runs from left to right, in any script.

    `words` is the characters, and where each word begins and ends. `mirrored` is whether the boxes were mirrored,
    because most of the page runs from right to left.
    """
    direction = _directions(*words)
    if mirrored:
        direction = -direction
    if not (direction < 0).any():
        return box
    flat = box.copy()
    for cell in _cells(box):
        own = direction[cell]
        against = int((own < 0).sum()) > int((own > 0).sum())
        if against:
            _reflect(flat, cell)
            own = -own
        if (own < 0).any():
            for run in _runs(cell, own):
                _reflect(flat, run)
    return flat


def _directions(units: Units, start: Ints, end: Ints) -> NDArray[np.int8]:
    """Return for each word -1 for right to left, 1 for left to right, 0 where it follows the others."""
    rtl, letters = (np.concatenate(([0], np.cumsum(table[units]))) for table in (RTL, LTR))
    right_to_left, left_to_right = rtl[end] > rtl[start], letters[end] > letters[start]
    return np.where(right_to_left, -1, left_to_right).astype(np.int8)


def _cells(box: Floats) -> list[Ints]:
    """Return groups of words side by side with no wide gap between them, from left to right."""
    order = np.lexsort((box[:, 0], box[:, 1] + box[:, 3]))
    rows: list[list[int]] = []
    for i in order.tolist():
        height = box[i, 3] - box[i, 1]
        middle = box[i, 1] + box[i, 3]
        above = box[rows[-1][0]] if rows else None
        if above is not None and middle - above[1] - above[3] < 2 * _SAME_LINE_MAX_STEP * max(
            height, above[3] - above[1]
        ):
            rows[-1].append(i)
        else:
            rows.append([i])
    return [cell for row in rows for cell in _parts(box, row)]


def _parts(box: Floats, row: list[int]) -> list[Ints]:
    """Split a row of words at its wide gaps."""
    words = np.array(sorted(row, key=lambda i: box[i, 0]), np.int64)
    height = box[words, 3] - box[words, 1]
    wide = box[words[1:], 0] - box[words[:-1], 2] > _CELL_MIN_GAP * np.maximum(height[1:], height[:-1])
    return np.split(words, np.flatnonzero(wide) + 1)


def _runs(cell: Ints, direction: NDArray[np.int8]) -> list[Ints]:
    """Return runs of several words that run against their cell.

    Neutral words belong to the run around them.
    """
    against = np.flatnonzero(direction < 0)
    found: list[list[int]] = []
    for i in against.tolist():
        if found and (direction[found[-1][-1] : i + 1] <= 0).all():
            found[-1] += range(found[-1][-1] + 1, i + 1)
        else:
            found.append([i])
    return [cell[run] for run in found if len(run) > 1]


def _reflect(box: Floats, words: Ints) -> None:
    """Mirror words inside the box that they cover together."""
    both = box[words, 0].min() + box[words, 2].max()
    box[words, 0], box[words, 2] = both - box[words, 2], both - box[words, 0]
