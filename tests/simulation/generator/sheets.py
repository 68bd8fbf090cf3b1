"""Generated tables as workbooks and as web pages: typed cells, no pages, the rest of the noise kept."""

from __future__ import annotations

import html
import io
from datetime import date
from decimal import Decimal
from typing import Any

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import Layout, draw_layout
from tests.simulation.generator.lines import Setter
from tests.simulation.generator.make import noted, told
from tests.simulation.generator.nouns import Note, Row, Story, Value
from tests.simulation.generator.printed import DATES, show

FORMATS = {"signed": "+#,##0.00;-#,##0.00", "money": "#,##0.00", "count": "#,##0"}
_CODES = (("%Y", "yyyy"), ("%m", "mm"), ("%d", "dd"), ("%b", "mmm"), ("%B", "mmmm"))


def as_xlsx(kind: str, rows: int, seed: int, layout: Layout | None = None) -> bytes:
    """A workbook of one sheet. Figures and dates are typed, as their layout's formats show them."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(kind)

    def cell(value: Value, form: str) -> Any:
        made = WriteOnlyCell(sheet, value=value)
        made.number_format = form
        return made

    for values, forms in _grid(kind, rows, seed, layout or draw_layout(seed)):
        sheet.append([None if v is None else cell(v, f) for v, f in zip(values, forms, strict=True)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_html(kind: str, rows: int, seed: int, layout: Layout | None = None) -> str:
    """A web page with one table."""
    layout = layout or draw_layout(seed)
    setter = Setter(KINDS[kind], layout)
    signed = {c.name for c in KINDS[kind].columns if c.kind == "signed"}
    lines = []
    for values, _ in _grid(kind, rows, seed, layout):
        names = setter.names if len(values) == len(setter.names) else [""] * len(values)
        shown = [show(v, layout, signed=n in signed) for n, v in zip(names, values, strict=True)]
        lines.append("<tr>" + "".join(f"<td>{html.escape(s)}</td>" for s in shown) + "</tr>")
    return (
        f"<!DOCTYPE html>\n<html><head><title>{kind}</title></head><body><table>\n"
        + "\n".join(lines)
        + "\n</table></body></html>\n"
    )


def _grid(kind: str, rows: int, seed: int, layout: Layout) -> list[tuple[list[Value], list[str]]]:
    """Rows of values with their number formats; those shorter than a record are facts, notes and titles."""
    story = told(kind, rows, seed)
    setter = Setter(KINDS[kind], layout)
    forms = [_format(c.kind, layout) for c in setter.columns]
    grid = [_one(story.title), *_facts(kind, story, layout, last=False)]
    grid.append(([c.titles[layout.language % len(c.titles)] for c in setter.columns], ["General"] * len(forms)))
    for item in story.items:
        if isinstance(item, Note):
            grid.append(_one(noted(item, KINDS[kind], story, layout).text))
        elif isinstance(item, Row) or layout.totals:
            grid.append(([item.values.get(n) for n in setter.names], forms))
    return [*grid, *_facts(kind, story, layout, last=True)]


def _one(text: str) -> tuple[list[Value], list[str]]:
    return [text], ["General"]


def _facts(kind: str, story: Story, layout: Layout, *, last: bool) -> list[tuple[list[Value], list[str]]]:
    found: list[tuple[list[Value], list[str]]] = []
    for fact in KINDS[kind].facts:
        if fact.last == last:
            value = story.facts[fact.name]
            form = _format("date" if isinstance(value, date) else "money" if isinstance(value, Decimal) else "", layout)
            found.append(([fact.labels[layout.language % len(fact.labels)], value], ["General", form]))
    return found


def _format(kind: str, layout: Layout) -> str:
    if kind != "date":
        return FORMATS.get(kind, "General")
    form = DATES[layout.dates].replace(",", "\\,")
    for code, letters in _CODES:
        form = form.replace(code, letters)
    return form
