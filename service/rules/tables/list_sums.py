"""Check whether the amounts of a list's items add up to a total of the page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from thresher.service.rules.fields.column_meaning import Item
from thresher.service.rules.receipts.receipt_rows import rows_of_receipt
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT_TOLERANCE, ZERO, parse_number
from thresher.service.rules.spans.span import Span

Range = tuple[int, int]


def matches_total(layout: Layout, items: Sequence[Item], path: str) -> bool | None:
    """Whether the amounts at `path` add up to a total of the page, or do with one more amount; None without a total."""
    inside = [(s.start, s.end) for i in items for s in i.values()]
    rows = [r for r in rows_of_receipt(layout) if r.amount]
    others = [n for r in rows for a, b, n in r.amounts if not overlaps_any((a, b), inside)]
    totals = [n for r in rows if r.is_total for a, b, n in r.amounts if not overlaps_any((a, b), inside)]
    if not totals:
        return None
    made = sum_of(items, path)
    return any(
        abs(abs(t + sign * n) - abs(made)) < CENT_TOLERANCE for t in totals for n in (ZERO, *others) for sign in (1, -1)
    )


def sum_of(items: Sequence[Item], path: str) -> Decimal:
    """Return the sum of the amounts at `path`."""
    return sum((_number(s) for i in items if (s := i.get(path))), ZERO)


def _number(span: Span) -> Decimal:
    said = span.hints.get("number", span.value)
    return said if isinstance(said, Decimal) else parse_number(str(said)) or ZERO


def overlaps_any(at: Range, ranges: Sequence[Range]) -> bool:
    """Whether a range overlaps one of several ranges."""
    return any(a < at[1] and at[0] < b for a, b in ranges)
