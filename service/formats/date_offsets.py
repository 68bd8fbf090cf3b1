"""Find relative dates: a day as a duration from another day ("364 days after the date of this agreement")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from thresher.service.formats.counted_quantities import quantity_in
from thresher.service.formats.languages import DAY_WORDS, folded

Unit = Literal["days", "months", "years"]
_UNITS: tuple[tuple[str, Unit, int], ...] = (
    (r"days?|tage?n?|jours?|d[ií]as?|giorn[oi]|dag(?:en)?", "days", 1),
    (r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken", "days", 7),
    (r"months?|monate?n?|mois|mes(?:es)?|mes[ei]|maand(?:en)?", "months", 1),
    (r"years?|jahre?n?|ans?|années?|años?|anos?|ann[oi]|jaar|jaren", "years", 1),
)
_AFTER = r"after|following|from|nach|ab|après|à compter d[eu']|después de|a partir d[eo]?|desde|dopo|a decorrere d\w*|na|vanaf|após"
_BEFORE = r"before|prior to|vor|avant|antes d[eo]|prima d\w*|voor"
_ANCHOR = r"(?P<anchor>(?:[^.;()\n]|\n(?!\s*\n)|(?<=[A-Z])\.){3,120}?)(?=[.;()]|,\s+(?!\d{4})|\n\s*\n|\s*\Z)"
_DURATION = re.compile(
    rf"(?<![\w.,])(?P<number>\d{{1,4}}(?:st|nd|rd|th)?|[^\W\d_]+(?:-[^\W\d_]+)?)(?:\s*\(\w+\))?[\s-]+(?:calendar |full |consecutive )?"
    rf"(?P<unit>{'|'.join(u for u, _, _ in _UNITS)})(?!\w)\s+(?:(?P<after>{_AFTER})|(?P<before>{_BEFORE}))\s+{_ANCHOR}",
    re.IGNORECASE,
)
_ANNIVERSARY = re.compile(
    rf"(?<!\w)(?P<nth>[^\W\d_]+|\d{{1,3}}(?:st|nd|rd|th))(?:\s*\(\w+\))?\s+anniversary\s+of\s+{_ANCHOR}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RelativeDate:
    """A duration from a day that the text names."""

    start: int
    end: int
    by: int  # negative: before
    unit: Unit
    anchor: str  # the text's name for the other day


def relative_dates(text: str) -> Iterator[RelativeDate]:
    """Yield the relative dates of a text.

    >>> [(r.by, r.unit, r.anchor) for r in relative_dates("falls 364 days after the date of this Agreement, and")]
    [(364, 'days', 'the date of this Agreement')]
    >>> [(r.by, r.unit, r.anchor) for r in relative_dates("The second anniversary of the Closing Date. Two (2) years from then.")]
    [(2, 'years', 'then'), (2, 'years', 'the Closing Date')]
    >>> [(r.by, r.unit, r.anchor) for r in relative_dates("on the eighth day after signing. The 30th day following delivery")]
    [(8, 'days', 'signing'), (30, 'days', 'delivery')]
    """
    for match in _DURATION.finditer(text):
        count = quantity_in(f"{match['number']} days")
        number = count[0] if count else _ordinal(match["number"])
        unit, times = next((u, n) for form, u, n in _UNITS if re.fullmatch(form, match["unit"], re.IGNORECASE))
        if number:
            by = number * times * (-1 if match["before"] else 1)
            yield RelativeDate(*match.span(), by, unit, " ".join(match["anchor"].split()))
    for match in _ANNIVERSARY.finditer(text):
        years = _ordinal(match["nth"])
        if years:
            yield RelativeDate(*match.span(), years, "years", " ".join(match["anchor"].split()))


def _ordinal(words: str) -> int:
    """Return the number of an ordinal, as "8th" and "eighth" are; 0 for other words."""
    figures = re.match(r"\d+", words)
    return int(figures[0]) if figures else DAY_WORDS.get(folded(words), 0)


def has_relative_date(value: object) -> bool:
    """Whether a value contains a relative date.

    >>> has_relative_date("364 days after the date of this agreement"), has_relative_date("2024-03-03"), has_relative_date("30 days")
    (True, False, False)
    """
    return isinstance(value, str) and next(relative_dates(value), None) is not None
