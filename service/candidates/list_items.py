"""List items: every list of objects of a target, read from tables, from parties of a contract, or from lines of one shape."""

from __future__ import annotations

from schemas.target import Target
from service.candidates.columns import Item
from service.candidates.items import find_items
from service.candidates.layout import Layout
from service.candidates.parties import find_parties
from service.candidates.repeats import find_repeats
from service.candidates.taxes import find_taxes, in_order


def list_items(layout: Layout, target: Target) -> dict[str, list[Item]]:
    """Items of every list of objects, by the list's pattern."""
    found = {}
    for pattern in target.lists:
        if pattern.count("*") == 0:
            found[pattern] = find_parties(layout, target, pattern)
    found = {pattern: items for pattern, items in found.items() if items}
    tables = find_items(layout, target)
    found |= {pattern: items for pattern, items in tables.items() if pattern not in found}
    for pattern in target.lists:
        if (
            pattern.count("*") == 0
            and pattern not in found
            and (items := find_taxes(layout, target, pattern) or find_repeats(layout, target, pattern))
        ):
            found[pattern] = items
    ordered = {pattern: in_order(layout, target, pattern, items) for pattern, items in found.items()}
    return {pattern: items for pattern, items in ordered.items() if items}
