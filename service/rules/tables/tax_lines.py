"""Read taxes from lines that print a rate and an amount, where no table sums them up or a table was misread."""

from __future__ import annotations

import re
from decimal import Decimal

from thresher.schemas.target import Field, Target
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import ZERO, amount_of, decimal_mark, number_value, parse_number
from thresher.service.rules.spans.span import Span
from thresher.service.rules.tables.table_items import item_fields
from thresher.service.rules.tables.tax_rows import TaxRow, tax_rows

MAX_TAX_SHARE = Decimal("0.36")  # of the net amount; the largest tax on it
ROUNDING_TOLERANCE = Decimal("0.06")  # of an amount; sums of rounded lines may differ so much
_AMOUNT = r"\d{1,3}(?:[.,' ]\d{3}){0,12}[.,]\d{2}(?![\d%])"
_TAX_LINE = re.compile(
    r"^(?=.{0,60}$)\D{0,24}?\b(?:vat|tax|gst|hst|pst|mwst|ust|umsatzsteuer|mehrwertsteuer|tva|iva|btw|moms|pvm)\b\D{0,20}?(?P<rate>\d{1,2}(?:[.,]\d{1,2})?)\s?%"
    rf"\D{{0,24}}(?P<first>{_AMOUNT})?\D{{0,12}}(?P<second>{_AMOUNT})?\D{{0,6}}$",
    re.IGNORECASE,
)


def find_taxes(layout: Layout, target: Target, pattern: str) -> list[Item]:
    """Return the items of a list of tax rates and amounts, from lines like "VAT 20 % on 100.00  20.00"."""
    wanted = {c.key: f for f in item_fields(target, pattern) if (c := line_concept(f))}
    rate, tax, net = wanted.get("tax_rate"), wanted.get("tax"), wanted.get("tax_base")
    if rate is None or tax is None:
        return []
    items: list[Item] = []
    for row in layout.rows:
        start, end = layout.pieces[row[0]].start, layout.pieces[row[-1]].end
        m = _TAX_LINE.match(layout.text[start:end].replace("\t", " ")) if start < end else None
        if m and m["first"]:
            last = "second" if m["second"] else "first"
            parts = {"rate": rate, last: tax} | ({"first": net} if m["second"] and net else {})
            items.append({f.path: _span(layout, f, start + m.start(g), start + m.end(g)) for g, f in parts.items()})
    return items


def corrected_tax_items(layout: Layout, target: Target, pattern: str, items: list[Item]) -> list[Item]:
    """Return a tax list's items if each multiplies out; else those of tax rows; else without the wrong ones."""
    wanted = {c.key: f for f in item_fields(target, pattern) if (c := line_concept(f))}
    rate, tax, net = wanted.get("tax_rate"), wanted.get("tax"), wanted.get("tax_base")
    if rate is None or tax is None:
        return items
    rows = tax_rows(layout)
    taken = {row.net[0] for row in rows}
    if all(_comes_out(layout, i, rate, tax, net) and not (tax.path in i and i[tax.path].start in taken) for i in items):
        return items
    made = [_item_of(layout, row, rate, tax, net) for row in rows]
    return made or [i for i in items if _comes_out(layout, i, rate, tax, net)]


def _comes_out(layout: Layout, item: Item, rate: Field, tax: Field, net: Field | None) -> bool:
    """Whether an item's tax is its rate of its net amount; with one of them missing, whether the rate looks like one."""
    share, part, whole = (item.get(f.path) if f else None for f in (rate, tax, net))
    if part and whole and abs(amount_of(part)) > MAX_TAX_SHARE * abs(amount_of(whole)):
        return False
    if share is None:
        return part is not None
    if part is None:
        return layout.text[share.end : share.end + 2].strip().startswith("%")
    if whole is None:
        return layout.text[share.end : share.end + 2].strip().startswith("%") or not re.search(r"[.,]\d\d$", share.text)
    a, b, c = (amount_of(s) for s in (share, part, whole))
    return bool(abs(abs(a * c) / 100 - abs(b)) < max(ROUNDING_TOLERANCE, abs(b) / 100))


def _item_of(layout: Layout, row: TaxRow, rate: Field, tax: Field, net: Field | None) -> Item:
    places = {rate.path: (rate, row.rate), tax.path: (tax, row.amount)} | ({net.path: (net, row.net)} if net else {})
    return {path: _span(layout, f, *at) for path, (f, at) in places.items() if at}


def _span(layout: Layout, field: Field, start: int, end: int) -> Span:
    text = layout.text[start:end]
    number = parse_number(text, decimal_mark(layout.text)) or ZERO
    return Span(
        start=start,
        end=end,
        text=text,
        value=number_value(field, number, text),
        score=1.0,
        label_points=1.0,
        hints={"number": number},
    )
