"""Interpret a value that is given as text: a date, a number, or words compared without case and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from thresher.service.formats.displayed_values import parse_date, parse_number
from thresher.service.grounding.date_spans import dates, months
from thresher.service.grounding.normalised_text import is_spaced, without_raised_figures

NUMBER_MAX_DIGITS = 1_000  # before or behind the point: with "1e9999999" nothing can be computed
ZEROS = re.compile(r"0\d")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$")
_SET_APART = re.compile(r"(?<![^\W\d_])[^\W\d_](?: [^\W\d_]){2,}(?![^\W\d_])")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_ISO_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])$")
_ALIKE = str.maketrans(
    dict.fromkeys("\u00ad\u200b\u2060\ufeff")
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | dict.fromkeys("‘’‚‛ʼ´`′", "'")
    | dict.fromkeys("“”„‟«»″", '"')
)


def comparable(text: str) -> str:
    """Return the text in lower case, with uniform spaces, dashes and quotes, without raised figures (notes)."""
    return " ".join(unicodedata.normalize("NFKC", without_raised_figures(text).translate(_ALIKE)).casefold().split())


def comparable_unspaced(text: str) -> str:
    """Return the plain text without blanks within words.

    These are blanks between letters of scripts without spaces, and in words printed with spaced letters.

    >>> comparable_unspaced("万　年　筆"), comparable_unspaced("T O T A L due"), comparable_unspaced("a b")
    ('万年筆', 'total due', 'a b')
    """
    joined = re.sub(r"(?<=\w) (?=\w)", lambda m: _gap(m.string, m.start()), comparable(text))
    return _SET_APART.sub(lambda m: m[0].replace(" ", ""), joined)


def _gap(text: str, at: int) -> str:
    sides = text[at - 1], text[at + 1]
    return " " if any(is_spaced(c) or c.isdecimal() for c in sides) else ""


def days_of(text: str) -> Iterator[frozenset[date]]:
    """Yield the readings of a text that is only a date, or a date in ISO form with a time."""
    iso = _ISO_DATE.match(text)
    if iso:
        day = parse_date(iso[1])
        yield from [frozenset({day})] if day else []
        return
    for (start, end), readings in dates(text):
        if start == 0 and end == len(text):
            yield readings


def moment_of(text: str) -> datetime | None:
    """Return the day and time of a text in ISO form; None where it is anything else, or midnight, which may stand for no time."""
    if not _ISO_DATE.match(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.time() != time() else None


def clock_of(text: str) -> time | None:
    """Return the time of a text that is only a time of day on 24 hours, as answers write it; else None."""
    return time.fromisoformat(text) if _CLOCK.fullmatch(text) else None


def months_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (year, month) of a text that is only a month."""
    iso = _ISO_MONTH.match(text)
    if iso:
        yield int(iso[1]), int(iso[2])
        return
    yield from (month for (start, end), month in months(text) if start == 0 and end == len(text))


def figures_in(text: str) -> list[str]:
    """Return the runs of figures of a text, in any script."""
    return re.findall(r"\d+", unicodedata.normalize("NFKC", without_raised_figures(text)))


def plain_number(text: str) -> Decimal | None:
    """Return the number that a text is; None where it is anything else. "007" is a name."""
    if ZEROS.match(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return parse_number(text)
    return number if abs(number.adjusted()) < NUMBER_MAX_DIGITS else None
