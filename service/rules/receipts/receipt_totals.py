"""Till sums: which rows of a receipt are things bought, told by prices that add up to what it says they come to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from thresher.service.rules.fields.concepts import spoken
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.receipts.receipt_rows import TillRow, till_rows
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT, ZERO

ROUNDED = Decimal("0.051")  # what rounding to coins changes at most
_WHOLES = ("total", "net_total", "amount_due")
LIKE = 0.6  # likeness of a row's words to a total


def region(rows: Sequence[TillRow]) -> tuple[int, int]:
    """The first row that is priced, and the first total behind it that is not only of a part."""
    first = next((i for i, r in enumerate(rows) if r.amount and not r.is_total), len(rows))
    totals = [i for i in range(first, len(rows)) if rows[i].is_total]
    whole = (i for i in totals if not (rows[i].is_subtotal and is_part(rows[i:], _so_far(rows, first, i))))
    return first, next(whole, totals[-1] if totals else len(rows))


def _so_far(rows: Sequence[TillRow], first: int, last: int) -> Decimal:
    return sum_of(rows, [i for i in range(first, last) if not rows[i].is_total])


def proved(rows: Sequence[TillRow]) -> list[int]:
    """The priced rows whose amounts make one that stands behind them; [] where nothing adds up.

    What was taken off may be told of the row above it, and then is no part of the sum; a bare amount may be the sum itself,
    or one that is printed twice.
    """
    first, last = region(rows)
    priced = [i for i in range(first, last) if rows[i].amount and not rows[i].is_total]
    totals = [r.amount[2] for r in rows[last:] if r.amount and r.is_total]
    coins = [r.amount[2] for r in rows[last:] if r.amount and r.is_total and abs(r.amount[2]) < ROUNDED]
    whole = [i for i in priced if not rows[i].is_discount]
    for some in (priced, whole, [i for i in whole if not rows[i].is_bare]):
        made = sum_of(rows, some)
        said = [*totals, *(row.amount[2] for i in priced if i not in some and (row := rows[i]).amount)]
        if made > 0 and any(abs(t - made - r) < CENT for t in said for r in (ZERO, *coins, *(-x for x in coins))):
            return some
    return []


def sum_of(rows: Sequence[TillRow], some: Sequence[int]) -> Decimal:
    """What the amounts of some rows make together."""
    return sum((row.amount[2] for row in (rows[i] for i in some) if row.amount), ZERO)


def is_part(rows: Sequence[TillRow], made: Decimal) -> bool:
    """Whether a sum is only that of a part: the rows with a total behind it say another, and what is between does not explain it."""
    after = [r.amount[2] for r in rows if r.amount and (r.is_total or r.is_discount)]
    wholes = [r.amount[2] for r in rows if r.amount and r.is_total and not r.is_subtotal]
    gaps = [ZERO, *after, *(a + b for i, a in enumerate(after) for b in after[:i])]
    return bool(wholes) and not any(abs(abs(w - made) - abs(g)) < CENT for w in wholes for g in gaps)


def bought(layout: Layout) -> Decimal | None:
    """What the things bought come to, where that is the most that a total of the page says, and no coin more or less."""
    if "bought" not in layout.memory:
        rows = list(till_rows(layout))
        made = round(sum_of(rows, proved(rows)), 2)
        wholes = [r.amount[2] for r in rows if r.amount and _is_whole(r)]
        rounded = any(CENT < abs(t - made) < ROUNDED for t in wholes)
        layout.memory["bought"] = (
            made if made and not rounded and abs(max(wholes, default=ZERO) - made) < CENT else None
        )
    found: Decimal | None = layout.memory["bought"]
    return found


def _is_whole(row: TillRow) -> bool:
    said = spoken(plain(row.text[: row.head - row.start]), ("money",))
    best = max(said.values(), default=0.0)
    return any(said.get(k, 0.0) >= max(LIKE, best - 0.02) for k in _WHOLES)
