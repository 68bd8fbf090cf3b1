"""What a value that is given as text could be: a date, a number, or words of which case and punctuation tell little."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from service.grounding.spans import dates
from service.notation.values import parse_date, parse_number

ZEROS = re.compile(r"0\d")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$")
_ALIKE = str.maketrans(
    dict.fromkeys("‐‑‒–—―−﹣－", "-") | dict.fromkeys("‘’‚‛ʼ´`′", "'") | dict.fromkeys("“”„‟«»″", '"')
)


def plain(text: str) -> str:
    """Case, kinds of space, dash and quote aside."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold().split())


def days_of(text: str) -> Iterator[frozenset[date]]:
    """The readings of a text that is one date and nothing more, or one in ISO form and a time."""
    iso = _ISO_DATE.match(text)
    if iso:
        day = parse_date(iso[1])
        yield from [frozenset({day})] if day else []
        return
    for (start, end), readings in dates(text):
        if start == 0 and end == len(text):
            yield readings


def figures_in(text: str) -> list[str]:
    """The runs of figures of a text, of any script."""
    return re.findall(r"\d+", unicodedata.normalize("NFKC", text))


def plain_number(text: str) -> Decimal | None:
    """The number that a text is and nothing more: "007" is a name."""
    if ZEROS.match(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return parse_number(text)
