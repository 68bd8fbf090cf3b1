"""Parse displayed values, list the ways to display a value, and normalise texts for comparison.

Pure functions for all stages: `extract` coerces answers with them, `ground` searches for values with them. Re-exports
numbers from `thresher.service.formats.amounts`, and dates and times from `thresher.service.formats.dates`.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from thresher.schemas.target import Kind
from thresher.service.formats.amounts import (
    CURRENCY_CODES,
    currency_variants,
    number_variants,
    parse_currency,
    parse_number,
)
from thresher.service.formats.date_styles import date_variants, datetime_variants, time_variants
from thresher.service.formats.dates import DateOrder, parse_date, parse_datetime, parse_time

__all__ = [
    "NormalisedText",
    "display_variants",
    "normal_text",
    "normalised",
    "parse_bool",
    "parse_currency",
    "parse_date",
    "parse_datetime",
    "parse_number",
    "parse_time",
]

YES = [
    "true",
    "yes",
    "y",
    "ja",
    "j",
    "oui",
    "o",
    "si",
    "sí",
    "sì",
    "sim",
    "vero",
    "waar",
    "x",
    "✓",
    "✔",
    "☑",
    "☒",
    "1",
    "on",
    "checked",
]
NO = [
    "false",
    "no",
    "n",
    "nein",
    "non",
    "nee",
    "não",
    "falso",
    "faux",
    "onwaar",
    "falsch",
    "☐",
    "0",
    "off",
    "unchecked",
]
_SAME_CHARACTERS = str.maketrans(
    dict.fromkeys("‐‑‒–—―−﹣－", "-") | dict.fromkeys("‘’‚‛ʼ´`′", "'") | dict.fromkeys("“”„‟«»″", '"')
)
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A text in comparable form, with the source offset of each character."""

    text: str
    starts: array[int]  # start of each character of `text` in the source text
    ends: array[int]  # end of each one in the source text

    def span(self, start: int, end: int) -> tuple[int, int]:
        r"""Return the source range of the non-empty range `[start, end)` of the normal text.

        >>> n = normalised("The  Agree-\nment")
        >>> n.text, n.span(4, 13)
        ('the agreement', (5, 16))
        """
        return self.starts[start], self.ends[end - 1]


def normalised(text: str) -> NormalisedText:
    r"""Normalise case, spaces, dashes, quotes, full-width forms and line-break hyphens.

    A hyphen before a line break is removed where a lower-case letter follows, so that "non-\ncompete" and
    "agree-\nment" both read as one word; compare both with and without inner hyphens where that matters.
    """
    pieces: list[str] = []
    starts, ends = array("Q"), array("Q")
    skip = _line_break_hyphens(text)
    for i, char in enumerate(text):
        if i in skip or char in _INVISIBLE:
            continue
        whole = _composed(pieces, char)
        if whole:
            pieces[-1], ends[-1] = whole, i + 1
            continue
        piece = _folded(char)
        if piece == " " and (not pieces or pieces[-1] == " "):
            continue
        pieces.extend(piece)
        starts.extend([i] * len(piece))
        ends.extend([i + 1] * len(piece))
    if pieces and pieces[-1] == " ":
        del pieces[-1], starts[-1], ends[-1]
    return NormalisedText("".join(pieces), starts, ends)


def normal_text(text: str) -> str:
    r"""Return the text of `normalised`: equal for two texts that a reader would call the same.

    >>> normal_text("  Müller\u00a0& Söhne \u2013\nFull\uff12 Agree-\nment") == "müller & söhne - full2 agreement"
    True
    """
    return normalised(text).text


def _line_break_hyphens(text: str) -> frozenset[int]:
    """Return offsets of line-break hyphens and the white space after them."""
    breaks = re.finditer(r"(?<=[^\W\d_])[-\u2010\u00ad][ \t]*\r?\n\s*(?=[^\W\d_])", text)
    return frozenset(i for m in breaks if text[m.end()].islower() for i in range(*m.span()))


def _composed(pieces: list[str], char: str) -> str | None:
    """Compose the last piece and a combining mark into one character; None where that is impossible."""
    if char.isascii() or not pieces or not unicodedata.combining(char):
        return None
    whole = unicodedata.normalize("NFC", pieces[-1] + char)
    return whole if len(whole) == 1 else None


def _folded(char: str) -> str:
    if char.isspace():
        return " "
    if char.isascii():
        return char.lower() if char != "`" else "'"
    return unicodedata.normalize("NFKC", char.translate(_SAME_CHARACTERS)).translate(_SAME_CHARACTERS).casefold()


def parse_bool(text: str) -> bool | None:
    """Return whether a text means yes or no, or a ticked or empty box; None for anything else.

    Knows en, de, fr, es, it, nl and pt.

    >>> parse_bool("Ja"), parse_bool("No."), parse_bool("☒"), parse_bool("maybe")
    (True, False, True, None)
    """
    word = text.strip().strip(".!").strip("[]() ").casefold()
    if word in YES:
        return True
    return False if word in NO else None


def display_variants(value: Any, kind: Kind = "text", order: DateOrder | None = None) -> tuple[str, ...]:
    """List the ways in which a document may write a value of a target's kind, the likeliest first, without repeats.

    `value` is in JSON form (dates as ISO text). Compare through `normal_text`: it covers case, spaces,
    dashes, quotes and line-break hyphens. `order` limits dates in figures to the document's habit.

    >>> display_variants("2024-03-03", "date")[:3], display_variants(1204.5, "number")[3]
    (('2024-03-03', 'March 3, 2024', 'Mar 3, 2024'), '1,204.50')
    >>> display_variants("EUR"), display_variants("https://www.example.com/", "uri")
    (('EUR', '€', 'Euro', 'euros'), ('https://www.example.com/', 'https://www.example.com', 'www.example.com/', 'www.example.com', 'example.com'))
    """
    if value is None or isinstance(value, (dict, list)):
        return ()
    if isinstance(value, bool):
        return tuple(YES if value else NO)
    if isinstance(value, (int, float, Decimal)):
        return number_variants(value)
    return tuple(dict.fromkeys([str(value), *_text_variants(str(value), kind, order)]))


def _text_variants(text: str, kind: Kind, order: DateOrder | None) -> tuple[str, ...]:
    if kind in {"date", "datetime", "time"}:
        return _clock_variants(text, kind, order)
    if kind in {"number", "integer"}:
        number = parse_number(text, point=".")
        return number_variants(number) if number is not None else ()
    if kind == "uri":
        return _uri_variants(text)
    return currency_variants(text) if text in CURRENCY_CODES else ()


def _clock_variants(text: str, kind: Kind, order: DateOrder | None) -> tuple[str, ...]:
    try:
        if kind == "date":
            return date_variants(date.fromisoformat(text), order)
        if kind == "time":
            return time_variants(time.fromisoformat(text))
        return datetime_variants(datetime.fromisoformat(text), order)
    except ValueError:
        return ()


def _uri_variants(text: str) -> tuple[str, ...]:
    bare = re.sub(r"^[a-z][a-z0-9+.-]*:(//)?", "", text, flags=re.IGNORECASE)
    return (text, text.rstrip("/"), bare, bare.rstrip("/"), bare.rstrip("/").removeprefix("www."))
