"""Read a list of objects from lines of one shape where there is no table, as on a receipt.

A line is an item if it ends with an amount and begins with words that are no total; the list ends at the first total.
A count before the words ("2 x Bread 3.10") and a second line with count and price are split into values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.schemas.target import Field, Target
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import ZERO, decimal_mark, number_value, parse_number
from thresher.service.rules.spans.span import Span
from thresher.service.rules.tables.table_items import item_fields

_ITEM_LINE = re.compile(
    r"^(?:(?P<quantity>\d{1,3})\s?[xX×*]\s?(?=[^\W\d])|(?P<count>\d{1,2})\s+(?=[^\W\d]{3}))?(?P<description>\S.*?[^\W\d].*?)\s+(?:(?P<code>[A-Z]{1,2})\s)?[$€£]?\s?(?P<amount>[-−]?\d{1,3}(?:[.,]\d{3})*[.,]\d{2})\s?-?[A-Z*]{0,3}$"
)
_ITEM_END = re.compile(  # how such a line ends: without it the pattern above takes the square of a line to say no
    r"\s(?:[A-Z]{1,2}\s)?[$€£]?\s?[-−]?\d{1,3}(?:[.,]\d{3})*[.,]\d{2}\s?-?[A-Z*]{0,3}$"
)
_QUANTITY_LINE = re.compile(
    r"^(?:.*\s)?(?P<quantity>\d{1,3}(?:\.\d{1,3})?)\s?(?:[xX×*@]|pcs?|kg)\s?@?\s?[$€£]?(?P<unit_price>\d+[.,]\d{2})\s+(?:[$€£]?\s?(?P<amount>\d+[.,]\d{2}))\s?[A-Z*]{0,3}$"
)
_TOTAL_CONCEPTS = ("total", "net_total", "tax", "rounding", "tendered", "change", "amount_due")
_GROUP_BY_CONCEPT = {
    "quantity": "quantity",
    "item_description": "description",
    "line_total": "amount",
    "unit_price": "unit_price",
    "line_number": "position",
}
LINE_MAX_CHARS = 500  # characters; a longer line is no item, and the patterns would take the cube of its length
MIN_LINES = 2  # fewest lines of a list
NUMBERED_MIN_LINES = 3  # lines from which numbers before their words that count them are no quantities
_NUMBER = re.compile(r"(?P<position>\d{1,4})\s+(?=[^\W\d])")


def find_repeats(layout: Layout, target: Target, pattern: str) -> list[Item]:
    """Return the items of a list with a description and an amount, from lines of one shape; [] for too few lines."""
    wanted = {group: f for f in item_fields(target, pattern) if (group := _group(f))}
    if "description" not in wanted or "amount" not in wanted:
        return []
    items = [item for item in _items(layout, wanted) if item]
    return _with_positions(layout, items, wanted) if len(items) >= MIN_LINES else []


def _with_positions(layout: Layout, items: list[Item], wanted: dict[str, Field]) -> list[Item]:
    """Return items with the numbers before their words as positions, where these count the items; else as they are."""
    numbers = [m for item in items if (m := _number_before(layout, item, wanted))]
    if len(items) < NUMBERED_MIN_LINES or [int(m["position"]) for m in numbers] != list(range(1, len(items) + 1)):
        return items
    made = []
    for item, m in zip(items, numbers, strict=True):
        words = item[wanted["description"].path]
        rest = {path: span for path, span in item.items() if span.start != m.start()}  # the number is no quantity
        rest |= _description_of(layout, (max(words.start, m.end()), words.end), wanted)
        made.append(rest | _cells(layout, 0, m, {"position": wanted["position"]} if "position" in wanted else {}, "."))
    return made


def _number_before(layout: Layout, item: Item, wanted: dict[str, Field]) -> re.Match[str] | None:
    """Return the bare number with which an item's words begin, or which stands before them as its quantity."""
    words = item.get(wanted["description"].path)
    if words is None:
        return None
    count = item.get(wanted["quantity"].path) if "quantity" in wanted else None
    before = _NUMBER.match(layout.text, count.start) if count else None
    return before if before and before.end() == words.start else _NUMBER.match(layout.text, words.start, words.end)


def _group(field: Field) -> str:
    concept = line_concept(field)
    return _GROUP_BY_CONCEPT.get(concept.key, "") if concept else ""


def _items(layout: Layout, wanted: dict[str, Field]) -> Iterator[Item]:
    mark, above, begun = decimal_mark(layout.text), None, False
    for row in layout.rows:
        start, end = layout.pieces[row[0]].start, layout.pieces[row[-1]].end
        text = layout.text[start:end]
        if start >= end or "\n" in text.strip() or len(text) > LINE_MAX_CHARS:
            above = None
            continue
        if _is_total(text):
            if begun:
                return
            above = None
            continue
        second, line = _QUANTITY_LINE.match(text), _ITEM_END.search(text) and _ITEM_LINE.match(text)
        if second and above is not None and (sum(c.isalpha() for c in text) < 4 or not line):
            found = {**_description_of(layout, above, wanted), **_cells(layout, start, second, wanted, mark)}
            begun = True
            yield found
            above = None
        elif line and sum(c.isalpha() for c in line["description"]) > 2:
            begun = True
            yield _cells(layout, start, line, wanted, mark)
            above = None
        else:
            above = (start, end) if sum(c.isalpha() for c in text) > 2 else None


def _description_of(layout: Layout, line: tuple[int, int], wanted: dict[str, Field]) -> Item:
    text = layout.text[line[0] : line[1]]
    span = Span(start=line[0], end=line[1], text=text, value=" ".join(text.split()), score=1.0, label_points=1.0)
    return {wanted["description"].path: span}


def _is_total(text: str) -> bool:
    words = plain(re.sub(r"(?<![\d.,])[\d.,]+\s*$", "", text))
    scores = concepts_of_label(words, ("money",)) if len(words) < 40 else {}
    return any(scores.get(k, 0.0) >= 0.72 for k in _TOTAL_CONCEPTS) or words.startswith(
        ("subtotal", "sub total", "total", "gesamt", "summe")
    )


def _cells(layout: Layout, at: int, m: re.Match[str], wanted: dict[str, Field], mark: str) -> Item:
    item: Item = {}
    for group, field in wanted.items():
        name = "count" if group == "quantity" and "count" in m.groupdict() and m["count"] else group
        if name not in m.groupdict() or not m[name]:
            continue
        start, end = at + m.start(name), at + m.end(name)
        text = layout.text[start:end]
        number = parse_number(text, mark) or ZERO
        number = -number if text[:1] in "-−" else number
        value = " ".join(text.split()) if group == "description" else number_value(field, number, text.lstrip("-−"))
        item[field.path] = Span(start=start, end=end, text=text, value=value, score=1.0, label_points=1.0)
    return item
