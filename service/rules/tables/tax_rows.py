"""Recognise the lines of a tax summary by their arithmetic, whatever their column headers say.

In such a line one of three numbers (rate, net amount, tax) is the product of the other two. Where the rate is not
printed or was misread, the words above the numbers say which of two is the tax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT_TOLERANCE, ZERO, decimal_mark, parse_number

MAX_RATE_PERCENT = 35  # percent
MAX_NUMBERS = 20  # in a line of a tax summary; every three of them are tried
_NUMBER = re.compile(
    r"(?<![\w.,])[@=]?\s?(?:[A-Z]{2,3}|[$€£])?(?P<digits>\d{0,3}(?:[., ]?\d{3}){0,12}[.,]\d{2}|\d{1,2}(?:[.,]\d{1,2})?(?=\s?%)|\d{1,2})(?P<percent>\s?%)?(?![\w.,%])"
)
_HEAD = re.compile(r"\b(?:gst|sst|tax|vat|mwst|ust|tva|iva|btw|moms)\b", re.IGNORECASE)
_SUMS = re.compile(r"\b(?:summary|analysis|amount|amt|net|base|goods|netto|basis|taxable)", re.IGNORECASE)
_NO_TAX = re.compile(r"\b(?:total|qty|sub\s?total|change|cash|discount|rounding)\b", re.IGNORECASE)

Range = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRow:
    """The ranges of a line's rate (None where not printed or read), net amount and tax."""

    rate: Range | None
    net: Range
    amount: Range


def tax_rows(layout: Layout) -> list[TaxRow]:
    """Return the lines of the text that belong to a tax summary, in order."""
    found, rows_left = [], 0
    for row in layout.rows:
        start, end = layout.pieces[row[0]].start, layout.pieces[row[-1]].end
        text = layout.text[start:end] if start < end else ""
        if _HEAD.search(text) and _SUMS.search(text) and not re.search(r"\d[.,]\d\d", text):
            rows_left = 4
        elif rows_left and not _NO_TAX.search(text) and (one := _row(layout, start, end)):
            found.append(one)
        rows_left = max(rows_left - 1, 0) if text and not found else rows_left
    return found


def _row(layout: Layout, start: int, end: int) -> TaxRow | None:
    mark = decimal_mark(layout.text)
    numbers = [
        (
            m.span("digits"),
            parse_number(m["digits"], mark) or ZERO,
            bool(m["percent"]),
            bool(re.search(r"[.,]\d\d$", m["digits"])),
        )
        for m in _NUMBER.finditer(layout.text, start, end)
    ]
    for rate, net, amount in permutations(numbers, 3) if len(numbers) <= MAX_NUMBERS else ():
        if net[3] and amount[3] and not net[2] and not amount[2] and _is_rate(rate[1], net[1], amount[1]):
            return TaxRow(rate=rate[0], net=net[0], amount=amount[0])
    sums = [n for n in numbers if n[3] and not n[2]]
    if len(sums) == 2 and _is_tax(sums[0][1], sums[1][1]):
        return TaxRow(rate=None, net=sums[0][0], amount=sums[1][0])
    return None


def _is_rate(rate: Decimal, net: Decimal, amount: Decimal) -> bool:
    return 0 <= rate <= MAX_RATE_PERCENT and net > 0 and abs(net * rate / 100 - amount) < CENT_TOLERANCE


def _is_tax(net: Decimal, amount: Decimal) -> bool:
    """Whether the second amount is a whole percentage of the first, within a cent."""
    if not 0 < amount < net * MAX_RATE_PERCENT / 100:
        return False
    rate = round(100 * amount / net)
    return rate > 0 and abs(net * rate / 100 - amount) < CENT_TOLERANCE
