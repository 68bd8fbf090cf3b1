"""Determine which rows of a receipt are items: those whose prices add up to a printed total."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.receipts.receipt_rows import ReceiptRow, rows_of_receipt
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT_TOLERANCE, ZERO, is_near

MAX_TOTALS = 100  # totals and discounts that are compared; no receipt has more
ROUNDING_TOLERANCE = Decimal("0.051")  # largest change by rounding to coins
_TOTAL_CONCEPTS = ("total", "net_total", "amount_due")
TOTAL_MIN_LIKENESS = 0.6  # likeness (0..1) from which a row's words are a total


def item_region(rows: Sequence[ReceiptRow]) -> tuple[int, int]:
    """Return the indices of the first priced row, and of the first total after it that covers all rows."""
    first = next((i for i, r in enumerate(rows) if r.amount and not r.is_total), len(rows))
    totals = [i for i in range(first, len(rows)) if rows[i].is_total]
    made, since = ZERO, first
    for i in totals[:MAX_TOTALS]:
        made, since = made + sum_of(rows, [j for j in range(since, i) if not rows[j].is_total]), i
        if not (rows[i].is_subtotal and is_part(rows[i:], made)):
            return first, i
    return first, totals[-1] if totals else len(rows)


def proved_rows(rows: Sequence[ReceiptRow]) -> list[int]:
    """Return the indices of the priced rows whose sum is printed after them; [] where nothing adds up.

    A discount may only describe the row above it, and is then no part of the sum; an amount without words may be the sum
    itself, or a repeated one.
    """
    first, last = item_region(rows)
    priced = [i for i in range(first, last) if rows[i].amount and not rows[i].is_total]
    totals = [r.amount[2] for r in rows[last:] if r.amount and r.is_total]
    coins = [r.amount[2] for r in rows[last:] if r.amount and r.is_total and abs(r.amount[2]) < ROUNDING_TOLERANCE]
    whole = [i for i in priced if not rows[i].is_discount]
    for some in (priced, whole, [i for i in whole if not rows[i].is_bare]):
        made, within = sum_of(rows, some), frozenset(some)
        said = {*totals, *(row.amount[2] for i in priced if i not in within and (row := rows[i]).amount)}
        changes = {ZERO, *coins, *(-x for x in coins)}
        if made > 0 and any(abs(t - made - r) < CENT_TOLERANCE for t in said for r in changes):
            return some
    return []


def sum_of(rows: Sequence[ReceiptRow], some: Sequence[int]) -> Decimal:
    """Return the sum of the amounts of some rows."""
    return sum((row.amount[2] for row in (rows[i] for i in some) if row.amount), ZERO)


def is_part(rows: Sequence[ReceiptRow], made: Decimal) -> bool:
    """Whether a sum covers only some rows: the total after it differs, and the amounts between do not explain why."""
    after = [r.amount[2] for r in rows if r.amount and (r.is_total or r.is_discount)][:MAX_TOTALS]
    wholes = {r.amount[2] for r in rows if r.amount and r.is_total and not r.is_subtotal}
    gaps = sorted({abs(g) for g in (ZERO, *after, *(a + b for i, a in enumerate(after) for b in after[:i]))})
    return bool(wholes) and not any(is_near(gaps, abs(w - made)) for w in wholes)


def sum_of_items(layout: Layout) -> Decimal | None:
    """Return the sum of the items, if it is the largest total of the page without rounding to coins; else None."""
    if "bought" not in layout.memory:
        rows = rows_of_receipt(layout)
        made = round(sum_of(rows, proved_rows(rows)), 2)
        wholes = [r.amount[2] for r in rows if r.amount and _is_whole(r)]
        rounded = any(CENT_TOLERANCE < abs(t - made) < ROUNDING_TOLERANCE for t in wholes)
        layout.memory["bought"] = (
            made if made and not rounded and abs(max(wholes, default=ZERO) - made) < CENT_TOLERANCE else None
        )
    found: Decimal | None = layout.memory["bought"]
    return found


def _is_whole(row: ReceiptRow) -> bool:
    said = concepts_of_label(plain(row.text[: row.head - row.start]), ("money",))
    best = max(said.values(), default=0.0)
    return any(said.get(k, 0.0) >= max(TOTAL_MIN_LIKENESS, best - 0.02) for k in _TOTAL_CONCEPTS)
