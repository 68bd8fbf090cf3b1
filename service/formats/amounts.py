"""Parse numbers and money as documents write them, and list the common ways to write them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Literal

from thresher.service.formats.languages import SCALES

DecimalMark = Literal[".", ","]

CURRENCY_SYMBOLS = {
    "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₪": "ILS", "₴": "UAH",
    "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "US$": "USD", "C$": "CAD",
    "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "Fr.": "CHF",
    "SFr.": "CHF", "RM": "MYR", "Rs.": "INR", "Rs": "INR", "Rp": "IDR",
}  # fmt: skip
SHARED_CURRENCY_SYMBOLS = {"$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN"), "kr": ("SEK", "NOK", "DKK", "ISK")}
CURRENCY_CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BHD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KES",
        "KRW",
        "KWD",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
NAMES = {
    "EUR": ("Euro", "euros"), "USD": ("US dollars", "U.S. dollars", "United States dollars", "dollars"),
    "GBP": ("pounds sterling", "pounds"), "CHF": ("Swiss francs", "Schweizer Franken", "Franken"), "JPY": ("yen",),
}  # fmt: skip
_CURRENCY_MARKS = sorted(
    [*CURRENCY_SYMBOLS, *SHARED_CURRENCY_SYMBOLS, *CURRENCY_CODES, "Euro", "euros", "euro"], key=len, reverse=True
)
_CURRENCY_MARK = "|".join(re.escape(m) + (r"(?![A-Za-z])" if m[-1].isalpha() else "") for m in _CURRENCY_MARKS)
_LEADING_MARK = re.compile(rf"^(?:{_CURRENCY_MARK})\s*")
_TRAILING_MARK = re.compile(rf"(?<!\s)\s*(?:{'|'.join(re.escape(m) for m in _CURRENCY_MARKS)}|%)$")
_SCALE = re.compile(rf"(?<!\s)\s*({'|'.join(sorted(SCALES, key=len, reverse=True))})\.?$", re.IGNORECASE)
_BARE_SCALE = re.compile(r"(?<=\d)M$")  # a small m is more often metres
_CREDIT_OR_DEBIT = re.compile(r"(?<=[\d.,)])\s?(?:(cr)|dr)\.?$", re.IGNORECASE)  # "CR" or "DR"
_FRACTION = re.compile(r"(\d{1,3})?\s?([¼½¾⅕⅖⅗⅘⅛⅜⅝⅞])|(\d{1,3}) ([1-9])/(2|4|5|8|16)")
_MINUS = str.maketrans(dict.fromkeys("−‐‑‒–—﹣－", "-") | dict.fromkeys("’‘ʼ´`", "'"))
_MAX_DIGITS = 40
_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,2})?")  # what most numbers look like, and nothing but a number


def parse_number(text: str, *, point: DecimalMark | None = None, whole: bool = False) -> Decimal | None:
    """Return the number that a text writes, or None where it writes none or more than one.

    Reads currency marks, a percent sign (19 % is 19), brackets, a trailing minus or DR for
    negatives, halves and quarters, and scale words.
    Points and commas: the last of two kinds is the decimal point; a repeated one groups thousands; a single one
    before exactly three digits is ambiguous and goes by `point` (the document's decimal point), else by `whole` (the
    field takes whole numbers, so it groups), else as in English: a comma groups, a point is decimal.

    >>> [str(parse_number(t)) for t in ("1,204.50", "EUR 1.204,50", "1 204,50 €", "(CHF 1'204.50)", "1,204", "1.204")]
    ['1204.50', '1204.50', '1204.50', '-1204.50', '1204', '1.204']
    >>> parse_number("1.204", point=","), parse_number("1.204", whole=True), parse_number("12.03.2024")
    (Decimal('1204'), Decimal('1204'), None)
    """
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    fraction = _fraction(text.strip())
    if fraction is not None:
        return fraction
    tidy = _normalised(text)
    side = _CREDIT_OR_DEBIT.search(tidy)
    body, sign = _unsigned(_unmarked(tidy[: side.start()] if side else tidy))
    body, scale = _unscaled(body, has_mark=body != tidy)
    digits = _plain_digits(body, point, whole=whole)
    if digits is None or len(digits) > _MAX_DIGITS:
        return None
    return (-sign if side and not side[1] else sign) * Decimal(digits) * Decimal(10) ** scale


def _fraction(text: str) -> Decimal | None:
    """Parse a whole number with a fraction that is finite in decimals: 3½, 1 1/2."""
    found = _FRACTION.fullmatch(text)
    if not found:
        return None
    if found[2]:
        return int(found[1] or 0) + Decimal(str(unicodedata.numeric(found[2])))
    return int(found[3]) + Decimal(found[4]) / Decimal(found[5])


def parse_currency(text: str) -> str | None:
    """Return the ISO 4217 code of a currency mark or name; None where it could be several ("$", "kr") or none.

    >>> [parse_currency(t) for t in ("€", "eur", "US$", "Euro", "$", "cash")]
    ['EUR', 'EUR', 'USD', 'EUR', None, None]
    """
    mark = text.strip()
    if mark.upper() in CURRENCY_CODES:
        return mark.upper()
    named = {name.casefold(): code for code, names in NAMES.items() for name in names}
    return CURRENCY_SYMBOLS.get(mark) or named.get(mark.casefold())


def currency_variants(code: str) -> tuple[str, ...]:
    """List the ways to write a currency, its code first.

    >>> currency_variants("EUR")
    ('EUR', '€', 'Euro', 'euros')
    """
    symbols = [s for s, c in CURRENCY_SYMBOLS.items() if c == code]
    shared = [s for s, codes in SHARED_CURRENCY_SYMBOLS.items() if code in codes]
    return (code, *symbols, *shared, *NAMES.get(code, ()))


def number_variants(value: float | Decimal) -> tuple[str, ...]:
    """List the ways to write a number, the likeliest first, without currency marks.

    >>> number_variants(1204.5)[:6]
    ('1204.5', '1204.50', '1,204.5', '1,204.50', '1204,5', '1204,50')
    >>> number_variants(-3)[:5]
    ('-3', '-3.00', '-3.0', '-3,00', '-3,0')
    """
    number = Decimal(str(value))
    if not number.is_finite():
        return ()
    sizes = list(dict.fromkeys(_unsigned_variants(abs(number))))
    if number >= 0:
        return tuple(sizes)
    signed = [f"-{s}" for s in sizes] + [f"\N{MINUS SIGN}{s}" for s in sizes]  # grounding must see both
    return tuple(signed + [f"({s})" for s in sizes] + [f"{s}-" for s in sizes if s[-1].isdigit()])


def _unsigned_variants(number: Decimal) -> list[str]:
    plain = f"{number.normalize():f}"
    head, _, tail = plain.partition(".")
    tails = [tail, *([tail + "0"] if len(tail) == 1 else []), *(["00", "0"] if not tail else [])]
    found = [_with_decimals(head, t, p) for p in ".," for t in tails]
    grouped = [
        (f"{int(head):,}".replace(",", g), p) for g, p in ((",", "."), (".", ","), (" ", ","), ("'", "."), (" ", "."))
    ]
    if len(head) > 5:
        grouped.append((_grouped_in_lakhs(head), "."))
    if len(head) > 3:
        found[2:2] = [_with_decimals(h, t, p) for h, p in grouped[:1] for t in tails]
        found += [_with_decimals(h, t, p) for h, p in grouped[1:] for t in tails]
    if head == "0" and tail:
        found += [f".{t}" for t in tails if t]
    return [*found, *([f"{head},-", f"{head},--", f"{head}.-"] if not tail else [])]


def _with_decimals(head: str, tail: str, point: str) -> str:
    return f"{head}{point}{tail}" if tail else head


def _grouped_in_lakhs(head: str) -> str:
    front, groups = head[:-3], [head[-3:]]
    while front:
        front, groups = front[:-2], [front[-2:], *groups]
    return ",".join(groups)


def _normalised(text: str) -> str:
    folded = text.translate(_MINUS)
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded).translate(_MINUS)
        folded = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)
    return re.sub(r"\s+", " ", folded).strip()


def _unmarked(text: str) -> str:
    """Remove currency marks and the percent sign, also inside a bracket or after a sign."""
    body = text.lstrip("-+( ")
    front = text[: len(text) - len(body)].strip()
    inner, bracket = body.removesuffix(")"), body[len(body.removesuffix(")")) :]
    inner = _TRAILING_MARK.sub("", _LEADING_MARK.sub("", inner.strip()))
    return front + re.sub(r"[.,]-{1,2}$", "", inner.strip()) + bracket


def _unsigned(text: str) -> tuple[str, int]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), -1
    if text.startswith(("-", "+")):
        return text[1:].strip(), -1 if text[0] == "-" else 1
    if text.endswith("-"):
        return text[:-1].strip(), -1
    return text, 1


def _unscaled(text: str, *, has_mark: bool) -> tuple[str, int]:
    """Split a number from its scale, a power of ten; "1.2m" is scaled only next to a currency mark."""
    found = _SCALE.search(text)
    if found and found.start():
        return text[: found.start()], SCALES[found[1].lower()]
    bare = _BARE_SCALE.search(text) or (re.search(r"(?<=\d)m$", text) if has_mark else None)
    return (text[: bare.start()], 6) if bare else (text, 0)


def _plain_digits(body: str, point: DecimalMark | None, *, whole: bool) -> str | None:
    """Return the digits with at most one decimal point, or None where the marks form no number."""
    if re.fullmatch(r"\d+(\.\d+)?[eE][+-]?\d{1,3}", body):
        return f"{Decimal(body):f}"
    if not re.fullmatch(r"\d*(?:[.,' ]\d+)*", body) or not body:
        return None
    mark = _decimal_mark(body, point, whole=whole)
    head, _, tail = body.rpartition(mark) if mark else (body, "", "")
    digits = _ungrouped(head)
    if digits is None:
        return None
    return f"{digits}.{tail}" if tail else digits


def _decimal_mark(body: str, point: DecimalMark | None, *, whole: bool) -> str:
    """Return the decimal mark, or "" where there is none."""
    marks = re.findall(r"[.,' ]", body)
    last = marks[-1] if marks else ""
    if last not in {".", ","} or marks.count(last) > 1:
        return ""
    head, _, tail = body.rpartition(last)
    if len(set(marks)) > 1 or len(tail) != 3 or not re.fullmatch(r"[1-9]\d{0,2}", head):
        return last
    if point:
        return last if last == point else ""
    return "" if whole or last == "," else last


def _ungrouped(head: str) -> str | None:
    """Return the digits of an integer part, or None where its groups are not of three digits (or lakhs)."""
    if not head or head.isdigit():
        return head or "0"
    thousands = re.fullmatch(r"\d{1,3}(?P<mark>[.,' ])\d{3}(?:(?P=mark)\d{3})*", head)
    lakhs = re.fullmatch(r"\d{1,2}(?:,\d{2})+,\d{3}", head)
    return re.sub(r"\D", "", head) if thousands or lakhs else None
