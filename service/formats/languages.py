"""What languages call months, days and numbers: the data of `languages.toml`, made ready for dates and amounts."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib.resources import files
from typing import Any

_RAW: dict[str, dict[str, Any]] = tomllib.loads(
    files("thresher.service.formats").joinpath("languages.toml").read_text(encoding="utf-8")
)
ERAS: dict[str, int] = {str(name): int(year) for name, year in _RAW.pop("eras").items()}
SCALES: dict[str, int] = {str(word): int(power) for word, power in _RAW.pop("scales").items()}  # powers of ten
LANGUAGES = tuple(_RAW)
WORD = r"(?:[^\W\d_][\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*)+"  # a regex: letters and vowel signs


def folded(text: str) -> str:
    """Lower case without accents, points and vowel marks that texts may leave out.

    >>> folded("MÄRZ"), folded("Μαΐου"), folded("3월")
    ('marz', 'μαιου', '3월')
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def _listed(key: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(str(raw[key]).split()) for name, raw in _RAW.items() if key in raw}


MONTHS = _listed("months")  # by language, as dates write them
SHORT = MONTHS | _listed("short")


def _month_numbers() -> dict[str, int]:
    tables = (*MONTHS.values(), *_listed("more").values(), *_listed("short").values())
    known = {folded(name): n for names in tables for n, name in enumerate(names, 1)}
    return known | {folded(name): n for raw in _RAW.values() for name, n in raw.get("also", {}).items()}


_MONTH = _month_numbers()
_LATE = frozenset(folded(m) for name, raw in _RAW.items() if "years" in raw for m in (*MONTHS[name], *SHORT[name]))
LATE_YEARS = max(int(raw.get("years", 0)) for raw in _RAW.values())
DATE_WORDS = frozenset(folded(w) for words in _listed("words").values() for w in words)


def month_of(name: str) -> int:
    """Number of a month, 1 to 12; 0 of a name that is none.

    >>> [month_of(name) for name in ("марта", "ΜΑΡΤΊΟΥ", "Jänner", "มีนาคม", "Ogos", "Thursday")]
    [3, 3, 1, 3, 8, 0]
    """
    return _MONTH.get(folded(name).replace(".", ""), 0)


def counts_late(month: str) -> bool:
    """Whether years beside a month's name are of a calendar that runs `LATE_YEARS` ahead."""
    return folded(month) in _LATE


def month_names() -> tuple[str, ...]:
    """All names and short forms of months, folded."""
    return tuple(_MONTH)


def number_words() -> dict[str, tuple[dict[str, int], bool]]:
    """By language: words of numbers and their values, -1 of those that only join; and whether they stand joined."""
    return {name: (_pairs(raw["numbers"]), bool(raw.get("joined"))) for name, raw in _RAW.items() if "numbers" in raw}


def _pairs(text: str) -> dict[str, int]:
    found = re.findall(r"(\S+) (\d+|\+)", text)
    return {folded(word): -1 if value == "+" else int(value) for word, value in found}


def _days() -> dict[str, int]:
    known = {folded(w): n for words in _listed("ordinals").values() for n, w in enumerate(words, 1)}
    first = _listed("ordinals")["en"][:9]
    known |= {
        w: n
        for values, joined in number_words().values()
        if not joined
        for w, n in values.items()
        if 1 < n < 32 and not month_of(w)
    }
    known |= {f"twenty {w}": 20 + n for n, w in enumerate(first, 1)} | {"thirtieth": 30, "thirty first": 31}
    return known


DAYS = _days()  # "twenty first" is 21
