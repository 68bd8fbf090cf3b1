"""Find the words near a span that may label it: before it, to the left, above and after."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice

from thresher.service.rules.fields.concepts import without_figures
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.line_pieces import Layout, Piece
from thresher.service.rules.spans.span import Span

_BREAK = re.compile(r"(?<![Rr]eg)(?<!REG)[.;]\s+(?=[A-Z(])")  # "GST Reg. No" is one label
_TWO_LETTERS = re.compile(r"[a-z][^a-z]*[a-z]")
_SECTION_WEIGHT = 0.8  # weight of the words above a label: the heading of its part of the page
_BEFORE_MAX_CHARS = 200  # characters before a span in its line that are looked at; a line may have millions
_LABEL_MAX_CHARS = 64  # characters before a span in its line that may be its label


@dataclass(frozen=True, slots=True)
class NearbyWords:
    """Words near a span (plain), and how surely they label it (0..1)."""

    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The words near a span, and the number of their kind: of one kind are those that differ in figures only."""

    words: tuple[NearbyWords, ...]
    nearest: str  # the words that label the span most surely, "" where there are none
    kind: int


def nearby_words(layout: Layout, span: Span) -> Surroundings:
    """Return the words near a span, computed once for all fields."""
    key = ("beside", span.start, span.end, span.hints.get("from"))
    if key not in layout.memory:
        layout.memory[key] = _interned(layout, tuple(_found_words(layout, span)))
    found: Surroundings = layout.memory[key]
    return found


def _interned(layout: Layout, words: tuple[NearbyWords, ...]) -> Surroundings:
    kinds = layout.memory.setdefault("kinds of surroundings", {})
    alike = tuple((without_figures(near.words), near.weight) for near in words)
    nearest = max(words, key=lambda b: b.weight).words if words else ""
    return Surroundings(words, nearest, kinds.setdefault(alike, len(kinds)))


def _found_words(layout: Layout, span: Span) -> list[NearbyWords]:
    """Return the words before, left of, above and after a span."""
    i = layout.at(span.hints.get("from", span.start))
    if i < 0:
        return []
    piece = layout.pieces[i]
    at = max(span.hints.get("from", span.start), piece.start)
    before = layout.text[max(piece.start, at - _BEFORE_MAX_CHARS) : at]
    near, own = _prefix(before)
    found = [NearbyWords(near, 1.0)] if near else []
    found += _to_the_left(layout, i, 0.55 if own else 0.97)
    found += _above(layout, i, 0.45 if own else (0.6 if len(found) else 0.9))
    if len(before.strip()) < 30:
        found += _line_before(layout, span)
    after = plain(layout.text[span.end : min(span.end + 24, piece.end)])
    return [*found, NearbyWords(after, 0.4)] if after else found


def _prefix(before: str) -> tuple[str, bool]:
    cut = [m.end() for m in _BREAK.finditer(before)]
    words = plain(before[max([0, len(before) - _LABEL_MAX_CHARS, *cut]) :])
    return words, any(c.isalpha() for c in words) and len(words) > 2


def _has_letters(words: str) -> bool:
    return bool(_TWO_LETTERS.search(words))


def _to_the_left(layout: Layout, i: int, weight: float) -> list[NearbyWords]:
    here = layout.pieces[i]
    columns, words = _lettered(layout, here.row)
    last = bisect_left(columns, here.column)
    near = reversed(words[max(last - 2, 0) : last])
    found = [NearbyWords(said, weight * 0.6**n) for n, said in enumerate(near)]
    return [*found, *_section_heading(layout, i, here)]


def _lettered(layout: Layout, r: int) -> tuple[list[int], list[str]]:
    """Return the columns of the pieces of a row whose ends have letters, and these words; computed once."""
    if ("lettered", r) not in layout.memory:
        ends = ((c, plain(layout.text_of(i, -_LABEL_MAX_CHARS))) for c, i in enumerate(layout.rows[r]))
        known = [(c, words) for c, words in ends if _has_letters(words)]
        layout.memory["lettered", r] = [c for c, _ in known], [words for _, words in known]
    found: tuple[list[int], list[str]] = layout.memory["lettered", r]
    return found


def _section_heading(layout: Layout, i: int, here: Piece) -> list[NearbyWords]:
    """Return a heading alone in its row above the labels to the left: "Seller" above "Name:" above "City:"."""
    label = next(iter(layout.left(i)), None)
    if label is None or layout.pieces[label].end - layout.pieces[label].start > 30:
        return []
    for r in range(here.row - 1, max(here.row - 8, -1), -1):
        row = layout.rows[r]
        alone = len(row) == 1 and layout.pieces[row[0]].page == here.page
        words = plain(layout.words(row[0])) if alone else ""
        if alone and 3 < len(words) < 40 and not any(c.isdigit() for c in words):
            return [NearbyWords(words, _SECTION_WEIGHT)]
    return []


def _above(layout: Layout, i: int, weight: float) -> list[NearbyWords]:
    found = []
    for steps, words in _words_above(layout, i):
        found.append(NearbyWords(words, weight * (0.85**steps)))
        weight *= 0.75
    return found


def _words_above(layout: Layout, i: int) -> list[tuple[int, str]]:
    """Return how many rows with a piece above piece i lie between, and the words, of the nearest three with letters."""
    if ("above", i) not in layout.memory:
        some = ((n, plain(layout.text_of(j, _LABEL_MAX_CHARS))) for n, j in enumerate(layout.above(i)))
        layout.memory["above", i] = list(islice((x for x in some if _has_letters(x[1])), 3))
    found: list[tuple[int, str]] = layout.memory["above", i]
    return found


def _line_before(layout: Layout, span: Span) -> list[NearbyWords]:
    at = span.hints.get("from", span.start)
    i = layout.at(at)
    if i < 1 or layout.pieces[i - 1].end - layout.pieces[i - 1].start < 30:
        return []
    words = plain(layout.text[max(at - _LABEL_MAX_CHARS, layout.start) : at])
    return [NearbyWords(words, 0.95)]
