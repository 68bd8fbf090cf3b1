"""How one value is chosen where several are supported: one function a rule."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from thresher.schemas.verdict import Candidate
from thresher.service.formats.displayed_values import parse_date

Rule = Callable[[list[Candidate]], Candidate]
WIDEST = 60  # digits that a number may need when written out
DEFAULT = "most_supported"
STANDING = "standing"  # what it calls itself where the chosen value stands nearer to where a Document states its facts
CORRECTED = "corrected"  # what the default rule calls itself where a Document says which value is right


def same(value: Any) -> str:
    """What makes two values one: case, white space and the way a number is written do not count.

    A leading zero does: "007" is a name and no number.

    >>> same("ACME  Ltd") == same("Acme Ltd"), same(12.5) == same("12.50"), same("007") == same("7")
    (True, True, False)
    """
    text = str(value).strip()
    if isinstance(value, bool) or (text[:1] == "0" and text[1:2].isdigit()):
        return text
    try:
        number = Decimal(text).normalize()
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and abs(number.adjusted()) < WIDEST:
        return format(number, "f")
    return " ".join(text.split()).casefold()


def most_supported(candidates: list[Candidate]) -> Candidate:
    """Return the one that most Documents gave, of equals the one that most Chunks gave, of these the first."""
    return max(candidates, key=lambda c: (c.sources, c.support))


def first(candidates: list[Candidate]) -> Candidate:
    """The one that stands first."""
    return candidates[0]


def last(candidates: list[Candidate]) -> Candidate:
    """The one that stands last: later pages correct earlier ones."""
    return candidates[-1]


def latest_date(candidates: list[Candidate]) -> Candidate:
    """The latest of dates; the last of values that are no dates."""
    days = [(parse_date(str(c.value)), i) for i, c in enumerate(candidates)]
    known = [(d, i) for d, i in days if d is not None]
    return candidates[max(known)[1]] if known else candidates[-1]


RULES: dict[str, Rule] = {
    "most_supported": most_supported,
    "first": first,
    "last": last,
    "latest_date": latest_date,
}
BY_LAST = {"last", "latest_date"}  # rules whose candidates come in the order of where each stands last
