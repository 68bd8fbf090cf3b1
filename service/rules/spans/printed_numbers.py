"""Find printed amounts, counts and percentages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from thresher.schemas.numbers import Number
from thresher.schemas.target import Field
from thresher.service.formats import amounts
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_dates import places_of_dates
from thresher.service.rules.spans.span import Span

_SIGN = r"(?:RM|R\$|US\$|CA\$|A\$|\$|€|£|¥|₹|CHF|EUR|USD|GBP|PLN|SEK|NOK|DKK|MYR|SGD|CAD|AUD|zł|kr|Fr\.?|Rs\.?)"
_DIGITS = r"(?:\d{1,3}(?:[.,'’]\d{3})+(?!\d)|\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,12}(?=[.,]\d{2}\b)|\d+)?(?:[.,]\d{1,4})?"
_NUMBER = re.compile(
    rf"(?<![\d.,/:\-+*])(?<![A-Za-z]-)(?P<before>{_SIGN}\.?\s?)?(?P<minus>[-−(]\s?)?(?P<inner>{_SIGN}\s?)?(?P<digits>(?=[\d.,]){_DIGITS})"
    rf"(?P<percent>\s?%)?(?P<after>\s?(?:{_SIGN})(?![A-Za-z]))?(?P<late>-(?=\s|$))?(?![\d:/]|[.,-]\d)",
)
ZERO = Decimal(0)
CENT_TOLERANCE = Decimal("0.011")  # tolerance of an amount for rounding
_MINUS_BEFORE = re.compile(rf"[-−(]\s?(?:{_SIGN}\s?)?\Z")
_MINUS_AFTER = re.compile(r"\s?\)|-(?=\s|$)")
SIGN_CHARS = 8  # code points before a number that may hold its minus and its currency
_LETTER = re.compile(r"[A-Za-z]")
_CENTS = re.compile(r"\d([.,])\d{2}(?![\d.,])")


@lru_cache(maxsize=32)
def decimal_mark(text: str) -> str:
    """Return the decimal mark of a text, by its amounts with two decimals; "." if they do not decide."""
    marks = [m[1] for m in _CENTS.finditer(text)]
    return "," if marks.count(",") > marks.count(".") else "."


def parse_number(text: str, mark: str = ".") -> Decimal | None:
    """Return the exact number of digits with separators; `mark` decides for one separator before three digits.

    >>> [str(parse_number(t)) for t in ("1.007,50", "1,007.50", "1.500", "RM 12")], str(parse_number("1.500", ","))
    (['1007.50', '1007.50', '1.500', '12'], '1500')
    """
    return amounts.parse_number(re.sub(r"[^\d.,]", "", text), point="," if mark == "," else ".")


def is_near(amounts: Sequence[Decimal], amount: Decimal) -> bool:
    """Whether one of some sorted amounts is equal to another, but for rounding."""
    i = bisect_right(amounts, amount - CENT_TOLERANCE)
    return i < len(amounts) and amounts[i] < amount + CENT_TOLERANCE


def amount_of(span: Span) -> Decimal:
    """Return the number that a span was parsed as; 0 for other spans."""
    found: Decimal = span.hints.get("number", ZERO)
    return found


def find_numbers(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield numbers outside dates, words and codes.

    Hints: money (two decimals or a currency sign), cents (two decimals), percent, number (signed).
    """
    if ("numbers", field.kind) not in layout.memory:
        layout.memory["numbers", field.kind] = tuple(_numbers(layout, field))
    yield from layout.memory["numbers", field.kind]


def _numbers(layout: Layout, field: Field) -> Iterator[Span]:
    text, mark = layout.text, decimal_mark(layout.text)
    dates = places_of_dates(layout)
    for m in _NUMBER.finditer(text, layout.start, layout.end):
        start = m.start("digits")
        if not m["digits"].strip(".,") or dates.overlaps(start, start + 1) or _in_word(text, m):
            continue
        value = parse_number(m["digits"], mark)
        if value is not None:
            yield _number(field, m, value)


def _in_word(text: str, m: re.Match[str]) -> bool:
    before = text[m.start() - 1 : m.start()]
    after = text[m.end() : m.end() + 4]
    cents = re.search(r"[.,]\d\d$", m["digits"]) is not None
    glued = bool(_LETTER.match(after)) and not cents
    return (before.isalnum() and not (m["before"] or cents)) or glued or before == "_" or after[:1] == "_"


def _number(field: Field, m: re.Match[str], value: Decimal) -> Span:
    start, end = m.span("digits")
    negative = bool(m["minus"] or m["late"])
    signed = -value if negative else value
    cents = re.search(r"[.,]\d\d$", m["digits"]) is not None
    hints = {
        "money": cents or bool(m["before"] or m["inner"] or m["after"]),
        "cents": cents,
        "percent": bool(m["percent"]),
        "number": signed,
    }
    return Span(start=start, end=end, text=m["digits"], value=number_value(field, signed, m["digits"]), hints=hints)


def number_value(field: Field, number: Decimal, text: str) -> Any:
    """Return a number in the field's kind: an integer if whole, the printed digits for a text field."""
    if field.kind == "integer":
        return int(number) if number == int(number) else None
    if field.kind == "number":
        return (
            int(number)
            if number == int(number) and "." not in text and "," not in text
            else _without_trailing_zeros(number)
        )
    return f"-{text}" if number < 0 else text


def signed_range(text: str, span: Span) -> tuple[int, int]:
    """Return the range of a span, with what is printed to make its number negative: a minus on either side, parentheses.

    >>> signed_range("Paid -50,00", Span(start=6, end=11, text="50,00", value=Number("-50.0")))
    (5, 11)
    """
    if not str(span.value).startswith("-") or span.text.startswith("-"):
        return span.start, span.end
    before = _MINUS_BEFORE.search(text, max(span.start - SIGN_CHARS, 0), span.start)
    after = _MINUS_AFTER.match(text, span.end)
    return before.start() if before else span.start, after.end() if after else span.end


def _without_trailing_zeros(number: Decimal) -> Number:
    """Return a number without trailing zeros, so that 12.5 and 12.50 are the same value."""
    whole, point, part = format(number, "f").partition(".")
    return Number(f"{whole}{point}{part.rstrip('0') or '0'}" if point else whole)


def without_minus(value: Any) -> Any:
    """Return a value without its minus sign.

    >>> without_minus(-3), without_minus(Number("-1.50")), without_minus("- 12.00")
    (3, 1.50, '12.00')
    """
    if isinstance(value, Number):
        return Number(value.text.lstrip("-"))
    return abs(value) if isinstance(value, int) else str(value).lstrip("-− ")
