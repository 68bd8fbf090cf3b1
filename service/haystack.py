"""Finds every place in a text where a value could stand, however it is written there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from schemas.extraction import Match
from service.spans import dates, number_quotes, number_readings
from service.values import Normal, display_variants, normal, normal_text, parse_date, parse_number

SHORTEST_FUZZY = 8  # characters: a shorter value matches something nearly alike almost anywhere
MOST_PLACES = 5000  # of one value: more tell no more
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$")


class Place(NamedTuple):
    """A range of the text, in code points, and how the value was matched there."""

    start: int
    end: int
    match: Match = "exact"


class Haystack:
    """One text, searched for many values. What a search needs is made once and only when a value asks for it."""

    def __init__(self, text: str, *, least: float = 90.0) -> None:
        """`least` is the similarity (0..100) under which two texts are not the same."""
        self.text = text
        self._least = least
        self._memo: dict[tuple[type, str], list[Place]] = {}

    def find(self, value: Any) -> list[Place]:
        r"""Places of a leaf value in text order: exact ones, else typed or normalised ones, else the one nearly alike.

        >>> hay = Haystack("Total due: EUR 1.204,50 by 3 March 2024 to Müller &\nSöhne GmbH")
        >>> [(hay.text[p.start:p.end], p.match) for v in (1204.5, "2024-03-03", "Müller & Söhne GmbH") for p in hay.find(v)]
        [('1.204,50', 'normalised'), ('3 March 2024', 'normalised'), ('Müller &\nSöhne GmbH', 'normalised')]
        """
        key = (type(value), str(value))
        if key not in self._memo:
            self._memo[key] = sorted(self._search(value))[:MOST_PLACES]
        return self._memo[key]

    def _search(self, value: Any) -> list[Place]:
        if isinstance(value, bool) or value is None:
            return []
        if isinstance(value, (int, float, Decimal)):
            return self._number(Decimal(str(value)))
        text = str(value).strip()
        return self._exact(text) or self._typed(text) or self._normalised(text) or self._fuzzy(text)

    def _exact(self, needle: str) -> list[Place]:
        return [Place(a, b) for a, b in occurrences(self.text, needle)]

    def _typed(self, text: str) -> list[Place]:
        iso = _ISO_DATE.match(text)
        day = parse_date(iso[1]) if iso else None
        if day:
            return [Place(a, b, "normalised") for a, b in self._dates.get(day, [])]
        number = _plain_number(text)
        if number is not None:
            return self._number(number)
        variants = display_variants(text)[1:]
        return [Place(a, b, "normalised") for v in variants for a, b in occurrences(self.text, v, bounded=v.isalpha())]

    def _number(self, number: Decimal) -> list[Place]:
        if not number.is_finite():
            return []
        figures = "".join(map(str, number.as_tuple().digits)).strip("0")
        alike = [((a, b), number_readings(self.text[a:b])) for a, b in self._figures.get(figures, [])]
        found = [s for s, r in alike if number in r] or [s for s, r in alike if -number in r]
        return [Place(a, b, "exact" if self.text[a:b] == str(number) else "normalised") for a, b in found]

    def _normalised(self, text: str) -> list[Place]:
        spans = (self._normal.span(a, b) for a, b in occurrences(self._normal.text, normal_text(text)))
        return [Place(a, b, "normalised") for a, b in spans]

    def _fuzzy(self, text: str) -> list[Place]:
        if len(text) < SHORTEST_FUZZY or not any(c.isalpha() for c in text):
            return []
        needle, folded = normal_text(text), self._normal.text
        found = fuzz.partial_ratio_alignment(needle, folded, score_cutoff=self._least)
        if not found or found.dest_end <= found.dest_start:
            return []
        start, end = _whole_words(folded, found.dest_start, found.dest_end)
        same_figures = re.findall(r"\d+", needle) == re.findall(r"\d+", folded[start:end])
        return [Place(*self._normal.span(start, end), "fuzzy")] if same_figures else []

    @cached_property
    def _normal(self) -> Normal:
        return normal(self.text)

    @cached_property
    def _figures(self) -> dict[str, list[tuple[int, int]]]:
        """Ranges of numbers by their figures: only those that could be the one that is wanted are read."""
        index: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for span, figures in number_quotes(self.text):
            index[figures].append(span)
        return index

    @cached_property
    def _dates(self) -> dict[date, list[tuple[int, int]]]:
        index: dict[date, list[tuple[int, int]]] = defaultdict(list)
        for span, readings in dates(self.text):
            for reading in readings:
                index[reading].append(span)
        return index


def around(places: list[Place], offset: int) -> list[Place]:
    """The last place that starts before an offset and the first that does not; at least one of a list that has any."""
    i = bisect_left(places, offset, key=lambda p: p.start)
    return places[max(i - 1, 0) : i + 1]


def occurrences(text: str, needle: str, *, bounded: bool = True) -> list[tuple[int, int]]:
    """Ranges where a needle stands by itself: no letter or figure of another word or number touches it.

    >>> occurrences("2 pens, 22 inks, 1.2 kg, item 2", "2")
    [(0, 1), (30, 31)]
    """
    found: list[tuple[int, int]] = []
    at = text.find(needle) if needle else -1
    while at >= 0 and len(found) < MOST_PLACES:
        end = at + len(needle)
        if not bounded or (not _joined(text, at - 1, at) and not _joined(text, end, end - 1)):
            found.append((at, end))
        at = text.find(needle, at + 1)
    return found


def _joined(text: str, outside: int, inside: int) -> bool:
    """Whether the character outside an edge of a match belongs to the same word or number as the one inside."""
    if not 0 <= outside < len(text):
        return False
    out, own = text[outside], text[inside]
    if own.isdigit() and out in ".,":
        beyond = outside + (outside - inside)
        return 0 <= beyond < len(text) and text[beyond].isdigit()
    return (own.isdigit() and out.isalnum()) or (own.isalpha() and out.isalpha() and own.isascii() and out.isascii())


def _plain_number(text: str) -> Decimal | None:
    try:
        return Decimal(text) if len(text) < 40 else None
    except InvalidOperation:
        return parse_number(text) if any(c.isdigit() for c in text) and len(text) < 40 else None


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The range grown to the edges of the words it cuts, and without blanks at its edges."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
