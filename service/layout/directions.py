"""Put the words of right-to-left lines into their order of reading; layout itself counts from left to right."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Protocol, TypeVar


class HasText(Protocol):
    """A word of a line."""

    @property
    def text(self) -> str:
        """Return its characters."""
        ...


Item = TypeVar("Item", bound=HasText)


def runs_right_to_left(texts: Iterable[str]) -> bool:
    """Whether most letters of some words are of scripts that run from right to left.

    >>> runs_right_to_left(["סכום", "EUR"]), runs_right_to_left(["Total", "12"]), runs_right_to_left(["١٢"])
    (True, False, False)
    """
    kinds = [unicodedata.bidirectional(c) for text in texts for c in text]
    return sum(kind in {"R", "AL"} for kind in kinds) > kinds.count("L")


def in_reading_order(words: Sequence[Item]) -> list[Item]:
    """Return the words of a right-to-left line, given from left to right, as they are read.

    Words of other scripts that stand together keep their order; numbers by themselves do not (Unicode Standard Annex
    #9, rules N1 and L2).
    """
    found: list[Item] = []
    for is_foreign, group in groupby(reversed(words), lambda word: not runs_right_to_left([word.text])):
        run = list(group)
        keeps = is_foreign and any(unicodedata.bidirectional(c) == "L" for word in run for c in word.text)
        found += reversed(run) if keeps else run
    return found
