"""Find personal data in a text: what FRCP 5.2 names (social security and tax numbers, birth dates, accounts), and more.

A number counts only where it proves itself by its check digit or its form, or where a label stands before it; so a
part number is not taken for a card. Names of minors, which FRCP 5.2 names too, cannot be found by form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

from thresher.schemas.choices import PersonalKind

KINDS: tuple[PersonalKind, ...] = get_args(PersonalKind)
COURT_KINDS: frozenset[PersonalKind] = frozenset(
    ("ssn", "tax_id", "birth_date", "account_number", "card_number", "iban")
)
"""What a filing may show only in part (FRCP 5.2), as far as it can be found by form."""
SHOWN_CHARS = 4  # of a value in a report: the last ones, as FRCP 5.2(a) allows of numbers


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """One find: `[start, end)` in the text."""

    kind: PersonalKind
    start: int
    end: int
    value: str

    @property
    def masked(self) -> str:
        """Return the value with all but its last characters hidden.

        >>> PersonalDatum("ssn", 0, 11, "078-05-1120").masked
        '***-**-1120'
        """
        hidden = len(self.value) - min(SHOWN_CHARS, len(self.value) // 2)
        return re.sub(r"\w", "*", self.value[:hidden]) + self.value[hidden:]


_LABEL_GAP = r"\s{0,3}(?:no\.?|num(?:ber)?|nr\.?|#|is)?\s{0,3}[:#.=]?\s{0,3}"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d{2}|(?:19|20)\d{2}-\d{2}-\d{2}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? (?:19|20)\d{{2}})"
)
_SSN = r"(?!000|666|9\d\d)\d{3}(?P<gap>[- ])(?!00)\d{2}(?P=gap)(?!0000)\d{4}"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1).

    >>> is_luhn("4111111111111111"), is_luhn("4111111111111112")
    (True, False)
    """
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether a text has the length of its country and the check digits of an IBAN (ISO 13616).

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    plain = re.sub(r"[ -]", "", text).upper()
    if len(plain) != _IBAN_CHARS.get(plain[:2], 0):
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


_IBAN_CHARS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26,
    "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25,
    "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip


def _card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    known = re.match(r"4|5[1-5]|2[2-7]|3[47]|3(?:0[0-5]|[68])|6(?:011|5|4[4-9])|35", digits)
    return known is not None and len(set(digits)) > 1 and is_luhn(digits)


def _phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 10 <= len(digits) <= 15 and len(set(digits)) > 2


def _any(_: str) -> bool:
    return True


_FINDERS: tuple[tuple[PersonalKind, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", _pattern(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])"), _any),
    ("iban", _pattern(r"(?<!\w)([a-z]{2}\d{2}(?:[ -]?[a-z0-9]{2,4}){3,8})(?!\w)"), is_iban),
    ("card_number", _pattern(r"(?<![\w.-])(\d{4}([ -]?)\d{4}\2\d{4}\2\d{1,7}|3\d{3}([ -]?)\d{6}\3\d{4,5})(?![\w-])"), _card),
    ("ssn", _pattern(rf"(?<![\w-])(?P<value>{_SSN})(?![\w-])"), _any),
    ("ssn", _pattern(rf"\b(?:ssn|social security){_LABEL_GAP}(?P<value>(?!000|666|9)\d{{9}})(?!\d)"), _any),
    ("tax_id", _pattern(r"(?<![\w-])(?P<value>9\d{2}-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4})(?![\w-])"), _any),
    ("tax_id", _pattern(rf"\b(?:ein|fein|itin|t\.?i\.?n\.?|tax ?(?:payer)? ?(?:id|ident\w*)|employer id\w*)(?: ident\w*)?"
                        rf"{_LABEL_GAP}(?P<value>\d{{2}}-\d{{7}}|\d{{9}}|\d{{2,3}}[ /]\d{{3}}[ /]\d{{3,5}})(?![\w-])"), _any),
    ("birth_date", _pattern(rf"\b(?:d\.?o\.?b\.?|birth ?dates?|dates? of birth|born(?: on)?|birthday){_LABEL_GAP}"
                            rf"(?P<value>{_DATE})(?!\d)"), _any),
    ("account_number", _pattern(r"\b(?:(?:bank |checking |savings |brokerage |credit )?(?:account|acct\.?|a/c))"
                                r"\s{0,3}(?:no\.?|num(?:ber)?|nr\.?|#)\s{0,3}[:#.=]?\s{0,3}"
                                r"(?P<value>\d(?:[ -]?\d){5,18})(?![\w-])"), _any),
    ("account_number", _pattern(rf"\b(?:aba|routing){_LABEL_GAP}(?P<value>\d{{9}})(?!\d)"), _any),
    ("passport", _pattern(r"\bpassport\s{0,3}(?:no\.?|num(?:ber)?|nr\.?|#)\s{0,3}[:#.=]?\s{0,3}"
                          r"(?P<value>(?=[a-z]{0,3}\d)[a-z0-9]{6,10})(?!\w)"), _any),
    ("driver_license", _pattern(r"\b(?:driver'?s?|driving) licen[sc]e\s{0,3}(?:no\.?|num(?:ber)?|nr\.?|#)\s{0,3}[:#.=]?\s{0,3}"
                                r"(?P<value>(?=[a-z-]{0,4}\d)[a-z0-9-]{5,18})(?!\w)"), _any),
    ("phone", _pattern(r"(?<![\w.+/-])(?P<value>\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){3,6}"
                       r"|(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[ .-]\d{4})(?![\w-])"), _phone),
)  # fmt: skip


def personal_data(text: str) -> Iterator[PersonalDatum]:
    """Yield what a text holds, in order; where two finds overlap, the first of the list of finders stands.

    >>> [(d.kind, d.value) for d in personal_data("SSN 078-05-1120, part 4111-1111-1111-1112")]
    [('ssn', '078-05-1120')]
    """
    taken: list[PersonalDatum] = []
    for kind, pattern, is_one in _FINDERS:
        for found in pattern.finditer(text):
            name = "value" if "value" in pattern.groupindex else 0
            datum = PersonalDatum(kind, *found.span(name), found[name])
            if is_one(datum.value):
                taken.append(datum)
    yield from _apart(taken)


def _apart(found: list[PersonalDatum]) -> Iterator[PersonalDatum]:
    """Yield finds in order of their place, none of which overlaps one that came before it in the list."""
    order = {id(datum): rank for rank, datum in enumerate(found)}
    kept: list[PersonalDatum] = []
    for datum in sorted(found, key=lambda d: (d.start, order[id(d)])):
        if not kept or datum.start >= kept[-1].end:
            kept.append(datum)
        elif order[id(datum)] < order[id(kept[-1])]:
            kept[-1] = datum
    yield from kept
