"""List items: every list of objects of a target, read from tables, parties of a contract, a till's rows or lines of one shape."""

from __future__ import annotations

from schemas.target import Target
from service.candidates.columns import Item
from service.candidates.items import find_items
from service.candidates.layout import Layout
from service.candidates.parties import find_parties
from service.candidates.repeats import find_repeats
from service.candidates.taxes import find_taxes, in_order
from service.candidates.tills import better, find_tills


def list_items(layout: Layout, target: Target) -> dict[str, list[Item]]:
    """Items of every list of objects, by the list's pattern."""
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
