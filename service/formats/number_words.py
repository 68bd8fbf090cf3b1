"""Parse whole numbers in English words, from two on: "one" is more often no number."""

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
_UNIT_OR_TEN = "|".join(sorted(VALUES, key=len, reverse=True))
_WORD = "|".join([_UNIT_OR_TEN, *_SCALES])
_NUMBER_IN_WORDS = re.compile(
    rf"(?<![\w-])(?:{_UNIT_OR_TEN})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*(?!\w)(?!-(?:{_WORD}))", re.IGNORECASE
)


def number_word_ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of numbers in words."""
    return (m.span() for m in _NUMBER_IN_WORDS.finditer(text))


def number_in_words(words: str) -> int | None:
    """Return the number that words write; None where they write none, one, or several.

    >>> [number_in_words(t) for t in ("thirty", "One hundred and twenty-five thousand", "two million", "one", "three four")]
    [30, 125000, 2000000, None, None]
    """
    total, group, previous = 0, 0, 1_000
    for word in re.findall(r"[a-z]+", words.casefold().replace(" and ", " ")):
        if word in VALUES:
            if len(str(VALUES[word])) >= len(str(previous)) or (previous < 20 and previous):
                return None
            group, previous = group + VALUES[word], VALUES[word]
        elif word == "hundred":
            group, previous = (group or 1) * 100, 100
        elif word in _SCALES:
            total, group, previous = total + (group or 1) * _SCALES[word], 0, 1_000
    number = total + group
    return number if number > 1 else None
