"""Taxes: the lines that say which tax was charged at which rate, where no table sums them up."""

from __future__ import annotations

import re

from schemas.target import Field, Target
from service.candidates.columns import Item, line_concept
from service.candidates.items import fields_of
from service.candidates.layout import Layout
from service.candidates.numbers import decimal_mark, number_value, parse_number
from service.candidates.span import Span

_AMOUNT = r"\d{1,3}(?:[.,' ]\d{3})*[.,]\d{2}(?![\d%])"
_TAX = re.compile(
    r"^(?=.{0,60}$)\D{0,24}?\b(?:vat|tax|gst|hst|pst|mwst|ust|umsatzsteuer|mehrwertsteuer|tva|iva|btw|moms|pvm)\b\D{0,20}?(?P<rate>\d{1,2}(?:[.,]\d{1,2})?)\s?%"
    rf"\D{{0,24}}(?P<first>{_AMOUNT})?\D{{0,12}}(?P<second>{_AMOUNT})?\D{{0,6}}$",
    re.IGNORECASE,
)


def find_taxes(layout: Layout, target: Target, pattern: str) -> list[Item]:
    """Items of a list that wants rates and amounts of tax, from lines like "VAT 20 % on 100.00  20.00"."""
    wanted = {c.key: f for f in fields_of(target, pattern) if (c := line_concept(f))}
    rate, tax, net = wanted.get("tax_rate"), wanted.get("tax"), wanted.get("tax_base")
    if rate is None or tax is None:
        return []
    items: list[Item] = []
    for row in layout.rows:
        start, end = layout.pieces[row[0]].start, layout.pieces[row[-1]].end
        m = _TAX.match(layout.text[start:end].replace("\t", " ")) if start < end else None
        if m and m["first"]:
            last = "second" if m["second"] else "first"
            parts = {"rate": rate, last: tax} | ({"first": net} if m["second"] and net else {})
            items.append({f.path: _span(layout, f, start + m.start(g), start + m.end(g)) for g, f in parts.items()})
    return items


def _span(layout: Layout, field: Field, start: int, end: int) -> Span:
    text = layout.text[start:end]
    number = parse_number(text, decimal_mark(layout.text)) or 0.0
    return Span(start=start, end=end, text=text, value=number_value(field, number, text), score=1.0, told=1.0)
