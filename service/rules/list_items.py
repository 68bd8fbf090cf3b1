"""Read the items of every list of objects from tables, contract parties, receipt rows or lines of one shape.

A list of billed items is read with all columns that such lists commonly have, requested or not: so each row is recognised,
and a column that was not requested does not become part of another. Values that were not requested are dropped at the end.
"""

from __future__ import annotations

from dataclasses import replace

from thresher.schemas.target import Field, Kind, Target
from thresher.service.rules.contracts.parties import find_parties
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.receipts.receipt_items import better_items, find_receipt_items, row_part_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.tables.repeated_lines import find_repeats
from thresher.service.rules.tables.table_items import find_items, item_fields
from thresher.service.rules.tables.tax_lines import corrected_tax_items, find_taxes

BILLED_ITEM_COLUMNS: tuple[tuple[str, Kind, str], ...] = (
    ("position", "text", "Line number as printed"),
    ("article", "text", "Article number, SKU or service code"),
    ("quantity", "number", "How many, without the unit"),
    ("unit", "text", "Unit of the quantity as printed"),
    ("unit_price", "number", "Price of one unit, as printed"),
    ("discount", "number", "Discount on this line, as an amount"),
    ("tax_rate", "number", "Tax rate of this line in percent"),
)
"""Columns that lists of billed items have besides description and amount; as in the ready-made invoice."""

QUANTITY_CONCEPTS = ("quantity", "unit_price")  # concepts that a row of a tax summary lacks


def list_items(layout: Layout, target: Target) -> dict[str, list[Item]]:
    """Return the items of every list of objects, by the list's pattern."""
    more = _unrequested_columns(target)
    found = _read(layout, replace(target, fields=(*target.fields, *more))) if more else {}
    requested = {f.path for f in target.fields}
    kept = {p: [{k: s for k, s in i.items() if k in requested} for i in items] for p, items in found.items()}
    patterns = {f.path.partition("/*")[0] for f in more}
    if more and all(_is_counted(target, p, kept.get(p, [])) for p in patterns):
        return {pattern: some for pattern, items in kept.items() if (some := [i for i in items if i])}
    return _read(layout, target)


def _is_counted(target: Target, pattern: str, items: list[Item]) -> bool:
    """Whether most rows have a quantity or a unit price; the rows of a tax summary have none."""
    paths = {f.path for f in item_fields(target, pattern) if (c := line_concept(f)) and c.key in QUANTITY_CONCEPTS}
    return 2 * sum(bool(paths & i.keys()) for i in items) > len(items)


def _unrequested_columns(target: Target) -> list[Field]:
    """Return the columns of lists of billed items that a target does not request."""
    found: list[Field] = []
    for pattern in (p for p in target.lists if "*" not in p):
        fields = item_fields(target, pattern)
        known = {c.key for f in fields if (c := line_concept(f))}
        if {"description", "amount"} <= {row_part_of(f) for f in fields} and known & {*QUANTITY_CONCEPTS}:
            more = (
                Field(path=f"{pattern}/*/{n}", kind=kind, description=description)
                for n, kind, description in BILLED_ITEM_COLUMNS
            )
            names = {f.name for f in fields}
            found += [
                f for f in more if f.name not in names and not ((c := line_concept(f)) is not None and c.key in known)
            ]
    return found


def _read(layout: Layout, target: Target) -> dict[str, list[Item]]:
    outer = [p for p in target.lists if p.count("*") == 0]
    found = {p: items for p in outer if (items := find_parties(layout, target, p))}
    tables = find_items(layout, target)
    for pattern in (p for p in outer if p not in found):
        table = better_items(
            tables.get(pattern, []), find_receipt_items(layout, target, pattern), layout, target, pattern
        )
        items = table or find_taxes(layout, target, pattern) or find_repeats(layout, target, pattern)
        if items:
            found[pattern] = items
    ordered = {pattern: corrected_tax_items(layout, target, pattern, items) for pattern, items in found.items()}
    return {pattern: items for pattern, items in ordered.items() if items}
