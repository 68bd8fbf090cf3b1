"""Find numbers written in words of languages other than English: zweitausend, deux mille, ciento veinte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from thresher.service.formats.languages import folded, number_words

SINGLE_WORD_MIN_VALUE = 11  # a single word for a smaller number is more often another word
SINGLE_WORD_MIN_LETTERS = 5  # fewest letters of a single word
FOUR, SCORE = 4, 20  # quatre-vingts


@dataclass(frozen=True, slots=True)
class _Language:
    values: dict[str, int]
    runs: re.Pattern[str]  # number words in a row
    words: re.Pattern[str]


def _language(values: dict[str, int], *, joined: bool) -> _Language:
    any_word = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
    between = r"[\s-]*" if joined else r"[\s-]+"
    runs = re.compile(rf"(?<![\w-])(?:{any_word})(?:{between}(?:{any_word}))*(?![\w-])")
    return _Language(values, runs, re.compile(any_word))


_LANGUAGES = tuple(_language(values, joined=joined) for values, joined in number_words().values())


def foreign_numbers(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, number) of each number in words; fold the text first, character by character.

    >>> list(foreign_numbers("zweitausend euro, deux mille euros, quatre-vingt-dix")), list(foreign_numbers("dix et un"))
    ([(0, 11, 2000), (18, 28, 2000), (36, 52, 90)], [])
    """
    for language in _LANGUAGES:
        for match in language.runs.finditer(text):
            values = [language.values[w] for w in language.words.findall(match.group())]
            number = _number([v for v in values if v >= 0])
            if number is not None and _is_number(match.group(), values, number):
                yield (*match.span(), number)


def _is_number(words: str, values: Sequence[int], number: int) -> bool:
    """Whether words safely form a number: two of them, or a long one that is more than a scale."""
    return len(values) > 1 or (
        number >= SINGLE_WORD_MIN_VALUE
        and len(words) >= SINGLE_WORD_MIN_LETTERS
        and (values[0] % 100 != 0 or 100 < number < 1000)
    )


def _number(values: Sequence[int]) -> int | None:
    """Add up the words of a number; None where they form several numbers."""
    total, group, previous, scale = 0, 0, 0, 10**12
    for value in values:
        if value >= 1000:
            if value >= scale:
                return None
            total, group, previous, scale = total + (group or 1) * value, 0, 0, value
            continue
        if value == 100 and group < 10:
            group = (group or 1) * 100
        elif value == SCORE and previous == FOUR:
            group += SCORE * FOUR - FOUR
        elif _may_follow(previous, value):
            group += value
        else:
            return None
        previous = value
    return total + group


def _may_follow(previous: int, value: int) -> bool:
    """Whether a word adds to the one before it: hundreds, then tens, then ones; in German ones, then tens."""
    if not previous or previous >= 100:
        return value < 100 or not previous
    if previous == 10:
        return 7 <= value <= 9  # dix-sept
    return previous >= 20 > value or (previous < 10 and 20 <= value < 100)


def folded_by_character(text: str) -> str:
    """Return a text folded character by character, so that offsets stay the same."""
    return text.lower() if text.isascii() else "".join(c if len(f := folded(c)) != 1 else f for c in text)
