"""Parse quantities, a number with its unit in figures or words: 2 years, two years, zwei Jahre.

Before a unit, a single short word ("one", "ein") also counts as a number; alone it rarely is one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

from thresher.service.formats.foreign_number_words import folded_by_character, foreign_numbers
from thresher.service.formats.languages import number_words
from thresher.service.formats.number_words import VALUES, number_in_words, number_word_ranges

_QUANTITY = re.compile(
    r"(?P<number>\d{1,4}|[^\W\d_]+(?:-[^\W\d_]+)*)(?:\s*\([\w-]+\))?[\s-]+(?P<unit>[^\W\d_]{3,}(?: [^\W\d_]{3,}){0,2})"
)


def quantity_in(value: str) -> tuple[int, str] | None:
    """Return a number and its unit; None where a value is not such a quantity.

    >>> quantity_in("2 years"), quantity_in("twenty-four (24) months"), quantity_in("ten business days"), quantity_in("Two-way")
    ((2, 'years'), (24, 'months'), (10, 'business days'), (2, 'way'))
    >>> quantity_in("ein Jahr"), quantity_in("Acme Holdings"), quantity_in("2")
    ((1, 'Jahr'), None, None)
    """
    found = _QUANTITY.fullmatch(value.strip())
    number = _number_in(found["number"]) if found else None
    return (number, found["unit"]) if found and number is not None else None


def words_for_number(number: int) -> tuple[str, ...]:
    """Return the single words for a number, case-folded, in every language.

    >>> words_for_number(2)[:3], words_for_number(4_711)
    (('two', 'zwei', 'deux'), ())
    """
    return _words_by_number().get(number, ())


def _number_in(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    word = folded_by_character(text)
    known = next((n for n, words in _words_by_number().items() if word in words), None)
    whole = next((n for a, b, n in foreign_numbers(word) if (a, b) == (0, len(word))), None)
    english = number_in_words(word) if any(span == (0, len(word)) for span in number_word_ranges(word)) else None
    return known if known is not None else english if english is not None else whole


@cache
def _words_by_number() -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for values in (VALUES, *(values for values, _ in number_words().values())):
        for word, number in values.items():
            if number >= 0 and word not in found[number]:
                found[number].append(word)
    return {number: tuple(words) for number, words in found.items()}
