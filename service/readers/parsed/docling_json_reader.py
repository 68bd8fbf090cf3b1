"""Docling's JSON (a DoclingDocument, as `export_to_dict` writes it): its body in order, with pages and boxes.

What the body does not reach (page furniture, texts that nothing refers to) comes after it: nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from thresher.schemas.document import BlockKind, Box
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.parsed.elements import Element, Place, Sizes, document_of
from thresher.service.readers.text.plain_reader import load_text

SCHEMA = "DoclingDocument"
CELLS_MAX = 4_000_000  # of one table
COLLECTIONS = ("groups", "texts", "pictures", "tables", "key_value_items", "form_items")
KINDS = {
    "title": BlockKind.HEADING,
    "section_header": BlockKind.HEADING,
    "list_item": BlockKind.LIST_ITEM,
    "page_header": BlockKind.HEADER,
    "page_footer": BlockKind.FOOTER,
    "footnote": BlockKind.PARAGRAPH,
    "checkbox_selected": BlockKind.FORM,
    "checkbox_unselected": BlockKind.FORM,
}
"""By the label of a text; any other is a paragraph."""


class DoclingJsonReader:
    """One DoclingDocument."""

    name = "docling-json"

    def confidence(self, head: bytes, source: Source) -> float:
        """High for JSON that names its schema; it does at the very top."""
        return 0.95 if source.media_type == "application/json" and b'"DoclingDocument"' in head[:4096] else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it holds nothing
        """The Document. Raises InputProblem(corrupt) for what is no DoclingDocument: it is read as plain JSON then."""
        try:
            whole = json.loads(load_text(source, options).text)
        except ValueError as error:
            raise InputProblem("corrupt", f"{source.path} is no JSON ({error})") from None
        if not isinstance(whole, dict) or whole.get("schema_name") != SCHEMA:
            raise InputProblem("corrupt", f"{source.path} is no {SCHEMA}")
        sizes = _sizes(whole)
        items = {i["self_ref"]: i for name in COLLECTIONS for i in whole.get(name) or () if "self_ref" in i}
        elements = [e for item in _in_order(whole, items) for e in _elements(item, sizes)]
        document = document_of(source, elements, sizes)
        origin = whole.get("origin") or {}
        document.facts.update(
            {k: str(v) for k, v in (("filename", origin.get("filename")), ("title", whole.get("name"))) if v}
        )
        return Reading(document)


reader = DoclingJsonReader()


def _sizes(whole: dict[str, Any]) -> dict[int, tuple[float, float]]:
    """Return the sizes of pages in points."""
    pages = (whole.get("pages") or {}).values()
    return {int(p["page_no"]): (float(p["size"]["width"]), float(p["size"]["height"])) for p in pages if p.get("size")}


def _in_order(whole: dict[str, Any], items: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every item once: what the body refers to, depth first, then the furniture, then the rest."""
    roots = [whole.get("body") or {}, whole.get("furniture") or {}, *items.values()]
    waiting, seen = roots[::-1], set[str]()
    while waiting:
        item = waiting.pop()
        ref = str(item.get("self_ref", ""))
        if ref in seen:
            continue
        seen.add(ref)
        below = [*(item.get("captions") or ()), *(item.get("children") or ()), *(item.get("footnotes") or ())]
        waiting += [items[r] for c in reversed(below) if (r := c.get("$ref", c.get("cref"))) in items]
        yield item


def _elements(item: dict[str, Any], sizes: Sizes) -> Iterator[Element]:
    """Yield what an item says; a group or a picture says nothing but its children."""
    if isinstance(item.get("text"), str):
        yield _text(item, sizes)
    elif (item.get("data") or {}).get("table_cells"):
        yield _table(item, sizes)
    for cell in (item.get("graph") or {}).get("cells") or ():
        yield replace(_text(cell, sizes), kind=BlockKind.FORM)


def _text(item: dict[str, Any], sizes: Sizes) -> Element:
    marker = f"{item['marker']} " if item.get("enumerated") and item.get("marker") else ""
    text = marker + str(item.get("text") or "")
    kind = KINDS.get(str(item.get("label")), BlockKind.PARAGRAPH)
    level = int(item.get("level") or 1) if kind in (BlockKind.HEADING, BlockKind.LIST_ITEM) else 0
    return Element(text=text, kind=kind, level=level, places=tuple(_places(item.get("prov"), text, sizes)))


def _places(provenance: Any, text: str, sizes: Sizes) -> Iterator[Place]:
    """Yield the places of a text, one for each page or column that it runs over."""
    given = [provenance] if isinstance(provenance, dict) else provenance or []
    for i, found in enumerate(given):
        start, end = (found.get("charspan") or (0, len(text))) if len(given) > 1 else (0, len(text))
        last = len(text) if i + 1 == len(given) else min(end, len(text))
        page = int(found.get("page_no") or 1)
        yield Place(start, last, page, _box(found.get("bbox"), page, sizes))


def _table(item: dict[str, Any], sizes: Sizes) -> Element:
    data, places = item["data"], tuple(_places(item.get("prov"), "", sizes))
    page = places[0].page if places else 1
    height, width = int(data.get("num_rows") or 0), int(data.get("num_cols") or 0)
    if height * width > CELLS_MAX:
        raise InputProblem("corrupt", f"a table of {height} by {width} cells")
    rows = [[""] * width for _ in range(height)]
    cells: dict[tuple[int, int], Place] = {}
    headers = set[int]()
    for cell in data["table_cells"]:
        row, column = int(cell["start_row_offset_idx"]), int(cell["start_col_offset_idx"])
        rows[row][column] = str(cell.get("text") or "")
        if (box := _box(cell.get("bbox"), page, sizes)) is not None:
            cells[row, column] = Place(0, 0, page, box)
        if cell.get("column_header"):
            headers.add(row)
    header_rows = next((r for r in range(len(rows)) if r not in headers), len(rows))
    return Element(rows=rows, places=places, cells=cells, header_rows=header_rows)


def _box(found: Any, page: int, sizes: Sizes) -> Box | None:
    """Return a box with the origin at the top left; None where it can not be told."""
    try:
        left, top, right, bottom = (float(found[side]) for side in "ltrb")
        if found.get("coord_origin", "TOPLEFT") == "BOTTOMLEFT":
            top, bottom = sizes[page][1] - top, sizes[page][1] - bottom
    except (TypeError, KeyError, ValueError):
        return None
    return left, min(top, bottom), right, max(top, bottom)
