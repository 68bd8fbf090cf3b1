"""Check whether the amounts of a list's items add up to a total of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from thresher.service.rules.fields.column_meaning import Item
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.receipts.receipt_rows import rows_of_receipt
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import ZERO, is_near, parse_number
from thresher.service.rules.spans.span import Span


def matches_total(layout: Layout, items: Sequence[Item], path: str) -> bool | None:
    """Whether the amounts at `path` add up to a total of the page, or do with one more amount; None without a total."""
    inside = RangeIndex((s.start, s.end) for i in items for s in i.values())
    rows = [r for r in rows_of_receipt(layout) if r.amount]
    others = [n for r in rows for a, b, n in r.amounts if not inside.overlaps(a, b)]
    totals = [n for r in rows if r.is_total for a, b, n in r.amounts if not inside.overlaps(a, b)]
    if not totals:
        return None
    made = abs(sum_of(items, path))
    amounts = sorted({abs(n) for n in (ZERO, *others)})
    return any(is_near(amounts, n) for t in dict.fromkeys(totals) for n in _completing(t, made))


def _completing(total: Decimal, made: Decimal) -> Iterator[Decimal]:
    """Yield the sizes of the amounts that, added to a total or subtracted from it, make the sum."""
    yield abs(abs(total) - made)
    yield abs(total) + made


def sum_of(items: Sequence[Item], path: str) -> Decimal:
    """Return the sum of the amounts at `path`."""
    return sum((_number(s) for i in items if (s := i.get(path))), ZERO)


def _number(span: Span) -> Decimal:
    said = span.hints.get("number", span.value)
    return said if isinstance(said, Decimal) else parse_number(str(said)) or ZERO
