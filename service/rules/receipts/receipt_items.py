"""Read the items of a receipt row by row, only where their prices add up to a printed total.

A receipt has no table: the words of an item may stand in the row of its price or in rows above or below it, and the count
before the words or next to the unit price. A matching sum proves that no price is missing and none belongs to something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, pairwise

from thresher.schemas.target import Field, Target
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.receipts.receipt_rows import ReceiptRow, names_item, rows_of_receipt
from thresher.service.rules.receipts.receipt_totals import item_region, proved_rows
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT_TOLERANCE, ZERO, decimal_mark, number_value, parse_number
from thresher.service.rules.spans.prose import is_data, is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.tables.list_sums import matches_total
from thresher.service.rules.tables.table_items import item_fields

MAX_ITEMS = 200  # items on one receipt
MAX_WORD_ROWS = 3  # most rows of the words of one item
GROUP_BY_CONCEPT = {
    "quantity": "quantity",
    "item_description": "description",
    "line_total": "amount",
    "unit_price": "unit_price",
    "item_code": "code",
    "line_number": "position",
}
NUMBERED_MIN_ITEMS = 3  # items from which numbers before the words that count them are no quantities
COUNT_BEFORE_WORDS = re.compile(r"(?P<quantity>\d{1,3})\s?[xX×*@]\s?(?=[^\W_])|(?P<bare>\d{1,2})\s+(?=[^\W_])")
_TAXED = re.compile(r"(?<!\s)\s+(?:\*[A-Z]|SR|ZRL?|ZRE|SVC|OS|ES|NR)$")  # a tax code after the words
_SIZE = re.compile(r" *\d+(?![\w.,])")  # a figure after the words that is no price: a size
_CENTS = re.compile(r"[.,]\d{2}$")
_CODED = re.compile(r"(?P<code>\d{4,})\s+(?=[^\W\d_])")
_FIGURE = re.compile(r"(?<![\w.,])(?:RM|US\$|[$€£@S])?\s?(?P<digits>\d[\d,]*(?:\.\d{1,3})?|\.\d{2})")
_GROUPED = re.compile(
    r"(?<![\w.,])(?P<digits>\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,12},\d{2})(?!\d)"
)  # thousands parted by blanks
Range = tuple[int, int]


def find_receipt_items(layout: Layout, target: Target, pattern: str) -> list[Item]:
    """Return the items of a list with description and amount, if the amounts add up to a printed total; else []."""
    wanted = {group: f for f in item_fields(target, pattern) if (group := row_part_of(f))}
    if "description" not in wanted or "amount" not in wanted or is_prose(layout) or is_data(layout):
        return []
    rows = rows_of_receipt(layout)
    priced = proved_rows(rows)
    words = _word_ranges(rows, priced, item_region(rows)[1])
    if not priced or len(priced) > MAX_ITEMS or not all(words):
        return []
    pairs = [(rows[i], w) for i, w in zip(priced, words, strict=True) if w is not None]
    bare = _meaning_of_numbers([COUNT_BEFORE_WORDS.match(layout.text, row.start, row.end) for row, _ in pairs])
    return [_item(layout, row, w, wanted, bare) for row, w in pairs]


def _meaning_of_numbers(before: Sequence[re.Match[str] | None]) -> str:
    """Return the part that bare numbers before the words of all items are: "position" where they count the items; "" for none."""
    if not all(before):
        return ""
    bare = [int(m["bare"]) for m in before if m and m["bare"]]
    runs = bare == list(range(1, len(before) + 1))
    return "position" if runs and len(before) >= NUMBERED_MIN_ITEMS else "quantity"


def row_part_of(field: Field) -> str:
    """Return the part of a receipt row that an item's field stands for; "" for none."""
    concept = line_concept(field)
    return GROUP_BY_CONCEPT.get(concept.key, "") if concept else ""


def _word_ranges(rows: Sequence[ReceiptRow], priced: list[int], last: int) -> list[Range | None]:
    """Return the range of each priced row's item words: in the row, or in rows above, or else below."""
    if all(rows[i].is_named for i in priced):
        return [(rows[i].start, rows[i].head) for i in priced]
    bounds = [*priced, last]
    below = [_adjacent_word_rows(rows, range(i + 1, j)) for i, j in pairwise(bounds)]
    above = [_adjacent_word_rows(rows, range(i - 1, h, -1)) for h, i in pairwise([-1, *priced])]
    above[0] = above[0][: max((len(a) for a in above[1:]), default=1)]
    chosen = above if above[0] or rows[priced[0]].is_named else below
    return [
        (rows[i].start, rows[i].head) if rows[i].is_named else _range_of(rows, near)
        for i, near in zip(priced, chosen, strict=True)
    ]


def _adjacent_word_rows(rows: Sequence[ReceiptRow], order: range) -> list[int]:
    """Return consecutive rows of words, starting next to a priced row."""
    found: list[int] = []
    for i in order:
        if not rows[i].is_part or len(found) == MAX_WORD_ROWS:
            break
        found.append(i)
    return found


def _range_of(rows: Sequence[ReceiptRow], chosen: list[int]) -> Range | None:
    """Return the range from the first to the last row with words, or of all rows where none has words."""
    some = [i for i in chosen if rows[i].is_words] or chosen
    return (rows[min(some)].start, rows[max(some)].end) if some else None


def _item(layout: Layout, row: ReceiptRow, words: Range, wanted: dict[str, Field], bare: str) -> Item:
    found = _parts_of_words(layout, words, bare)
    apart = None
    if not row.is_named and "quantity" not in found:
        apart = COUNT_BEFORE_WORDS.match(layout.text, row.start, row.end)
    if apart and (part := _part_of(apart, bare)):
        found[part] = apart.span(apart.lastgroup or 0)
    if row.amount:
        found["amount"] = row.amount[:2]
        priced = _count_and_price(layout, row, None if apart else found.get("quantity"))
        upto = min((at for at, _ in priced.values() if at >= row.head), default=row.amount[0])
        more = _SIZE.match(layout.text, row.head, upto) if row.is_named else None
        found |= priced | ({"description": (found["description"][0], more.end())} if more else {})
    spans = {f.path: _span(layout, f, g, found[g], row) for g, f in wanted.items() if g in found}
    return {path: s for path, s in spans.items() if s.value is not None}


def _part_of(number: re.Match[str], bare: str) -> str:
    """Return the part that a number before words is: with a sign of multiplication a quantity, else what bare ones are."""
    return "quantity" if number["quantity"] else bare


def _parts_of_words(layout: Layout, words: Range, bare: str) -> dict[str, Range]:
    """Return the ranges of an item's words and of the number and code before them."""
    start, end = words
    found: dict[str, Range] = {}
    m = COUNT_BEFORE_WORDS.match(layout.text, start, end)
    if m and (part := _part_of(m, bare)):
        found[part] = m.span(m.lastgroup or 0)
        start = m.end()
    if (m := _CODED.match(layout.text, start, end)) and names_item(layout.text[m.end() : end]):
        found["code"], start = m.span("code"), m.end()
    text = _TAXED.sub("", layout.text[start:end]).rstrip(" \t-:@")
    return {**found, "description": (start, start + len(text))}


def _count_and_price(layout: Layout, row: ReceiptRow, counted: Range | None) -> dict[str, Range]:
    """Return the ranges of a count, which may stand before the words, and a unit price that multiply to the amount."""
    if row.amount is None:
        return {}
    before = row.start if not row.is_named else row.head
    figures = list(_figures(layout, before, row.amount[0]))
    whole = [
        f for f in reversed(figures) if not _CENTS.search(layout.text[slice(*f[0])])
    ]  # the last one is next to the price
    counts = [(counted, parse_number(layout.text[slice(*counted)]) or ZERO)] if counted else [*whole, *figures]
    for count, n in counts:
        for price, p in figures:
            made = count != price and n and n == round(n, 3) and abs(n * p - abs(row.amount[2])) < CENT_TOLERANCE
            if made and _in_order(layout, count, price):
                return {"quantity": count, "unit_price": price}
    return {}


def _in_order(layout: Layout, count: Range, price: Range) -> bool:
    """Whether the price has cents or the count has none."""
    cents = [bool(_CENTS.search(layout.text[slice(*r)])) for r in (count, price)]
    return cents[1] or not cents[0]


def _figures(layout: Layout, start: int, end: int) -> Iterator[tuple[Range, Decimal]]:
    mark = decimal_mark(layout.text)
    for m in chain(_GROUPED.finditer(layout.text, start, end), _FIGURE.finditer(layout.text, start, end)):
        number = parse_number(m["digits"], mark)
        if number is not None:
            yield m.span("digits"), number


def _span(layout: Layout, field: Field, group: str, at: Range, row: ReceiptRow) -> Span:
    text = layout.text[slice(*at)]
    if group in ("description", "code"):
        value: object = " ".join(text.split())
        return Span(start=at[0], end=at[1], text=text, value=value, score=1.0, label_points=1.0)
    number = parse_number(text, decimal_mark(layout.text)) or ZERO
    number = -number if group == "amount" and row.amount and row.amount[2] < 0 else number
    value = number_value(field, number, text)
    return Span(start=at[0], end=at[1], text=text, value=value, score=1.0, label_points=1.0, hints={"number": number})


def better_items(table: list[Item], receipt: list[Item], layout: Layout, target: Target, pattern: str) -> list[Item]:
    """Choose between the items of a table and those of receipt rows: the table's if proved and as complete."""
    if not receipt or not table:
        return receipt or table
    means = {group: f.path for f in item_fields(target, pattern) if (group := row_part_of(f))}
    described = all((s := i.get(means["description"])) is not None and names_item(s.text) for i in table)
    proved = matches_total(layout, table, means["amount"]) and all(means["amount"] in i for i in table)
    return table if described and proved and sum(map(len, table)) >= sum(map(len, receipt)) else receipt
