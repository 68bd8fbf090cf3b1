"""Rules that choose one value where several are supported: one function per rule."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from thresher.schemas.result import Candidate
from thresher.service.formats.displayed_values import parse_date

Rule = Callable[[list[Candidate]], Candidate]
MAX_DIGITS = 60  # digits up to which a number is written out
DEFAULT = "most_supported"
BY_PLACE = "standing"  # name of the rule where the chosen value stands at a better place (source_rank)
CORRECTED = "corrected"  # name of the rule where a Document says which value is right


def comparable_value(value: Any) -> str:
    """Return a form in which equal values are equal: case, white space and number format do not count.

    A leading zero does: "007" is a name and no number.

    >>> comparable_value("ACME  Ltd") == comparable_value("Acme Ltd"), comparable_value(12.5) == comparable_value("12.50"), comparable_value("007") == comparable_value("7")
    (True, True, False)
    """
    text = str(value).strip()
    if isinstance(value, bool) or (text[:1] == "0" and text[1:2].isdigit()):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and abs(number.adjusted()) < MAX_DIGITS:  # of "1e9999999" nothing is computed
        return format(number.normalize(), "f")
    return " ".join(text.split()).casefold()


def most_supported(candidates: list[Candidate]) -> Candidate:
    """Return the candidate from most Documents, of equals the one from most Chunks, of these the first."""
    return max(candidates, key=lambda c: (c.sources, c.support))


def first(candidates: list[Candidate]) -> Candidate:
    """Return the candidate that stands first."""
    return candidates[0]


def last(candidates: list[Candidate]) -> Candidate:
    """Return the candidate that stands last: later pages correct earlier ones."""
    return candidates[-1]


def latest_date(candidates: list[Candidate]) -> Candidate:
    """Return the latest date; the last candidate where none is a date."""
    days = [(parse_date(str(c.value)), i) for i, c in enumerate(candidates)]
    known = [(d, i) for d, i in days if d is not None]
    return candidates[max(known)[1]] if known else candidates[-1]


RULES: dict[str, Rule] = {
    "most_supported": most_supported,
    "first": first,
    "last": last,
    "latest_date": latest_date,
}
BY_LAST = {"last", "latest_date"}  # rules whose candidates are sorted by the last place of each
