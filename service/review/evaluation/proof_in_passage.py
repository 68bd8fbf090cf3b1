"""Decide whether a passage can prove a value.

A number, a date or an identifier is proved only by a passage that contains it, or all the parts of it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from rapidfuzz import fuzz

from thresher.schemas.document import Document
from thresher.schemas.extraction import Match
from thresher.service.formats.languages import month_of
from thresher.service.grounding.text_index import TextIndex
from thresher.service.grounding.text_values import figures_in
from thresher.service.grounding.typed_spans import Habits

KNOWN_PASSAGES = 8  # that are kept
YEAR_FIGURES = 4  # figures of the longest number of a date
LIKENESS_MIN_LETTERS = 4  # letters from which a value is compared by likeness
GROUPED_MIN_FIGURES = 6  # figures from which an identifier may be written in groups
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ]\d\d:(\d\d).*)?)?)?$")
_LETTERS = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"(?=[^a-z]*[A-Z])(?:[A-Z0-9][-/. ]?){6,}")  # capitals and figures mixed


class Passage:
    """A passage that is searched for values, with what the search makes of it once."""

    def __init__(self, text: str, *, guessed: bool = False, habits: Habits | None = None) -> None:
        """Prepare the search; `guessed`: whether OCR read the passage; `habits`: how the document writes figures."""
        self.text = text
        self.index = TextIndex(text, guessed=guessed, habits=habits)

    @cached_property
    def figures(self) -> list[str]:
        """Return the runs of figures."""
        return figures_in(self.text)

    @cached_property
    def without_zeros(self) -> frozenset[str]:
        """Return the runs of figures without zeros in front."""
        return frozenset(f.lstrip("0") for f in self.figures)

    @cached_property
    def short_numbers(self) -> frozenset[int]:
        """Return the numbers that may be of a date."""
        return frozenset(int(f) for f in self.figures if len(f) <= YEAR_FIGURES)


class SearchedPassages:
    """The last passages of a document that were searched: many values are looked for in the same one."""

    def __init__(self, _document: Document) -> None:
        """Make it with `Document.once`, so that it ends with the Document."""
        self._known: dict[tuple[str, bool, Habits | None], Passage] = {}

    def of(self, text: str, *, guessed: bool = False, habits: Habits | None = None) -> Passage:
        """Return a passage, see Passage."""
        key = text, guessed, habits
        if key not in self._known:
            if len(self._known) >= KNOWN_PASSAGES:
                del self._known[next(iter(self._known))]
            self._known[key] = Passage(text, guessed=guessed, habits=habits)
        return self._known[key]


def place_in(passage: Passage, value: Any) -> tuple[int, int, Match] | None:
    """Return where a passage contains a value as a whole: start, end, and how it was matched.

    None where it does not. A zero may stand as a dash.
    """
    index = passage.index
    found = index.find(value) or (index.beside(value) if _is_zero(value) else [])
    return (found[0].start, found[0].end, found[0].match) if found else None


def likeness(text: str, value: Any) -> float:
    """Return how similar a line is to a text value, at its best place: 0 to 100; 0 for values of few letters.

    >>> likeness("1x lced lemon tea   3.60", "Iced lemon tea") > 90, likeness("Total 5", "7")
    (True, 0.0)
    """
    shown = str(value)
    few = sum(c.isalpha() for c in shown) < LIKENESS_MIN_LETTERS
    return 0.0 if few else fuzz.partial_ratio(shown.casefold(), text.casefold())


def may_prove(passage: Passage, value: Any) -> bool:
    """Return whether a passage contains a value or all its parts; words alone are not checked, nor is a zero ("no loans").

    >>> def proves(text, value, **more): return may_prove(Passage(text, **more), value)
    >>> proves("on the 3rd of March, in the year 2024", "2024-03-03"), proves("The play is in spring", "2025-04-18")
    (True, False)
    >>> proves("To pay EUR 73.50", 213.5), proves("our lawyers", "firm")
    (False, True)
    >>> proves("Leases 1,204", 1204000000), proves("Leases 1,204", 1204000000, habits=Habits(frozenset([6])))
    (False, True)
    """
    if isinstance(value, bool) or _is_zero(value):
        return True
    shown = str(value)
    if place_in(passage, value):
        return True
    if isinstance(value, str) and (dated := _ISO.match(shown)):
        return _has_day(passage, dated)
    if not any(c.isdigit() for c in shown):
        return True
    return isinstance(value, str) and _has_figures(passage, shown) and _has_code(passage.text, shown)


def _is_zero(value: Any) -> bool:
    return not isinstance(value, (bool, str)) and value == 0


def _has_figures(passage: Passage, value: str) -> bool:
    """Whether every run of figures of a value is in a text, long ones also in groups."""
    alone, joined = passage.without_zeros, "".join(passage.figures)
    return all(f.lstrip("0") in alone or (len(f) >= GROUPED_MIN_FIGURES and f in joined) for f in figures_in(value))


def _has_day(passage: Passage, dated: re.Match[str]) -> bool:
    """Whether year, month, day and minute are all in a text, the month in figures or by name."""
    year, month, day, minute = (int(part or 0) for part in dated.groups())
    known = passage.short_numbers
    if not ({year, year % 100} & known) or (minute and minute not in known) or (dated[3] and day not in known):
        return False
    return not dated[2] or month in known or any(month_of(w) == month for w in _LETTERS.findall(passage.text))


def _has_code(text: str, value: str) -> bool:
    """Whether the letters of an identifier are in a text, too; other values need no letters."""
    if not _CODE.fullmatch(value):
        return True
    letters = "".join(_LETTERS.findall(text)).casefold()
    return all(run.casefold() in letters for run in _LETTERS.findall(value))
