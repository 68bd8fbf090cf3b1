"""Write what charts of a workbook show: titles, labels, and data that no visible sheet holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thresher.schemas.document import DocumentBuilder
from thresher.service.readers.archives.zip_package import Package
from thresher.service.readers.office.ooxml_drawing import chart_rows
from thresher.service.readers.office.xlsx.xlsx_parts import Sheet


def write_charts(builder: DocumentBuilder, package: Package, sheets: list[Sheet]) -> None:
    """Write the charts of sheets, those on sheets of their own too. Data that come from cells of `sheets` stand there already."""
    written = set[str]()
    names = {sheet.name.casefold() for sheet in sheets if "chartsheets/" not in sheet.part}
    for sheet in sheets:
        for root in _charts(package, sheet, written):
            title, rows = chart_rows(root)
            builder.part(f"chart on {sheet.name}")
            if _sources(root) <= names:
                own = [
                    v.text.strip() for v in root.iterfind(".//{*}ser/{*}tx/{*}v") if v.text
                ]  # series that no cell names
                builder.block("\n".join(filter(None, [title, *own])))
            else:
                builder.block(title)
                builder.table(rows, header_rows=1)
    builder.part("")


def _charts(package: Package, sheet: Sheet, written: set[str]) -> Iterator[Any]:
    """Yield the charts of a sheet that are not among the parts `written`, and add them: one part may be named many times."""
    drawings = [v.target for v in package.links(sheet.part).values() if v.type == "drawing"]
    for drawing in drawings:
        for link in package.links(drawing).values():
            if link.type not in {"chart", "chartEx"} or link.external or link.target in written:
                continue
            written.add(link.target)
            root = package.xml(link.target)
            if root is not None:
                yield root


def _sources(root: Any) -> set[str]:
    """Return the sheets whose cells a chart's values come from; "" for values of the chart's own."""
    found = {(f.text or "").rpartition("!")[0].strip("'").replace("''", "'").casefold() for f in root.iter("{*}f")}
    return found | {"" for _ in root.iter("{*}numLit")}
