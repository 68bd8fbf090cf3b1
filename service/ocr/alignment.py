"""Boxes for words that come without any, from the same words as an engine read them with their places."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from schemas.document import Box

ALIKE = 60.0  # similarity (0..100) from which a word that differs is the same one, misread


def aligned(words: Sequence[str], known: Sequence[tuple[str, Box]]) -> list[Box | None]:
    """The box of each word, None where no known word answers to it. Both are in reading order.

    >>> aligned(["Total", "42.00", "EUR"], [("Total", (0, 0, 9, 2)), ("42.OO", (12, 0, 20, 2))])
    [(0, 0, 9, 2), (12, 0, 20, 2), None]
    """
    found: list[Box | None] = [None] * len(words)
    ours, theirs = [word.casefold() for word in words], [text.casefold() for text, _ in known]
    for tag, a0, a1, b0, b1 in Levenshtein.opcodes(ours, theirs):
        if tag in ("equal", "replace"):
            for i, k in zip(range(a0, a1), range(b0, b1), strict=False):
                if tag == "equal" or fuzz.ratio(ours[i], theirs[k]) >= ALIKE:
                    found[i] = known[k][1]
    return found
