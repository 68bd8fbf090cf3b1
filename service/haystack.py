"""Finds every place in a text where a value could stand, however it is written there."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from schemas.extraction import Match
from service.letters import Letters, Range, squashed, stands_alone
from service.nearly import Nearly
from service.spans import Figure, dates, numbers, worded_numbers
from service.values import display_variants, parse_date, parse_number

SHORTEST_LOOSE = 6  # letters and figures from which punctuation does not tell values apart
MOST_PLACES = 5000  # of one value: more tell no more
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$")
_ALIKE = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-") | dict.fromkeys("‘’‚‛ʼ´`′", "'") | dict.fromkeys("“”„‟«»″", '"'))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A range of the text, in code points, and how the value was matched there."""

    start: int
    end: int
    match: Match = "exact"


class Haystack:
    """One text, searched for many values. What a search needs is made once and only when a value asks for it."""

    def __init__(
        self, text: str, *, least: float = 90.0, without: Sequence[Range] = (), guessed: bool = False
    ) -> None:
        """`least` is the similarity (0..100) under which two texts are not the same.

        `without` are ranges, sorted, that interrupt the text (page headers and footers): a value may run across them.
        `guessed` says that OCR read the text, or some of it.
        """
        self.text = text
        self._least, self._without, self._guessed = least, without, guessed
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
        return self._exact(text) or self._typed(text) or self._lettered(text) or self._nearly(text)

    def _exact(self, needle: str) -> list[Place]:
        return [Place(a, b) for a, b in occurrences(self.text, needle)]

    def _typed(self, text: str) -> list[Place]:
        iso = _ISO_DATE.match(text)
        day = parse_date(iso[1] if iso else text) if any(c.isdigit() for c in text) and len(text) < 40 else None
        if day:
            return [Place(a, b, "normalised") for a, b in self._dates.get(day, [])]
        number = _plain_number(text)
        if number is not None:
            return [p for p in self._number(number) if "%" not in text or "%" in self.text[p.start : p.end + 2]]
        variants = display_variants(text)[1:]
        return [Place(a, b, "normalised") for v in variants for a, b in occurrences(self.text, v, bounded=v.isalpha())]

    def _number(self, number: Decimal) -> list[Place]:
        """Where a number stands by itself, else within a word or a reference, else in words or scaled."""
        if not number.is_finite():
            return []
        sure, unsure = self._numbers
        for index in (sure, unsure, self._rare_numbers):
            found = index.get(number) or index.get(-number)
            if found:
                return [Place(a, b, "exact" if self.text[a:b] == str(number) else "normalised") for a, b in found]
        return []

    def _lettered(self, text: str) -> list[Place]:
        """Where the same letters and figures stand, first of all with the same punctuation."""
        needle = squashed(text)
        for hay in self._letters if needle else ():
            spans = [
                span
                for a, b in _all(hay.text, needle)
                if stands_alone(self.text, *(span := self._grown(hay.span(a, b), text)))
            ]
            strict = [s for s in spans if _plain(self._printed(*s)) == _plain(text)]
            loose = spans if len(needle) >= SHORTEST_LOOSE else []
            found = strict or [s for s in loose if _figures(self._printed(*s)) == _figures(text)]
            if found:
                return [Place(a, b, "normalised") for a, b in found]
        return []

    def _grown(self, span: Range, text: str) -> Range:
        """A range with the punctuation around it that the value has, too."""
        start, end = span
        while end < len(self.text) and unicodedata.combining(self.text[end]):
            end += 1
        for char in re.findall(r"[^\w\s]", re.split(r"\w", text)[-1].translate(_ALIKE)):
            if self.text[end : end + 1].translate(_ALIKE) == char:
                end += 1
        for char in reversed(re.findall(r"[^\w\s]", re.split(r"\w", text)[0].translate(_ALIKE))):
            if start and self.text[start - 1].translate(_ALIKE) == char:
                start -= 1
        return start, end

    def _printed(self, start: int, end: int) -> str:
        """The text of a range, without what interrupts it."""
        inside = [(a, b) for a, b in self._without if start <= a and b <= end]
        edges = [start, *(e for r in inside for e in r), end]
        return " ".join(self.text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))

    def _nearly(self, text: str) -> list[Place]:
        for hay in self._letters:
            found = Nearly(self.text, hay, least=self._least, guessed=self._guessed).find(text)
            if found:
                return [Place(*found, "fuzzy")]
        return []

    @cached_property
    def _letters(self) -> list[Letters]:
        """Of the text without what interrupts it, and of the whole."""
        ranges = [(), self._without] if self._without else [()]
        return [Letters.of(self.text, without) for without in reversed(ranges)]

    @cached_property
    def _numbers(self) -> tuple[dict[Decimal, list[Range]], dict[Decimal, list[Range]]]:
        """Those that stand by themselves, and the others."""
        figures = list(numbers(self.text))
        return _index(f for f in figures if f.sure), _index(f for f in figures if not f.sure)

    @cached_property
    def _rare_numbers(self) -> dict[Decimal, list[Range]]:
        return _index(worded_numbers(self.text))

    @cached_property
    def _dates(self) -> dict[date, list[Range]]:
        index: dict[date, list[Range]] = defaultdict(list)
        for span, readings in dates(self.text):
            for reading in readings:
                index[reading].append(span)
        return index


def around(places: list[Place], offset: int) -> list[Place]:
    """The last place that starts before an offset and the first that does not; at least one of a list that has any."""
    i = bisect_left(places, offset, key=_start)
    return places[max(i - 1, 0) : i + 1]


def occurrences(text: str, needle: str, *, bounded: bool = True) -> list[Range]:
    """Ranges where a needle stands by itself: no letter or figure of another word or number touches it.

    >>> occurrences("2 pens, 22 inks, 1.2 kg, item 2", "2")
    [(0, 1), (30, 31)]
    """
    size = len(needle)
    return [(a, a + size) for a, _ in _all(text, needle) if not bounded or stands_alone(text, a, a + size)]


def _all(text: str, needle: str) -> list[Range]:
    found: list[Range] = []
    at = text.find(needle) if needle else -1
    while at >= 0 and len(found) < MOST_PLACES:
        found.append((at, at + len(needle)))
        at = text.find(needle, at + 1)
    return found


def _start(place: Place) -> int:
    return place.start


def _index(figures: Iterable[Figure]) -> dict[Decimal, list[Range]]:
    index: dict[Decimal, list[Range]] = defaultdict(list)
    for figure in figures:
        for reading in figure.readings:
            index[reading].append((figure.start, figure.end))
    return index


def _plain(text: str) -> str:
    """Case, kinds of space, dash and quote aside."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold().split())


def _figures(text: str) -> list[str]:
    return re.findall(r"\d+", unicodedata.normalize("NFKC", text))


def _plain_number(text: str) -> Decimal | None:
    """The number that a text is and nothing more: "007" is a name."""
    if len(text) >= 40 or re.match(r"0\d", text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return parse_number(text) if any(c.isdigit() for c in text) else None
