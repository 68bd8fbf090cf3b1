"""Find every place in a text where a value could stand, however it is written there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from thresher.schemas.extraction import Match
from thresher.service.formats.amounts import CURRENCY_CODES, CURRENCY_SYMBOLS, SHARED_CURRENCY_SYMBOLS
from thresher.service.formats.counted_quantities import quantity_in, words_for_number
from thresher.service.formats.displayed_values import display_variants
from thresher.service.grounding.fuzzy_match import FuzzyMatcher, whole_words, with_other_legal_form
from thresher.service.grounding.loose_match import close_together, in_other_order, joined_names, misread_spans
from thresher.service.grounding.match_positions import MOST_PLACES, Place, all_ranges, occurrences
from thresher.service.grounding.normalised_text import AS_F, LONG_S, Letters, Range, letters_of, stands_alone
from thresher.service.grounding.text_values import (
    ZEROS,
    clock_of,
    comparable,
    comparable_unspaced,
    days_of,
    figures_in,
    moment_of,
    months_of,
    plain_number,
)
from thresher.service.grounding.typed_spans import Habits, TypedIndex, quantity_spans
from thresher.service.grounding.wrapped_lines import COLUMNS, Layout, WrappedSearch, column_below
from thresher.service.records.text_lines import tabbed

TYPED_MAX_CHARS = 40  # characters below which a text may be a number or a date
CUT_MIN_LETTERS = 20  # letters and figures from which a value may begin or end within a word
LOOSE_MIN_LETTERS = 6  # letters and figures from which punctuation may differ
GROUPED_MIN_LETTERS = 8  # letters and figures from which a code may be printed in groups
JOINING_BLANK = re.compile(r"(?<=\d)[ \u00a0](?=\d)")  # between the groups of a code
_WORDS = re.compile(r"\w")


class TextIndex:
    """One text, searched for many values; each index is built once, when a value needs it."""

    def __init__(
        self,
        text: str,
        *,
        least: float = 90.0,
        without: Sequence[Range] = (),
        guessed: bool = False,
        layout: Layout | None = None,
        habits: Habits | None = None,
    ) -> None:
        """Prepare the search; nothing is indexed yet.

        `least`: similarity (0..100) under which two texts are not the same.
        `without`: ranges, sorted, that interrupt the text (page headers and footers), so that a value may run across them.
        `guessed`: whether OCR read the text, or some of it.
        `layout`: decides about columns; by default the characters of the text do.
        `habits`: how the document around it writes figures.
        """
        self.text = text
        self._least, self._without, self._guessed = least, without, guessed
        self._habits = habits
        self._layout = layout or Layout(partial(column_below, text))
        self._memo: dict[tuple[type, str], list[Place]] = {}
        self._near: dict[tuple[type, str], list[Place]] = {}

    def find(self, value: Any) -> list[Place]:
        r"""Return the places of a leaf value in text order: exact ones, else typed or normalised ones, else the nearest match.

        >>> hay = TextIndex("Total due: EUR 1.204,50 by 3 March 2024 to Müller &\nSöhne GmbH")
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
        exact = self._exact(text)
        found = self._run_on(text, exact) if exact else self._typed(text) or self._lettered(text)
        return [*found, *self._wrapped(text, found)] or self._nearly(text)

    def _exact(self, needle: str) -> list[Place]:
        return [Place(a, b) for a, b in occurrences(self.text, needle)]

    def _run_on(self, text: str, exact: list[Place]) -> list[Place]:
        """Return the exact places, and those where the same words continue over a line's end."""
        first = text.split(maxsplit=1)[0]
        if first == text or self.text.count(first) <= len(exact):
            return exact
        known = {p.start for p in exact}
        return [*exact, *(p for p in self._lettered(text) if p.match == "normalised" and p.start not in known)]

    def beside(self, value: Any) -> list[Place]:
        """Return places that prove a value only next to others of its record or after its label.

        They are a dash or "nil" for zero, and a few figures under a heading that scales them; in a text that OCR read, what
        it may have misread.
        """
        key = (type(value), str(value))
        if key not in self._near:
            self._near[key] = list(self._beside(value))[:MOST_PLACES]
        return self._near[key]

    def _beside(self, value: Any) -> Iterator[Place]:
        if isinstance(value, str):
            if self._guessed and (len(value) < TYPED_MAX_CHARS):
                yield from (Place(*span, "fuzzy") for span in misread_spans(self.text, self._letters[-1], value))
        elif not isinstance(value, bool):
            figures = self._figures
            spans = figures.nothing() if value == 0 else figures.scaled(Decimal(str(value)))
            yield from (Place(*span, "normalised") for span in spans)

    def _typed(self, text: str) -> list[Place]:
        if any(c.isdigit() for c in text) and len(text) < TYPED_MAX_CHARS:
            if (moment := moment_of(text)) is not None:
                return [self._joint(*spans) for spans in self._figures.moment(moment)]
            for readings in days_of(text):
                return [Place(a, b, "normalised", self._pieces(a, b)) for a, b in self._figures.day(readings)]
            if (at := clock_of(text)) is not None:
                return [Place(a, b, "normalised") for a, b in self._figures.clock(at)]
            for month in months_of(text):
                return [Place(a, b, "normalised") for a, b in self._figures.month(month)]
            number = plain_number(text)
            if number is not None:
                return [p for p in self._number(number) if self._may_be(text, p)]
        variants = [v for v in display_variants(text)[1:] if not self._is_shared(v, text)]
        return [Place(a, b, "normalised") for v in variants for a, b in occurrences(self.text, v, bounded=v.isalpha())]

    def _joint(self, day: Range, clock: Range) -> Place:
        """Return the place of a day and its time: one range where they stand on one line, else two pieces."""
        first, second = sorted((day, clock))
        apart = "\n" in self.text[first[1] : second[0]]
        return Place(first[0], max(first[1], second[1]), "normalised", (first, second) if apart else ())

    def _is_shared(self, symbol: str, code: str) -> bool:
        """Whether a symbol of several currencies proves none; "$" proves USD where the text names no other currency."""
        if symbol not in SHARED_CURRENCY_SYMBOLS:
            return False
        if symbol == "$" and code != "USD":
            return True
        marks = [*CURRENCY_CODES, *CURRENCY_SYMBOLS]
        return any(occurrences(self.text, m) for m in marks if m != symbol and CURRENCY_SYMBOLS.get(m, m) != code)

    def _may_be(self, text: str, place: Place) -> bool:
        """Whether a number fits a value that was given as text: a share needs "%", 00712 is not 712."""
        quote = self.text[place.start : place.end + 2]
        return not ZEROS.match(quote) and ("%" not in text or "%" in quote)

    def _number(self, number: Decimal) -> list[Place]:
        spans = self._figures.number(number)
        return [Place(a, b, "exact" if self.text[a:b] == str(number) else "normalised") for a, b in spans]

    def _lettered(self, text: str) -> list[Place]:
        """Return places with the same letters and figures, preferably also the same punctuation."""
        needle = letters_of(text)
        for hay in self._letters if needle else ():
            spans = [self._grown(hay.span(a, b), text) for a, b in all_ranges(hay.text, needle)]
            alone = [s for s in spans if stands_alone(self.text, *s)]
            strict = [s for s in alone if comparable(self._printed(s)) == comparable(text)]
            strict = strict or [s for s in alone if comparable_unspaced(self._printed(s)) == comparable_unspaced(text)]
            loose = [s for s in alone if len(needle) >= LOOSE_MIN_LETTERS and self._same_figures(s, text)]
            loose = loose or [s for s in alone if len(needle) >= GROUPED_MIN_LETTERS and self._is_grouped(s, text)]
            found = strict or loose or self._cut(spans, text, len(needle))
            if found:
                match: Match = "normalised" if strict or loose else "fuzzy"
                return [Place(a, b, match, self._pieces(a, b)) for a, b in found]
        return []

    def _cut(self, spans: list[Range], text: str, letters: int) -> list[Range]:
        """Return the ranges that begin or end within a word, for a value of so many letters, extended to whole words."""
        if letters < CUT_MIN_LETTERS:
            return []
        return [whole_words(self.text, *s) for s in spans if self._same_figures(s, text)]

    def _same_figures(self, span: Range, text: str) -> bool:
        return figures_in(self._printed(span)) == figures_in(text)

    def _is_grouped(self, span: Range, text: str) -> bool:
        """Whether a code is printed in groups with a blank between, on one line, and no group before or behind is left out."""
        start, end = span
        around = self.text[max(start - 2, 0) : end + 2]
        own = around[min(start, 2) :][: end - start]
        whole = len(JOINING_BLANK.findall(around)) == len(JOINING_BLANK.findall(own))
        return (
            whole
            and "\n" not in own
            and figures_in(JOINING_BLANK.sub("", own)) == figures_in(JOINING_BLANK.sub("", text))
        )

    def _grown(self, span: Range, text: str) -> Range:
        """Return a range extended by the punctuation around it that the value also has."""
        start, end = span
        while end < len(self.text) and unicodedata.combining(self.text[end]):
            end += 1
        for char in re.findall(r"[^\w\s]", _WORDS.split(text)[-1]):
            if comparable(self.text[end : end + 1]) == comparable(char):
                end += 1
        for char in reversed(re.findall(r"[^\w\s]", _WORDS.split(text)[0])):
            if start and comparable(self.text[start - 1]) == comparable(char):
                start -= 1
        return start, end

    def _pieces(self, start: int, end: int) -> tuple[Range, ...]:
        """Return the parts of a range between interruptions; empty where nothing interrupts it."""
        inside = [(a, b) for a, b in self._without if start <= a and b <= end]
        edges = [start, *(e for r in inside for e in r), end]
        return (
            tuple(r for r in zip(edges[::2], edges[1::2], strict=True) if self.text[slice(*r)].strip())
            if inside
            else ()
        )

    def _wrapped(self, text: str, found: list[Place]) -> list[Place]:
        """Return places where a value is wrapped in a column, other than those already found."""
        words = text.split()
        if len(words) < 2 or self._columns is None or self._letters[-1].text.count(letters_of(words[0])) <= len(found):
            return []
        known = {p.start for p in found}
        return [
            Place(pieces[0][0], pieces[-1][1], self._alike_in(pieces, text), pieces)
            for pieces in self._columns.find(text)
            if pieces[0][0] not in known
        ]

    def _alike_in(self, pieces: Sequence[Range], text: str) -> Match:
        return "normalised" if comparable(" ".join(self.text[a:b] for a, b in pieces)) == comparable(text) else "fuzzy"

    @cached_property
    def _columns(self) -> WrappedSearch | None:
        if not COLUMNS.search(tabbed(self.text)):
            return None
        return WrappedSearch(self.text, self._letters[-1], self._layout, without=self._without)

    def _printed(self, span: Range) -> str:
        """Return the text of a range, without what interrupts it."""
        return " ".join(self.text[a:b] for a, b in self._pieces(*span) or [span])

    def _nearly(self, text: str) -> list[Place]:
        for name in with_other_legal_form(text):
            found = self._lettered(name)
            if found:
                return [p._replace(match="fuzzy") for p in found]
        loose = self._counted(text) or self._joined(text)
        loose = loose or [Place(*span, "fuzzy") for span in in_other_order(self.text, text)]
        if loose:
            return loose
        for hay in self._letters:
            near = FuzzyMatcher(self.text, hay, least=self._least, guessed=self._guessed).find(text)
            if near:
                return [Place(*near, "fuzzy", self._pieces(*near))]
        return []

    def _counted(self, text: str) -> list[Place]:
        """Return places of a counted quantity that has the number in words where the value has figures, or the reverse."""
        found = quantity_in(text)
        if found is None:
            return []
        number, unit = found
        spans = quantity_spans(self.text, self._figures.number(Decimal(number)), words_for_number(number), unit)
        return [Place(a, b, "normalised") for a, b in spans]

    def _joined(self, text: str) -> list[Place]:
        """Return the place where the names that a value joins stand separately."""
        names = joined_names(text)
        pieces = close_together([[(p.start, p.end) for p in self._exact(n) or self._lettered(n)] for n in names])
        return [Place(pieces[0][0], pieces[-1][1], "fuzzy", pieces)] if pieces else []

    @cached_property
    def _letters(self) -> list[Letters]:
        """Return the Letters of the text without interruptions, and of the whole text, last."""
        ranges = [(), self._without] if self._without else [()]
        found = [Letters.of(self.text, without) for without in reversed(ranges)]
        if LONG_S.search(self.text):
            found.insert(0, Letters.of(self.text.translate(AS_F)))
        return found

    @cached_property
    def _figures(self) -> TypedIndex:
        return TypedIndex(self.text, self._without, self._habits)
