"""Read a list of objects from a table, by the headers of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from thresher.schemas.target import Field, Target
from thresher.service.formats.amounts import CURRENCY_CODES
from thresher.service.rules.fields.column_meaning import (
    ITEM_CONCEPTS,
    ColumnMapping,
    Item,
    cell_shape,
    line_concept,
    with_list_name,
)
from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.ranking.span_score import own_words
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.tables.grids import Grid, Heads, grids
from thresher.service.rules.tables.item_rows import items_of

MIN_LIKENESS = 0.55  # least likeness (0..1) of a header to a field
MIN_TABLE_SCORE = 1.4  # least sum of the likeness of a table's headers to a list's fields
MAX_ROWS = 300_000  # rows below headers that are tried in one text: with a header on each page, all rows below each
VERY_FIRST_ROWS = 2  # rows that are looked at before those
FIRST_ROWS = 50  # rows that show whether a table lists what another has already listed
AMOUNT_MIN_LIKENESS = 0.8  # likeness of a head to the word for an amount
_CURRENCY = re.compile(rf"[(\[]?(?<!\w)(?:{'|'.join(sorted(CURRENCY_CODES))}|[€$£])(?!\w)[)\]]?")
READER_TABLE_POINTS = 0.3  # points that a table of the reader gets over aligned pieces


def find_items(layout: Layout, target: Target) -> dict[str, list[Item]]:
    """Return the items of every list of objects, by the list's pattern; a table serves only the list it fits best."""
    ranked = [(f.score, p, f) for p in target.lists if p.count("*") == 0 for f in _fits(layout, item_fields(target, p))]
    found: dict[str, list[Item]] = {}
    taken = _Taken()
    for _, pattern, fit in sorted(ranked, key=lambda t: (-t[0], t[2].grid.start)):
        fields = item_fields(target, pattern)
        if (pattern in found and not _continues(found[pattern], fit)) or _is_taken(layout, fit, fields, taken):
            continue
        items = items_of(layout, fit, fields)
        reach = [(s.start, s.end) for item in items for s in item.values()]
        if items and not taken.overlaps(reach):
            found.setdefault(pattern, []).extend(items)
            taken.add(reach)
    return {p: sorted(items, key=lambda i: min(s.start for s in i.values())) for p, items in found.items()}


class _Taken:
    """The ranges of all items so far; indexed once for each table that adds some."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self._index: RangeIndex | None = None

    def add(self, ranges: list[tuple[int, int]]) -> None:
        self._ranges += ranges
        self._index = RangeIndex(self._ranges)

    def overlaps(self, ranges: Iterable[tuple[int, int]]) -> bool:
        """Whether any of some ranges overlaps one that is taken."""
        index = self._index
        return index is not None and any(index.overlaps(start, end) for start, end in ranges)


def _is_taken(layout: Layout, fit: ColumnMapping, fields: list[Field], taken: _Taken) -> bool:
    """Whether the first rows of a long table are items that were already taken; their rates depend on the other rows.

    The very first ones mostly tell: with a header on each page, the rows below one are those below the one before.
    """
    if not taken.overlaps([(0, len(layout.text))]) or len(fit.grid.rows) <= FIRST_ROWS:
        return False
    rates = {f.path for f in fields if cell_shape(f) == "percent"}
    for rows in (VERY_FIRST_ROWS, FIRST_ROWS):
        items = items_of(layout, replace(fit, grid=replace(fit.grid, rows=fit.grid.rows[:rows])), fields)
        if taken.overlaps((s.start, s.end) for i in items for path, s in i.items() if path not in rates):
            return True
    return False


def item_fields(target: Target, pattern: str) -> list[Field]:
    """Return the leaf fields of one item of a list, without those in nested lists."""
    inside = [f for f in target.fields if f.path.startswith(f"{pattern}/*/")]
    return [f for f in inside if "*" not in f.path[len(pattern) + 3 :]]


def _continues(items: list[Item], fit: ColumnMapping) -> bool:
    """Whether another table has the columns of the one before: it continues the list."""
    return set().union(*items) <= set(fit.columns)


def _fits(layout: Layout, fields: list[Field]) -> list[ColumnMapping]:
    found, left = [], MAX_ROWS
    for grid in grids(layout, lambda heads: _may_fit(heads, fields)):
        if left <= 0:
            break
        left -= len(grid.rows)
        columns, score = _columns(grid, fields)
        _map_percentages(layout, grid, fields, columns)
        score += _map_signed_amounts(grid, fields, columns)
        if score >= _min_score(fields):
            found.append(ColumnMapping(grid=grid, columns=columns, score=score + READER_TABLE_POINTS * grid.is_table))
    return found


def _min_score(fields: list[Field]) -> float:
    return min(MIN_TABLE_SCORE, 0.8 * len(fields))


def _may_fit(heads: Heads, fields: list[Field]) -> bool:
    """Whether heads may reach the score of a list's table, whatever the rows below them are."""
    words = set(heads.values())  # a line of thousands of pieces has few different ones
    best = [max((likeness_of(head, f) for head in words), default=0.0) for f in fields]
    signed = AMOUNT_MIN_LIKENESS * (_two_ways(fields) is not None and any(map(_is_amount, words)))
    return bool(fields) and sum(like for like in best if like >= MIN_LIKENESS) + signed >= _min_score(fields)


def _columns(grid: Grid, fields: list[Field]) -> tuple[dict[str, int], float]:
    pairs = sorted(
        ((likeness_of(head, f), -i, f.path, c) for i, f in enumerate(fields) for c, head in grid.heads.items()),
        key=lambda t: (-t[0], -t[1], t[3]),
    )
    filled = {c for row in grid.rows for c in row}
    columns: dict[str, int] = {}
    score = 0.0
    for like, _, path, column in pairs:
        if like >= MIN_LIKENESS and column in filled and path not in columns and column not in columns.values():
            columns[path] = column
            score += like
    return columns, score


def _map_signed_amounts(grid: Grid, fields: list[Field], columns: dict[str, int]) -> float:
    """Map the only column of amounts to money out, where the target has money in and out; return the points of that."""
    ways = _two_ways(fields)
    if ways is None or set(ways) & columns.keys():
        return 0.0
    free = [c for c, head in grid.heads.items() if c not in columns.values() and _is_amount(head)]
    if not free:
        return 0.0
    columns[ways[0]] = free[0]
    return AMOUNT_MIN_LIKENESS


def _two_ways(fields: list[Field]) -> tuple[str, str] | None:
    """Return the paths of money out and money in; None where a list lacks one of them."""
    means = {c.key: f.path for f in fields if (c := line_concept(f))}
    return (means["money_out"], means["money_in"]) if {"money_out", "money_in"} <= means.keys() else None


def _is_amount(head: str) -> bool:
    return concepts_of_label(_words_of_head(head), ("money",)).get("line_total", 0.0) >= AMOUNT_MIN_LIKENESS


def _words_of_head(head: str) -> str:
    """Return the plain words of a head without the currency of its column."""
    return plain(_CURRENCY.sub(" ", head)) or plain(head)


def _map_percentages(layout: Layout, grid: Grid, fields: list[Field], columns: dict[str, int]) -> None:
    """Map a rate without a header to a column without a header in which most cells are percentages."""
    rates = [f for f in fields if f.path not in columns and cell_shape(f) == "percent"]
    free = sorted({c for row in grid.rows for c in row} - set(columns.values()))
    for column in free if rates else ():
        cells = [layout.text[slice(*row[column])] for row in grid.rows if column in row]
        if sum("%" in c for c in cells) > len(cells) / 2:
            columns[rates[0].path] = column
            return


def likeness_of(head: str, field: Field) -> float:
    """Return how well the words above a column name a field of an item (0 to about 1)."""
    words = _words_of_head(head)
    concept = line_concept(field)
    field = with_list_name(field)
    own = own_words(words, field, concept)
    rivals = concepts_of_label(words, ("money", "number", "percent", "text", "identifier", "word", "date"))
    rival = max(
        (s for k, s in rivals.items() if k in ITEM_CONCEPTS and (concept is None or k != concept.key)), default=0.0
    )
    return own - 0.5 * max(0.0, rival - own)
