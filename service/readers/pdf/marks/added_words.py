"""Add signs to words, around and between them: what lines and boxes on the page say of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thresher.service.readers.pdf.text.words import PageWords


@dataclass(frozen=True, slots=True)
class AddedWord:
    """A sign for a drawing on the page, as a word."""

    text: str
    box: tuple[float, float, float, float]  # as displayed
    before: int  # the word that follows it; the number of words at the end
    beside: int  # the word whose page, line and type are copied


def with_added_words(words: PageWords, extras: Sequence[AddedWord], around: Mapping[int, tuple[str, str]]) -> PageWords:
    """Return the words with extra ones, and with signs before and behind the words in `around`."""
    if not len(words) or not (extras or around):
        return words
    at: dict[int, list[AddedWord]] = {}
    for extra in extras:
        at.setdefault(extra.before, []).append(extra)
    pieces: list[str] = []
    bounds: list[tuple[int, int]] = []
    source: list[int] = []  # the word whose page, unit and type are copied
    added: dict[int, AddedWord] = {}
    length = 0
    for i, piece in enumerate([*words.pieces(), ("", "")]):
        for extra in at.get(i, []):
            added[len(bounds)] = extra
            source.append(extra.beside)
            length = _add(pieces, bounds, (extra.text, " "), length)
        if i < len(words):
            before, behind = around.get(i, ("", ""))
            source.append(i)
            length = _add(pieces, bounds, (before + piece[0] + behind, piece[1]), length)
    return _composed(words, "".join(pieces), (bounds, source), added)


def _add(pieces: list[str], bounds: list[tuple[int, int]], piece: tuple[str, str], length: int) -> int:
    """Append a word and the space behind it; return the length of the text so far."""
    bounds.append((length, length + len(piece[0])))
    pieces += piece
    return length + len(piece[0]) + len(piece[1])


def _composed(
    words: PageWords, text: str, made: tuple[list[tuple[int, int]], list[int]], added: Mapping[int, AddedWord]
) -> PageWords:
    """Return words of the new text, the arrays copied from `source`, boxes of added ones from their AddedWord."""
    bounds, source = np.array(made[0], np.int64), np.array(made[1], np.int64)
    box, flat = words.box[source], words.flat[source]
    for i, extra in added.items():
        here, level = words.box[extra.beside], words.flat[extra.beside]
        box[i] = flat[i] = extra.box
        if here[0] != level[0]:  # the line was mirrored
            both = level[0] + here[2]
            flat[i, 0], flat[i, 2] = both - extra.box[2], both - extra.box[0]
    letters = [text[i] for i in bounds[:, 0].tolist()], [text[i - 1] for i in bounds[:, 1].tolist()]
    head, tail = (np.array([min(ord(c), 0xFFFF) for c in some], np.uint16) for some in letters)
    same = words.flat is words.box
    flat = box if same else flat
    unit, page = words.unit[source], words.page[source]
    standing, apart = words.standing[source], words.apart[source]
    glued = None if words.glued is None else words.glued[source]
    confidence = None if words.confidence is None else words.confidence[source]
    mended = None if words.mended is None else words.mended[source]
    ends = bounds[:, 0], bounds[:, 1]
    return PageWords(text, *ends, box, flat, unit, page, head, tail, standing, apart, glued, confidence, mended)
