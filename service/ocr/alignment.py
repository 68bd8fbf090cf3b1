"""Give boxes to words that have none, by aligning them with the same words as an OCR engine read them."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from thresher.schemas.document import Box

MIN_SIMILARITY = 60.0  # of 100: a word that differs by less is the same one, misread


def aligned_boxes(words: Sequence[str], known: Sequence[tuple[str, Box]]) -> list[Box | None]:
    """Return the box of each word; None where no known word matches it. Both are in reading order.

    >>> aligned_boxes(["Total", "42.00", "EUR"], [("Total", (0, 0, 9, 2)), ("42.OO", (12, 0, 20, 2))])
    [(0, 0, 9, 2), (12, 0, 20, 2), None]
    """
    found: list[Box | None] = [None] * len(words)
    ours, theirs = [word.casefold() for word in words], [text.casefold() for text, _ in known]
    for part in Levenshtein.opcodes(ours, theirs):
        if part.tag in ("equal", "replace"):
            ranges = range(part.src_start, part.src_end), range(part.dest_start, part.dest_end)
            for i, k in zip(*ranges, strict=False):
                if part.tag == "equal" or fuzz.ratio(ours[i], theirs[k]) >= MIN_SIMILARITY:
                    found[i] = known[k][1]
    return found
