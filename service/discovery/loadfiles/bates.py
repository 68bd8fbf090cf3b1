"""Bates numbers: parse, compare, count and generate them; received ones are never changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BATES_MAX_CHARS = 100
DIGITS_MAX = 18  # fits 64 bits
_BATES = re.compile(r"(?P<prefix>.*?)(?P<number>\d{3,})(?P<suffix>[._-]\d+|[A-Z])?", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Bates:
    """A Bates number's parts, ordered by prefix, number and suffix.

    >>> parse("ABC-000123.0002")
    Bates(prefix='ABC-', number=123, suffix='.0002', width=6)
    >>> parse("ABC0009") < parse("ABC0010"), parse("memo") is None, str(parse("ABC0009"))
    (True, True, 'ABC0009')
    """

    prefix: str
    number: int
    suffix: str = ""
    width: int = 3  # digits, zeros in front included

    def __str__(self) -> str:
        """Return it as printed."""
        return f"{self.prefix}{self.number:0{self.width}d}{self.suffix}"


def parse(text: str) -> Bates | None:
    """Return the parts of a Bates number; None for text that is none."""
    found = _BATES.fullmatch(text) if len(text) <= BATES_MAX_CHARS else None
    if found is None or len(found["number"]) > DIGITS_MAX:
        return None
    digits = found["number"]
    return Bates(found["prefix"], int(digits), found["suffix"] or "", len(digits))


def page_count(begin: Bates, end: Bates) -> int | None:
    """Return how many numbers a range holds; None where its ends are of different series or the end comes first."""
    if (begin.prefix, begin.width) != (end.prefix, end.width) or end < begin:
        return None
    return end.number - begin.number + 1


def numbers(prefix: str, first: int, width: int) -> Iterator[str]:
    """Yield numbers of one series without gaps, for documents that have none yet.

    >>> series = numbers("ABC-", 1, 9)
    >>> next(series), next(series)
    ('ABC-000000001', 'ABC-000000002')
    """
    number = first
    while True:
        yield str(Bates(prefix, number, "", width))
        number += 1
