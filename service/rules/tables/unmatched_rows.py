"""Report the rows of a list that no rule could read, so that no row is lost silently.

A list with amounts is complete if they add up to a total of the page. Where they do not, or where nothing was read, the
remaining rows that end in an amount and stand before the totals are reported one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from thresher.schemas.extraction import Unsupported
from thresher.schemas.target import Target
from thresher.service.rules.contracts.parties import party_name
from thresher.service.rules.contracts.preamble_count import (
    NOT_IN_PREAMBLE,
    missing_party_reason,
    parties_outside_preamble,
)
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.receipts.receipt_items import row_part_of
from thresher.service.rules.receipts.receipt_rows import ReceiptRow, rows_of_receipt
from thresher.service.rules.receipts.receipt_totals import item_region
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.prose import is_data, is_prose
from thresher.service.rules.tables.list_sums import matches_total, sum_of
from thresher.service.rules.tables.table_items import item_fields

_RATE = re.compile(
    r"\b(?:vat|gst|hst|pst|tax|mwst|ust|tva|iva|btw|moms)\b.{0,12}?\d\s?%|\d\s?%\s?(?:vat|gst|hst|tax|mwst|ust)\b",
    re.IGNORECASE,
)
MAX_REPORTED_ROWS = 30  # rows that are reported one by one
UNREAD_REASON = "not sure: this row may belong to the list, and no rule could read it"
Range = tuple[int, int]


def report_unmatched(
    layout: Layout, target: Target, lists: dict[str, list[Item]], taken_ranges: Sequence[Range]
) -> list[Unsupported]:
    """Return what is missing of each outermost list of objects; `taken_ranges` are the ranges of other values."""
    found: list[Unsupported] = []
    for pattern in (p for p in target.lists if "*" not in p and not is_data(layout)):
        items = lists.get(pattern, [])
        reason = _incomplete_reason(layout, target, pattern, items)
        if reason:
            found.append(Unsupported(path=f"{pattern}/-", value=None, reason=reason))
        if not items and _is_of_taxes(target, pattern):
            found += _reports(pattern, _unread_tax_rows(layout, RangeIndex(taken_ranges)))
        if (reason or not items) and has_amounts(target, pattern) and not is_prose(layout):
            taken = RangeIndex([*taken_ranges, *((s.start, s.end) for item in items for s in item.values())])
            found += _reports(pattern, _unread_priced_rows(layout, taken))
    return found


def without_unnamed_parties(
    layout: Layout, target: Target, lists: dict[str, list[Item]]
) -> tuple[dict[str, list[Item]], list[Unsupported]]:
    """Split off the parties that the first sentence of a contract does not name, and return them with the reason."""
    kept, refused = dict(lists), list[Unsupported]()
    for pattern, items in lists.items():
        if name := party_name(target, pattern):
            strange = parties_outside_preamble(layout, [i[name.path] for i in items if name.path in i])
            kept[pattern] = [i for i in items if i.get(name.path) not in strange]
            refused += [
                Unsupported(path=f"{pattern}/-", value=s.value, reason=NOT_IN_PREAMBLE.format(s.text)) for s in strange
            ]
    return kept, refused


def _reports(pattern: str, rows: list[str]) -> Iterator[Unsupported]:
    """Yield the rows that are in no list; of very many the first, and the number of the others."""
    path = f"{pattern}/-"
    yield from (Unsupported(path=path, value=row, reason=UNREAD_REASON) for row in rows[:MAX_REPORTED_ROWS])
    if len(rows) > MAX_REPORTED_ROWS:
        yield Unsupported(
            path=path, value=None, reason=f"{UNREAD_REASON}: {len(rows) - MAX_REPORTED_ROWS} more like those before"
        )


def _incomplete_reason(layout: Layout, target: Target, pattern: str, items: list[Item]) -> str:
    """Return why the items of a list may be incomplete; "" without a reason."""
    name = party_name(target, pattern)
    if name and items:
        return missing_party_reason(layout, [i[name.path] for i in items if name.path in i])
    if not items or not has_amounts(target, pattern) or is_prose(layout):
        return ""
    return _sum_mismatch(layout, target, pattern, items)


def has_amounts(target: Target, pattern: str) -> bool:
    """Whether the items of a list have a description and an amount."""
    return {"description", "amount"} <= {row_part_of(f) for f in item_fields(target, pattern)}


def _sum_mismatch(layout: Layout, target: Target, pattern: str, items: list[Item]) -> str:
    """Return why amounts that match no total of the page may be incomplete; "" for a page without totals."""
    path = next(f.path for f in item_fields(target, pattern) if row_part_of(f) == "amount")
    comes_out = matches_total(layout, items, path)
    if comes_out is None:
        return ""
    if without := sum(path not in i for i in items):
        return f"not sure: {without} of the given rows have no readable amount"
    if comes_out:
        return ""
    made = sum_of(items, path)
    return (
        f"not sure: the given amounts make {made:.2f}, which is no total on the page: a row may be missing or misread"
    )


def _is_of_taxes(target: Target, pattern: str) -> bool:
    """Whether a list has tax rates and taxes."""
    means = {c.key for f in item_fields(target, pattern) if (c := line_concept(f))}
    return {"tax_rate", "tax"} <= means


def _unread_tax_rows(layout: Layout, taken: RangeIndex) -> list[str]:
    """Return the unread rows with a tax rate or tax amount, on a page without prose."""
    rows = () if is_prose(layout) else rows_of_receipt(layout)
    left = (r for r in rows if (_RATE.search(r.text) or _is_tax(r)) and not taken.overlaps(r.start, r.end))
    return [" ".join(r.text.split()) for r in left]


def _is_tax(row: ReceiptRow) -> bool:
    said = (
        concepts_of_label(plain(row.text[: row.head - row.start]), ("money",)) if row.amount and row.amount[2] else {}
    )
    return bool(said) and said.get("tax", 0.0) == max(said.values())


def _unread_priced_rows(layout: Layout, taken: RangeIndex) -> list[str]:
    """Return the unread rows with an amount, from the first priced row to the first total after it."""
    rows = rows_of_receipt(layout)
    first, last = item_region(rows)
    return [" ".join(t.split()) for t in _texts(layout, rows[:last], first, taken)]


def _texts(layout: Layout, rows: Sequence[ReceiptRow], first: int, taken: RangeIndex) -> Iterator[str]:
    for i in range(first, len(rows)):
        row = rows[i]
        if row.amount is None or row.is_total or taken.overlaps(row.start, row.end):
            continue
        over = rows[i - 1] if i and not row.is_named and rows[i - 1].is_words else row
        yield layout.text[(row if taken.overlaps(over.start, over.end) else over).start : row.end]
