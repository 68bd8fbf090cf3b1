"""Load the words of each language for months, days and numbers from `languages.toml`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib.resources import files
from typing import Any

_LANGUAGE_DATA: dict[str, dict[str, Any]] = tomllib.loads(
    files("thresher.service.formats").joinpath("languages.toml").read_text(encoding="utf-8")
)
ERA_OFFSETS: dict[str, int] = {str(name): int(year) for name, year in _LANGUAGE_DATA.pop("eras").items()}
SCALES: dict[str, int] = {
    str(word): int(power) for word, power in _LANGUAGE_DATA.pop("scales").items()
}  # powers of ten
LANGUAGES = tuple(_LANGUAGE_DATA)
WORD_PATTERN = r"(?:[^\W\d_][\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{0,4}){1,40}"  # a regex: letters and vowel signs, no more than in a month


def folded(text: str) -> str:
    """Return the text in lower case without accents, diacritics and vowel marks, as texts may omit them.

    >>> folded("MÄRZ"), folded("Μαΐου"), folded("3월")
    ('marz', 'μαιου', '3월')
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def _words_by_language(key: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(str(raw[key]).split()) for name, raw in _LANGUAGE_DATA.items() if key in raw}


MONTHS = _words_by_language("months")  # by language, as dates write them
SHORT_MONTHS = MONTHS | _words_by_language("short")


def _month_numbers() -> dict[str, int]:
    tables = (*MONTHS.values(), *_words_by_language("more").values(), *_words_by_language("short").values())
    known = {folded(name): n for names in tables for n, name in enumerate(names, 1)}
    return known | {folded(name): n for raw in _LANGUAGE_DATA.values() for name, n in raw.get("also", {}).items()}


_MONTH_NUMBERS = _month_numbers()
_LATE_MONTHS = frozenset(
    folded(m) for name, raw in _LANGUAGE_DATA.items() if "years" in raw for m in (*MONTHS[name], *SHORT_MONTHS[name])
)
CALENDAR_SHIFT_YEARS = max(int(raw.get("years", 0)) for raw in _LANGUAGE_DATA.values())
DATE_WORDS = frozenset(folded(w) for words in _words_by_language("words").values() for w in words)


def month_of(name: str) -> int:
    """Return the number of a month, 1 to 12; 0 where the name is no month.

    >>> [month_of(name) for name in ("марта", "ΜΑΡΤΊΟΥ", "Jänner", "มีนาคม", "Ogos", "Thursday")]
    [3, 3, 1, 3, 8, 0]
    """
    return _MONTH_NUMBERS.get(folded(name).replace(".", ""), 0)


def has_shifted_years(month: str) -> bool:
    """Whether years next to a month's name belong to a calendar that runs `CALENDAR_SHIFT_YEARS` ahead."""
    return folded(month) in _LATE_MONTHS


def month_names() -> tuple[str, ...]:
    """Return all names and short forms of months, folded."""
    return tuple(_MONTH_NUMBERS)


def number_words() -> dict[str, tuple[dict[str, int], bool]]:
    """Return the number words of each language with their values, and whether they are joined without spaces.

    The value -1 marks a word that only joins two others ("und").
    """
    return {
        name: (_word_values(raw["numbers"]), bool(raw.get("joined")))
        for name, raw in _LANGUAGE_DATA.items()
        if "numbers" in raw
    }


def _word_values(text: str) -> dict[str, int]:
    found = re.findall(r"(\S+) (\d+|\+)", text)
    return {folded(word): -1 if value == "+" else int(value) for word, value in found}


def _day_numbers() -> dict[str, int]:
    known = {folded(w): n for words in _words_by_language("ordinals").values() for n, w in enumerate(words, 1)}
    first = _words_by_language("ordinals")["en"][:9]
    known |= {
        w: n
        for values, joined in number_words().values()
        if not joined
        for w, n in values.items()
        if 1 < n < 32 and not month_of(w)
    }
    known |= {f"twenty {w}": 20 + n for n, w in enumerate(first, 1)} | {"thirtieth": 30, "thirty first": 31}
    return known


DAY_WORDS = _day_numbers()  # "twenty first" is 21
