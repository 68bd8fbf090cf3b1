"""Unread: what a page holds of a list that no rule could read, so that no row is left out in silence.

A list that wants amounts is whole if they make a total of the page. Where they do not, and where nothing was read at all, the rows
that end in an amount, stand before the totals and are nobody's are named one by one, for whoever reads the Result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.extraction import Unsupported
from schemas.target import Target
from service.candidates.columns import Item
from service.candidates.introductions import not_whole
from service.candidates.items import fields_of
from service.candidates.layout import Layout
from service.candidates.parties import party_name
from service.candidates.prose import is_prose
from service.candidates.till_rows import TillRow, till_rows
from service.candidates.tills import CENT, group_of

MOST = 30  # rows that are named one by one
NOBODY = "not sure: this row may be of the list, and no rule could read it"
Range = tuple[int, int]


def unread(layout: Layout, target: Target, lists: dict[str, list[Item]], told: Sequence[Range]) -> list[Unsupported]:
    """What is missing of each list of objects outside other lists; `told` are the ranges that other fields took."""
    found: list[Unsupported] = []
    for pattern in (p for p in target.lists if "*" not in p):
        items = lists.get(pattern, [])
        reason = _not_all(layout, target, pattern, items)
        if reason:
            found.append(Unsupported(path=f"{pattern}/-", value=None, reason=reason))
        if (reason or not items) and _has_amounts(target, pattern) and not is_prose(layout):
            taken = [*told, *((s.start, s.end) for item in items for s in item.values())]
            found += [Unsupported(path=f"{pattern}/-", value=t, reason=NOBODY) for t in _left(layout, taken)]
    return found


def _not_all(layout: Layout, target: Target, pattern: str, items: list[Item]) -> str:
    """Why the items of a list may not be all; "" if nothing says so."""
    name = party_name(target, pattern)
    if name and items:
        return not_whole(layout, [i[name.path] for i in items if name.path in i])
    if not items or not _has_amounts(target, pattern) or is_prose(layout):
        return ""
    return _unsummed(layout, target, pattern, items)


def _has_amounts(target: Target, pattern: str) -> bool:
    """Whether a list wants words and an amount of each of its items."""
    return {"description", "amount"} <= {group_of(f) for f in fields_of(target, pattern)}


def _unsummed(layout: Layout, target: Target, pattern: str, items: list[Item]) -> str:
    """Why amounts that make no total of the page may not be all; a page without totals can not tell."""
    path = next(f.path for f in fields_of(target, pattern) if group_of(f) == "amount")
    spans = [i[path] for i in items if path in i]
    made = sum(float(s.hints.get("number", 0.0)) for s in spans)
    inside = [(s.start, s.end) for i in items for s in i.values()]
    rows = [r for r in till_rows(layout) if r.amount]
    others = [a for r in rows for a in r.amounts if not _within(a[:2], inside)]
    totals = [n for r in rows if r.is_total for a, b, n in r.amounts if not _within((a, b), inside)]
    if not totals or len(spans) < len(items):
        return "" if not totals else f"not sure: {len(items) - len(spans)} of the rows told have no amount that could be read"
    parts = [0.0, *(n for *_, n in others)]
    if any(abs(abs(t + sign * n) - abs(made)) < CENT for t in totals for n in parts for sign in (1, -1)):
        return ""
    return f"not sure: the amounts told make {made:.2f}, and no total on the page is that: a row may be missing or misread"


def _within(at: Range, ranges: Sequence[Range]) -> bool:
    return any(a < at[1] and at[0] < b for a, b in ranges)


def _left(layout: Layout, taken: Sequence[Range]) -> list[str]:
    """The rows with an amount, from the first to the first total behind it, that nothing told stands in."""
    rows = list(till_rows(layout))
    first = next((i for i, r in enumerate(rows) if r.amount and not r.is_total), len(rows))
    last = next((i for i in range(first, len(rows)) if rows[i].is_total), len(rows))
    return [" ".join(t.split()) for t in _texts(layout, rows[:last], first, taken)][:MOST]


def _texts(layout: Layout, rows: list[TillRow], first: int, taken: Sequence[Range]) -> Iterator[str]:
    for i in range(first, len(rows)):
        row = rows[i]
        if row.amount is None or _within((row.start, row.end), taken):
            continue
        over = rows[i - 1] if i and not row.is_named and rows[i - 1].is_words else row
        yield layout.text[(row if _within((over.start, over.end), taken) else over).start : row.end]
