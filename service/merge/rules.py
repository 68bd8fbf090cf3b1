"""How one value is chosen where several are supported: one function a rule."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.verdict import Candidate
from service.values import parse_date

Rule = Callable[[list[Candidate]], Candidate]


def same(value: Any) -> str:
    """What makes two values one: case, white space and the way a number is written do not count.

    >>> same("ACME  Ltd") == same("Acme Ltd"), same(12.5) == same("12.50")
    (True, True)
    """
    if isinstance(value, bool):
        return str(value)
    try:
        return format(Decimal(str(value)).normalize(), "f")
    except InvalidOperation:
        return " ".join(str(value).split()).casefold()


def most_supported(candidates: list[Candidate]) -> Candidate:
    """The one that most Chunks gave; the first of equals."""
    return max(candidates, key=lambda c: c.support)


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
