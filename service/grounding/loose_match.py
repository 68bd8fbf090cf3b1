"""Find values that the text writes differently: with words reordered, names joined, or letters misread by OCR."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from thresher.service.grounding.normalised_text import Letters, Range, letters_of, stands_alone

MAX_WORDS = 8  # words of a value that may stand in another order
PART_MIN_LETTERS = 8  # letters from which a single word can be one of several joined names
NAMES_MAX_DISTANCE_CHARS = 2_000  # code points within which joined names must stand
LETTERS_PER_MISREAD = 2  # one character in so many may be misread, and always one
_ONE_LIKE, _NOUGHT_LIKE = "1il", "0oqd"
_CONFUSED = (_ONE_LIKE, _NOUGHT_LIKE, "5s", "8b", "2z", "6g", "9g")  # figures are never confused with figures
_PAIRS = {"m": "(?:m|rn)", "w": "(?:w|vv)"}
_PARTS = re.compile(r"(?:(?<!\s)\s+)?(?:;|\n|,| / |\s(?:and|und|et|y|e|en|och|og|i)\s)\s*")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


def joined_names(text: str) -> list[str]:
    """Return the names that a value joins; empty where it is one name.

    >>> joined_names("Mira Vold, Tomas Arden and Lena Quist"), joined_names("Smith, Jones & Co")
    (['Mira Vold', 'Tomas Arden', 'Lena Quist'], [])
    """
    parts = [p for p in _PARTS.split(text) if p]
    whole = [len(p.split()) > 1 or len(letters_of(p)) >= PART_MIN_LETTERS for p in parts]
    return parts if len(parts) > 1 and all(whole) else []


def close_together(places: Sequence[Sequence[Range]]) -> tuple[Range, ...]:
    """Return one range of each part, near the rarest one; empty where a part has none or they are far apart."""
    if not places or not all(places):
        return ()
    rarest = min(places, key=len)[0]
    chosen = sorted(min(spans, key=lambda s: abs(s[0] - rarest[0])) for spans in places)
    return tuple(chosen) if chosen[-1][1] - chosen[0][0] <= NAMES_MAX_DISTANCE_CHARS else ()


def in_other_order(text: str, value: str) -> Iterator[Range]:
    """Yield ranges in one line with exactly the words of a value, in another order.

    Lines that run from right to left may be read in any order. Elsewhere there must be a comma that turns a name round, or the
    name begins with another of its words (the family name) and all its words have capitals.

    >>> list(in_other_order("Signed: Keane, Ada Mary, clerk", "Ada Mary Keane"))
    [(8, 23)]
    >>> list(in_other_order("Smith Sons, Jones", "Jones Sons Smith"))
    []
    >>> list(in_other_order("Signed by KEANE ADA MARY, clerk", "Ada Mary Keane"))
    [(10, 24)]
    """
    words = [letters_of(w) for w in _WORD.findall(value)]
    if not 1 < len(words) <= MAX_WORDS:
        return
    broken = any(unicodedata.bidirectional(c) in {"R", "AL"} for c in value)
    longest, counted = max(_WORD.findall(value), key=len), sorted(words)
    line, in_line, begins, letters = (0, -1), list[re.Match[str]](), list[int](), list[str]()
    for hit in re.finditer(re.escape(longest), text, re.IGNORECASE):
        if hit.start() > line[1]:  # the words of a line are found once, however often the value's word is in it
            line = text.rfind("\n", 0, hit.start()) + 1, text.find("\n", hit.end()) % (len(text) + 1)
            in_line = list(_WORD.finditer(text, *line))
            begins, letters = [word.start() for word in in_line], [letters_of(word[0]) for word in in_line]
        for first in _run_starts(letters, bisect_right(begins, hit.start()) - 1, len(words)):
            own = letters[first : first + len(words)]
            if sorted(own) != counted:
                continue
            span = in_line[first].start(), in_line[first + len(words) - 1].end()
            if broken or _is_turned(text[slice(*span)], words) or _is_rotated(own, words, value):
                yield span
                break


def _run_starts(words: list[str], at: int, count: int) -> range:
    """Return where the runs of `count` words that include the word at an index begin."""
    return range(max(at - count + 1, 0), min(at, len(words) - count) + 1) if at >= 0 else range(0)


def _is_turned(quote: str, words: list[str]) -> bool:
    """Whether the words after the only comma of a quote come first in the value."""
    last, comma, first = quote.partition(",")
    return bool(comma) and [letters_of(w) for w in _WORD.findall(first) + _WORD.findall(last)] == words


def _is_rotated(own: list[str], words: list[str], value: str) -> bool:
    """Whether words are those of a name in rotated order."""
    are_names = all(w[0].isupper() and w.isalpha() for w in value.split())
    return are_names and own in [words[i:] + words[:i] for i in range(1, len(words))]


def misread_spans(text: str, letters: Letters, value: str) -> Iterator[Range]:
    """Yield ranges that OCR may have made of a value by confusing similar characters: BBO for BBQ, A-l0l for A-101.

    >>> list(misread_spans("BBO ribs, A-l0l", Letters.of("BBO ribs, A-l0l"), "A-101"))
    [(10, 15)]
    """
    needle = letters_of(value)
    if len(needle) < 3:
        return
    for match in re.finditer("".join(_PAIRS.get(c) or f"[{_alike(c)}]" for c in needle), letters.text):
        span = letters.span(*match.span())
        slips = sum(a != b for a, b in zip(needle, match.group().replace("rn", "m"), strict=False))
        if slips <= max(len(needle) // LETTERS_PER_MISREAD, 1) and stands_alone(text, *span):
            yield span


def _alike(char: str) -> str:
    """Return a regex class of what OCR may read for a character: itself and similar ones, for a figure only letters."""
    group = "".join(g for g in _CONFUSED if char in g)
    return re.escape(char) + "".join(c for c in group if not (char.isdigit() and c.isdigit()))
