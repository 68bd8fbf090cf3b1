"""Whole numbers in English words, from two on: "one" is more often no number."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SMALL = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VALUES = {w: i for i, w in enumerate(_SMALL)} | {w: 10 * i for i, w in enumerate(_TENS, 2)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_FIRST = "|".join(sorted(VALUES, key=len, reverse=True))
_WORD = "|".join([_FIRST, *_SCALES])
_WORDED = re.compile(
    rf"(?<![\w-])(?:{_FIRST})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*(?!\w)(?!-(?:{_WORD}))", re.IGNORECASE
)


def worded(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of numbers in words."""
    return (m.span() for m in _WORDED.finditer(text))


def number_of(words: str) -> int | None:
    """The number that words write, None where they write none, one, or several.

    >>> [number_of(t) for t in ("thirty", "One hundred and twenty-five thousand", "two million", "one", "three four")]
    [30, 125000, 2000000, None, None]
    """
    total, group, last = 0, 0, 1_000
    for word in re.findall(r"[a-z]+", words.casefold().replace(" and ", " ")):
        if word in VALUES:
            if len(str(VALUES[word])) >= len(str(last)) or (last < 20 and last):
                return None
            group, last = group + VALUES[word], VALUES[word]
        elif word == "hundred":
            group, last = (group or 1) * 100, 100
        elif word in _SCALES:
            total, group, last = total + (group or 1) * _SCALES[word], 0, 1_000
    number = total + group
    return number if number > 1 else None
