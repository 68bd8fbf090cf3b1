"""Turn the rows of a table into items, continuation rows and rows that are no items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache

from thresher.schemas.target import Field
from thresher.service.rules.fields.column_meaning import ColumnMapping, Item, cell_shape, line_concept
from thresher.service.rules.fields.concepts import concepts, concepts_of_label
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.printed_numbers import amount_of, number_value, without_minus
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import FINDERS, satisfies_schema
from thresher.service.rules.tables.grids import Cell

_TOTALS = ("total", "net_total", "tax", "discount", "rounding", "shipping", "tendered", "change")
_BALANCES = ("opening_balance", "closing_balance", "running_balance")
TOTAL_MIN_LIKENESS = 0.8  # likeness (0..1) of a row's first words to a total from which it is no item
MAX_CONTINUATION_ROWS = 6  # most rows below an item's first row that may continue it
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_AMOUNT = re.compile(r"[$€£]\s?\d|\d{3}[.,]\d{2}(?!\d)(?!\s?%)")
MAX_RATE_PERCENT = 100  # percent
_COUNT = re.compile(
    r"(?P<count>\d{1,3})(?P<times>\s?[xX×*@](?=\s|[A-Z]))?\s*(?=[^\W\d_])"
)  # before the words of an item
_UNIT = re.compile(r"\s?(?P<unit>[^\W\d_]{1,10}[²³]?)(?=\s|$)")


def items_of(layout: Layout, fit: ColumnMapping, fields: Sequence[Field]) -> list[Item]:
    """Return the items of a table's rows, in order; totals are no items, and the last total ends the list."""
    items: list[Item] = []
    since = 0
    means = {c.key for f in fields if (c := line_concept(f))}
    balances = _balance_words() if {"money_out", "money_in"} & means else ()
    for row in fit.grid.rows:
        if _ends(layout, row, balances):
            if items and _is_last(layout, row):
                break
            since = MAX_CONTINUATION_ROWS
            continue
        item = _item(layout, fit, fields, row)
        if _is_item(fit, item):
            items.append(item)
            since = 0
        elif items and since < MAX_CONTINUATION_ROWS:
            since += 1
            _add_missing(fit, items[-1], {f.path: s for f in fields if (s := item.get(f.path)) and _short(f, s)})
    items_with_units = (_with_unit(layout, item, fields) for item in _split_by_sign(items, fit, fields))
    return [_with_date(layout, _with_count(layout, fit, item, fields), fields) for item in items_with_units]


def _item(layout: Layout, fit: ColumnMapping, fields: Sequence[Field], row: dict[int, Cell]) -> Item:
    row = _shifted(layout, fit, fields, row)
    cells = ((f, _cell(layout, fit, row.get(fit.columns[f.path]), f)) for f in fields if f.path in fit.columns)
    return {f.path: s for f, s in cells if s}


def _shifted(layout: Layout, fit: ColumnMapping, fields: Sequence[Field], row: dict[int, Cell]) -> dict[int, Cell]:
    """Return the row with an amount below a rate header moved to the empty amount column to its right."""
    shapes = {fit.columns[f.path]: cell_shape(f) for f in fields if f.path in fit.columns}
    moved = dict(row)
    for column, cell in row.items():
        money = shapes.get(column) == "percent" and _AMOUNT.search(layout.text, *cell)
        if money and shapes.get(column + 1) == "money" and column + 1 not in row:
            moved[column + 1] = moved.pop(column)
    return moved


def _is_item(fit: ColumnMapping, item: Item) -> bool:
    return len(item) >= max(2, (len(fit.columns) + 1) // 2) or len(fit.columns) == len(item) > 0


def _add_missing(fit: ColumnMapping, item: Item, more: Item) -> None:
    """Add to an item the values that it lacks from a row below it."""
    for path, span in more.items():
        if path in fit.columns:
            item.setdefault(path, span)


def _short(field: Field, span: Span) -> bool:
    return cell_shape(field) not in ("text", "name", "title") and len(span.text) < 24


def _cell(layout: Layout, fit: ColumnMapping, cell: Cell | None, field: Field) -> Span | None:
    if cell is None:
        return None
    shape = cell_shape(field)
    inside = lay_out(layout.document, *cell)
    start, end = cell
    text = layout.text[start:end]
    if shape == "percent" and "%" not in text and _is_not_rate(layout, fit, fit.columns[field.path], text):
        return None
    if shape in ("text", "word", "name", "title", "identifier", "clause"):
        return Span(start=start, end=end, text=text, value=" ".join(text.split()))
    spans = [s for s in FINDERS[shape](inside, field) if s.value is not None and satisfies_schema(field, s)]
    spans = [s for s in spans if shape != "percent" or abs(amount_of(s)) <= MAX_RATE_PERCENT]
    return max(spans, key=lambda s: _form(s, shape), default=None)


def _is_not_rate(layout: Layout, fit: ColumnMapping, column: int, text: str) -> bool:
    """Whether a cell without "%" is no rate: most cells of its column have "%", or more numbers than this one."""
    most, fewest = _rates(layout, fit, column)
    return most or fewest > len(_NUMBERS.findall(text))


def _rates(layout: Layout, fit: ColumnMapping, column: int) -> tuple[bool, int]:
    """Return whether most cells of a column have "%", and the fewest numbers in one that has (0: one cell at most); computed once."""
    rows = fit.grid.rows  # of one table there are several, below each of its headers
    key = ("rates", fit.grid.start, fit.grid.is_table, len(rows), tuple(rows[0].items()), column)
    if key not in layout.memory:
        cells = [layout.text[slice(*row[column])] for row in rows if column in row]
        rates = [len(_NUMBERS.findall(c)) for c in cells if "%" in c]
        layout.memory[key] = 2 * len(rates) > len(cells), min(rates) if len(rates) > 1 else 0
    found: tuple[bool, int] = layout.memory[key]
    return found


def _form(span: Span, shape: str) -> int:
    percent = bool(span.hints.get("percent"))
    return bool(span.hints.get("money")) - 2 * percent if shape == "money" else percent * (shape == "percent")


def _with_unit(layout: Layout, item: Item, fields: Sequence[Field]) -> Item:
    """Return the item with the unit that is printed in the cell of the quantity."""
    means = {c.key: f.path for f in fields if (c := line_concept(f))}
    quantity, unit = item.get(means.get("quantity", "")), means.get("unit")
    if quantity is None or unit is None or unit in item:
        return item
    m = _UNIT.match(layout.text, quantity.end)
    if not m or "\n" in m[0] or "\t" in m[0]:
        return item
    start, end = m.span("unit")
    return {**item, unit: Span(start=start, end=end, text=m["unit"], value=m["unit"])}


def _with_count(layout: Layout, fit: ColumnMapping, item: Item, fields: Sequence[Field]) -> Item:
    """Return the item with the count before its description: "2 x Tea", or "2 Tea" below "Qty Item"."""
    means = {c.key: f for f in fields if (c := line_concept(f))}
    count, words = means.get("quantity"), means.get("item_description")
    if count is None or words is None or count.path in item or words.path not in item:
        return item
    span = item[words.path]
    m = _COUNT.match(layout.text, span.start, span.end)
    if m is None or not (m["times"] or "quantity" in words_of(fit.grid.heads.get(fit.columns[words.path], "")).split()):
        return item
    rest, number = layout.text[m.end() : span.end], m["count"]
    left = Span(start=m.end(), end=span.end, text=rest, value=" ".join(rest.split()))
    items_with_units = Span(
        start=m.start(), end=m.end("count"), text=number, value=number_value(count, Decimal(number), number)
    )
    return {**item, words.path: left, count.path: items_with_units}


def _with_date(layout: Layout, item: Item, fields: Sequence[Field]) -> Item:
    """Return the item with the date and the description that stand in one cell, the date first, where one of them is missing."""
    words = next((f.path for f in fields if (c := line_concept(f)) and c.key == "item_description"), "")
    dated = next((f for f in fields if cell_shape(f) == "date"), None)
    if dated is None or not words or (dated.path in item) is (words in item):
        return item
    if words in item:
        return _with_date_of_words(layout, item, dated, words)
    text = re.split(r"\t| {3,}|\n", layout.text[item[dated.path].end : layout.end], maxsplit=1)[0]
    rest = _rest(item[dated.path].end, text)
    return {**item, words: rest} if rest else item


def _with_date_of_words(layout: Layout, item: Item, dated: Field, words: str) -> Item:
    span = item[words]
    first = next(iter(FINDERS["date"](lay_out(layout.document, span.start, span.end), dated)), None)
    rest = _rest(first.end, layout.text[first.end : span.end]) if first and first.start == span.start else None
    return {**item, dated.path: first, words: rest} if first and rest else item


def _rest(start: int, text: str) -> Span | None:
    """Return the words of a text behind what separates them from a date; None where there are none."""
    left = text.lstrip(" -:,")
    if not any(c.isalpha() for c in left):
        return None
    end = start + len(text)
    return Span(start=end - len(left), end=end, text=left, value=" ".join(left.split()))


def _split_by_sign(items: list[Item], fit: ColumnMapping, fields: Sequence[Field]) -> list[Item]:
    """Split signed amounts into money in and money out, without signs."""
    means = {c.key: f for f in fields if (c := line_concept(f))}
    out, into = means.get("money_out"), means.get("money_in")
    if out is None or into is None or len({out.path, into.path} & set(fit.columns)) != 1:
        return [_unsigned(i, [f for f in (out, into) if f]) for i in items]
    path = out.path if out.path in fit.columns else into.path
    signed = any(amount_of(i[path]) < 0 for i in items if path in i)
    return [_moved_by_sign(i, path, out, into) if signed else i for i in items]


def _unsigned(item: Item, fields: list[Field]) -> Item:
    return {p: _without_sign(s) if any(p == f.path for f in fields) else s for p, s in item.items()}


def _moved_by_sign(item: Item, path: str, out: Field, into: Field) -> Item:
    span = item.get(path)
    if span is None:
        return item
    side = out if amount_of(span) < 0 else into
    return {**{p: s for p, s in item.items() if p != path}, side.path: _without_sign(span)}


def _without_sign(span: Span) -> Span:
    return Span(start=span.start, end=span.end, text=span.text, value=without_minus(span.value), hints=span.hints)


def _first_words(layout: Layout, row: dict[int, Cell]) -> str:
    first = min(row.values())
    return plain(layout.text[first[0] : first[1]])[:40]


def _ends(layout: Layout, row: dict[int, Cell], others: tuple[str, ...]) -> bool:
    """Whether a row is a subtotal, a total, a tax line, or begins with one of other words; at most three cells."""
    if not row or len(row) > 3:
        return not row
    said = concepts_of_label(_first_words(layout, row), ("money",))
    return any(said.get(k, 0.0) >= TOTAL_MIN_LIKENESS for k in _TOTALS) or _first_words(layout, row).startswith(
        ("subtotal", "total ", *others)
    )


@cache
def _balance_words() -> tuple[str, ...]:
    """Return the words of balances that a statement prints above and below its bookings."""
    known = (concepts()[key] for key in _BALANCES)
    return tuple(f"{label} " for concept in known for label in (*concept.names, *concept.labels))


def _is_last(layout: Layout, row: dict[int, Cell]) -> bool:
    return concepts_of_label(_first_words(layout, row), ("money",)).get(
        "total", 0.0
    ) >= TOTAL_MIN_LIKENESS and "sub" not in _first_words(layout, row)
