"""Find identifiers (invoice numbers, tax ids, IBAN, BIC), mail addresses, web addresses and telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from thresher.schemas.target import Field
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_dates import places_of_dates
from thresher.service.rules.spans.span import Span

ACCOUNT_MIN_CHARS = 5  # letters, digits and masks of an account number
_CODE = re.compile(
    r"(?<![\w/.@-])(?=[A-Za-z0-9])(?=[A-Za-z0-9/_.\-()]{0,200}\d)[A-Za-z0-9](?:[A-Za-z0-9/_.\-]*[A-Za-z0-9])?(?![\w@])"
)
_GROUPS = re.compile(r"(?<![\w.,])(?:[A-Z]{2}\s?)?\d{2,4}(?:\s\d{2,4}){1,5}(?![\w,])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9*]{2,4}){3,8}\b|\b[A-Z]{2}\d{8,32}\b")
_BIC = re.compile(r"\b[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b")
_ACCOUNT = re.compile(r"(?<![\w.,/-])[\dXx*•](?:[ -]?[\dXx*•]){4,22}(?![\w,/]|[.]\d)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")  # RFC 5321: 64 before the sign
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>()\"']+[^\s<>()\"'.,;:]|\b[a-z0-9-]{3,63}\.(?:com|org|net|de|fr|nl|es|it|eu|co\.uk|my)\b(?!@)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.,/])(?:\+|00)?\(?\d{1,5}\)?(?:[\s./-]{0,3}\(?\d{2,5}\)?){1,5}(?![\w,/]|[.]\d)")
_SURE_PHONE = re.compile(
    r"\+\d|\(\d{3}\)[\s-]?\d{3}-?\d{4}$|\(\d{3}\)-\d{3}-\d{4}$|\d{3}-\d{3}-\d{4}$|1-\d{3}-\d{3}-\d{4}$"
)
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)$", re.IGNORECASE)
_PO_BOX = re.compile(r"\b(?:p\.?\s?o\.?\s?box|postfach|bo[iî]te\s+postale|apartado)\s*:?\s*$", re.IGNORECASE)
_MONEY = re.compile(r"\d+[.,]\d{2}$")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?:am|pm)?$", re.IGNORECASE)


def _spans(pattern: re.Pattern[str], layout: Layout) -> Iterator[Span]:
    for m in pattern.finditer(layout.text, layout.start, layout.end):
        if "\n" not in m[0]:
            yield Span(start=m.start(), end=m.end(), text=m[0], value=" ".join(m[0].split()))


def find_codes(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield codes with a digit that are no date, amount, time or mail address; hints: digits."""
    del field
    if "codes" not in layout.memory:
        layout.memory["codes"] = tuple(_codes(layout))
    yield from layout.memory["codes"]


def _codes(layout: Layout) -> Iterator[Span]:
    text = layout.text
    dates = places_of_dates(layout)
    for span in [*_spans(_CODE, layout), *_spans(_GROUPS, layout)]:
        digits = sum(c.isdigit() for c in span.text)
        if _ORDINAL.match(span.text) or _PO_BOX.search(text, max(span.start - 14, 0), span.start):
            continue
        in_date = dates.overlaps(span.start, span.start + 1) or dates.overlaps(span.end - 1, span.end)
        if in_date or _MONEY.match(span.text) or _CLOCK.match(span.text):
            continue
        yield Span(start=span.start, end=span.end, text=span.text, value=span.value, hints={"digits": digits})


def find_ibans(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield international bank account numbers, valid or not, also partly masked by "*"."""
    del field
    yield from _spans(_IBAN, layout)


def valid_iban(text: str) -> bool:
    """Whether the check digits of an IBAN are right (ISO 7064, mod 97-10).

    >>> valid_iban("DE89 3704 0044 0532 0130 00"), valid_iban("DE123456789")
    (True, False)
    """
    bare = "".join(text.split()).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", bare):
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def find_accounts(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield account numbers: IBANs and long numbers, also masked ones."""
    del field
    ibans = [span for span in _spans(_IBAN, layout) if _is_long(span)]
    yield from ibans
    taken = RangeIndex((span.start, span.end) for span in ibans)
    yield from (s for s in _spans(_ACCOUNT, layout) if _is_long(s) and not taken.overlaps(s.start, s.end))


def _is_long(span: Span) -> bool:
    return sum(c.isalnum() or c == "*" for c in span.text) >= ACCOUNT_MIN_CHARS


def find_bics(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield bank identifier codes: eight or eleven capitals and digits."""
    del field
    yield from _spans(_BIC, layout)


def find_emails(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield mail addresses."""
    del field
    yield from _spans(_EMAIL, layout)


def find_urls(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield web addresses; for a field of kind uri only those with a scheme, as its schema requires."""
    for span in _spans(_URL, layout):
        if field.kind != "uri" or "://" in span.text:
            yield span


def find_phones(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield telephone numbers of 7 to 15 digits, in groups or one run; hints: sure (an unmistakable form)."""
    del field
    for span in _spans(_PHONE, layout):
        if 7 <= sum(c.isdigit() for c in span.text) <= 15:
            yield replace(span, hints={"sure": bool(_SURE_PHONE.match(span.text))})
