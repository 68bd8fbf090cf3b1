"""List items: every list of objects of a target, read from tables, parties of a contract, a till's rows or lines of one shape.

A list of billed things is read with all the columns that such lists have, whether the target wants them or not: a row is
then known for what it is, and a column nobody asked for is no part of another. What was not asked for is left out at the end.
"""

from __future__ import annotations

from dataclasses import replace

from thresher.schemas.target import Field, Kind, Target
from thresher.service.rules.contracts.parties import find_parties
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.receipts.receipt_items import better, find_tills, group_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.tables.repeated_lines import find_repeats
from thresher.service.rules.tables.table_items import fields_of, find_items
from thresher.service.rules.tables.tax_lines import find_taxes, in_order

COLUMNS: tuple[tuple[str, Kind, str], ...] = (
    ("position", "text", "Line number as printed"),
    ("article", "text", "Article number, SKU or service code"),
    ("quantity", "number", "How many, without the unit"),
    ("unit", "text", "Unit of the quantity as printed"),
    ("unit_price", "number", "Price of one unit, as printed"),
    ("discount", "number", "Discount on this line, as an amount"),
    ("tax_rate", "number", "Tax rate of this line in percent"),
)
"""What lists of billed things have besides words and an amount; as in the ready-made invoice."""

COUNTED = ("quantity", "unit_price")  # concepts of what a row of a summary has not


def list_items(layout: Layout, target: Target) -> dict[str, list[Item]]:
    """Items of every list of objects, by the list's pattern."""
    more = _unasked(target)
    found = _read(layout, replace(target, fields=(*target.fields, *more))) if more else {}
    asked = {f.path for f in target.fields}
    kept = {p: [{k: s for k, s in i.items() if k in asked} for i in items] for p, items in found.items()}
    patterns = {f.path.partition("/*")[0] for f in more}
    if more and all(_is_counted(target, p, kept.get(p, [])) for p in patterns):
        return {pattern: some for pattern, items in kept.items() if (some := [i for i in items if i])}
    return _read(layout, target)


def _is_counted(target: Target, pattern: str, items: list[Item]) -> bool:
    """Whether most rows have a count or a price beside words and amount: a summary of taxes has none."""
    paths = {f.path for f in fields_of(target, pattern) if (c := line_concept(f)) and c.key in COUNTED}
    return 2 * sum(bool(paths & i.keys()) for i in items) > len(items)


def _unasked(target: Target) -> list[Field]:
    """The columns of lists of billed things that a target does not want."""
    found: list[Field] = []
    for pattern in (p for p in target.lists if "*" not in p):
        fields = fields_of(target, pattern)
        known = {c.key for f in fields if (c := line_concept(f))}
        if {"description", "amount"} <= {group_of(f) for f in fields} and known & {*COUNTED}:
            more = (Field(path=f"{pattern}/*/{n}", kind=kind, description=told) for n, kind, told in COLUMNS)
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
        table = better(tables.get(pattern, []), find_tills(layout, target, pattern), layout, target, pattern)
        items = table or find_taxes(layout, target, pattern) or find_repeats(layout, target, pattern)
        if items:
            found[pattern] = items
    ordered = {pattern: in_order(layout, target, pattern, items) for pattern, items in found.items()}
    return {pattern: items for pattern, items in ordered.items() if items}
