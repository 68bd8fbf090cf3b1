"""What other parsers have read is an input: element JSON of unstructured, Docling's JSON, and unstructured itself by name."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.columns import BlockKind
from thresher.schemas.document import Document
from thresher.schemas.errors import SetupProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.registry import read_source
from thresher.service.readers.sources import make_source

ROOT = Path(__file__).parents[2]
WITHOUT = find_spec("unstructured") is None
LAYOUT = {"layout_width": 1700, "layout_height": 2200}


def element(kind: str, text: str, page: int = 1, **metadata: Any) -> dict[str, Any]:
    """An element as unstructured writes it."""
    return {"type": kind, "element_id": f"{kind}-{text}", "text": text, "metadata": {"page_number": page, **metadata}}


def at(x0: float, y0: float, x1: float, y1: float, system: str = "PixelSpace", **layout: float) -> dict[str, Any]:
    """Coordinates of an element."""
    return {"points": [[x0, y0], [x0, y1], [x1, y1], [x1, y0]], "system": system, **(layout or LAYOUT)}


ELEMENTS = [
    element("Title", "Invoice 7", coordinates=at(100, 200, 500, 260), category_depth=0, filename="bill.pdf"),
    element("ListItem", "Pay within 30 days", coordinates=at(100, 300, 700, 340)),
    element(
        "Table",
        "Item Price Pen 2.00",
        text_as_html="<table><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>2.00</td></tr></table>",
    ),
    element(
        "NarrativeText",
        "Total due: 2.00 EUR",
        3,
        coordinates=at(72, 92, 272, 80, "PointSpace", layout_width=612, layout_height=792),
    ),
    element("Footer", "Acme Ltd", 3),
    element("PageBreak", "", 3),
]
DOCLING: dict[str, Any] = {
    "schema_name": "DoclingDocument",
    "version": "1.7.0",
    "name": "bill",
    "origin": {"mimetype": "application/pdf", "binary_hash": 1, "filename": "bill.pdf"},
    "furniture": {"self_ref": "#/furniture", "children": [], "label": "unspecified", "name": "_root_"},
    "body": {"self_ref": "#/body", "children": [{"$ref": r} for r in ("#/texts/1", "#/groups/0", "#/tables/0")], "name": "_root_"},
    "groups": [{"self_ref": "#/groups/0", "children": [{"$ref": "#/texts/0"}], "label": "list"}],
    "texts": [
        {
            "self_ref": "#/texts/0", "label": "list_item", "text": "Pay within 30 days", "enumerated": True, "marker": "1.",
            "prov": [{"page_no": 1, "bbox": {"l": 50, "t": 700, "r": 300, "b": 688, "coord_origin": "BOTTOMLEFT"}, "charspan": [0, 18]}],
        },
        {
            "self_ref": "#/texts/1", "label": "section_header", "level": 2, "text": "Invoice 7",
            "prov": [{"page_no": 1, "bbox": {"l": 50, "t": 72, "r": 200, "b": 90, "coord_origin": "TOPLEFT"}, "charspan": [0, 9]}],
        },
        {"self_ref": "#/texts/2", "label": "page_footer", "text": "Acme Ltd", "content_layer": "furniture", "prov": []},
    ],
    "tables": [
        {
            "self_ref": "#/tables/0", "label": "table", "captions": [{"$ref": "#/texts/2"}],
            "prov": [{"page_no": 2, "bbox": {"l": 50, "t": 700, "r": 400, "b": 600, "coord_origin": "BOTTOMLEFT"}, "charspan": [0, 0]}],
            "data": {
                "num_rows": 2, "num_cols": 2,
                "table_cells": [
                    {"text": text, "start_row_offset_idx": r, "start_col_offset_idx": c, "column_header": r == 0,
                     "bbox": {"l": 50 + 100 * c, "t": 100 + 20 * r, "r": 140 + 100 * c, "b": 115 + 20 * r, "coord_origin": "TOPLEFT"}}
                    for r, row in enumerate((("Item", "Price"), ("Pen", "2.00"))) for c, text in enumerate(row)
                ],
            },
        }
    ],
    "pictures": [],
    "pages": {str(n): {"page_no": n, "size": {"width": 612.0, "height": 792.0}} for n in (1, 2)},
}  # fmt: skip


def read(folder: Path, name: str, content: object, **options: Any) -> Reading:
    """The Reading of a file with some content: bytes as they are, anything else as JSON."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_source(make_source(path), ReadOptions(**options), Spool(folder / "spool"))


def where(document: Document, text: str) -> tuple[int | None, tuple[tuple[float, ...], ...]]:
    """Page and boxes of a text's Anchor."""
    start = document.text.index(text)
    anchor = document.anchor(start, start + len(text))
    return anchor.page, anchor.boxes


def kinds(document: Document) -> list[tuple[str, BlockKind]]:
    """Text and kind of each Block."""
    return [(document.text[a:b], kind) for a, b, kind, _ in document.blocks]


def test_elements_are_blocks_with_their_places(tmp_path: Path) -> None:
    """Types become kinds, coordinates boxes on pages of the layout's size, HTML of a table its cells."""
    document = read(tmp_path, "bill.json", ELEMENTS).document
    assert kinds(document) == [
        ("Invoice 7", BlockKind.HEADING),
        ("Pay within 30 days", BlockKind.LIST_ITEM),
        ("Item\tPrice\nPen\t2.00", BlockKind.TABLE),
        ("Total due: 2.00 EUR", BlockKind.PARAGRAPH),
        ("Acme Ltd", BlockKind.FOOTER),
    ]
    assert where(document, "Invoice 7") == (1, ((100, 200, 500, 260),))
    assert where(document, "Total due: 2.00 EUR") == (3, ((72, 700, 272, 712),))
    assert where(document, "Acme Ltd") == (3, ())
    assert (document.pages.width[0], document.pages.height[2]) == (1700, 792)
    assert document.facts["filename"] == "bill.pdf"


def test_a_box_that_is_no_place_is_left_out(tmp_path: Path) -> None:
    """Infinite coordinates would be no JSON in a Result; the text stays."""
    infinite = element("Title", "x", coordinates={**at(0, 0, 1, 1), "points": [[float("inf"), 0], [1, 1]]})
    assert where(read(tmp_path, "a.json", [infinite]).document, "x") == (1, ())


def test_docling_is_read_in_the_order_of_its_body(tmp_path: Path) -> None:
    """Headings, items with their marks, cells with a box each, and what the body does not reach comes too."""
    document = read(tmp_path, "bill.json", DOCLING).document
    assert kinds(document) == [
        ("Invoice 7", BlockKind.HEADING),
        ("1. Pay within 30 days", BlockKind.LIST_ITEM),
        ("Item\tPrice\nPen\t2.00", BlockKind.TABLE),
        ("Acme Ltd", BlockKind.FOOTER),
    ]
    assert where(document, "Invoice 7") == (1, ((50, 72, 200, 90),))
    assert where(document, "1. Pay within 30 days") == (1, ((50, 92, 300, 104),))
    assert where(document, "2.00") == (2, ((150, 120, 240, 135),))
    assert document.tables[0].header_rows == 1


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "Title", "element_id": "1", "text": 5, "metadata": {}}],
        [{"type": "Title", "element_id": "1", "text": "x", "metadata": []}],
        {"schema_name": "Other", "about": "DoclingDocument"},
        b'[{"type": "Title", "element_id": "1", "text": "cut", "metadata": {',
        b'{"schema_name": "DoclingDocument", "texts": [',
        {"schema_name": "DoclingDocument", "texts": [5], "body": {"children": [{"$ref": "#/texts/0"}]}},
        {
            **DOCLING,
            "tables": [{"self_ref": "#/tables/0", "data": {**DOCLING["tables"][0]["data"], "num_rows": 10**9}}],
        },
        {**DOCLING, "texts": [{"self_ref": "#/texts/1", "text": "x", "prov": [{"page_no": 10**9}]}]},
        [element("Title", "x", 10**9)],
        {**DOCLING, "body": {"self_ref": "#/body", "children": [{"$ref": "#/body"}, 7]}},
    ],
)
def test_what_only_looks_like_it_is_read_as_json(tmp_path: Path, content: object) -> None:
    """Nothing is lost where the form is broken: the text stands as it is in the file."""
    document = read(tmp_path, "a.json", content).document
    assert document.text.strip() == (tmp_path / "a.json").read_text("utf-8")


@pytest.mark.skipif(not WITHOUT, reason="unstructured is installed")
def test_without_the_extra_the_name_says_what_to_install(tmp_path: Path) -> None:
    """A code with the extra's name."""
    with pytest.raises(SetupProblem, match=r"thresher\[unstructured\]") as missing:
        read(tmp_path, "a.md", b"# Bill\n", reader="unstructured")
    assert missing.value.code == "extra_missing"


def test_files_that_hold_others_stay_ours(tmp_path: Path) -> None:
    """A mail is not given to unstructured, which would leave its attachments out."""
    mail = b"From: a@example.org\nSubject: Bill\n\nTotal 5\n"
    document = read(tmp_path, "a.eml", mail, reader="unstructured").document
    assert document.kind == "mail"


@pytest.mark.slow
@pytest.mark.skipif(WITHOUT, reason="NOT CHECKED: the extra unstructured is not installed")
def test_unstructured_reads_by_name_and_offline(tmp_path: Path) -> None:
    """In the reading process, with no network: what it partitions becomes Blocks."""
    (tmp_path / "a.html").write_text("<html><body><h1>Bill 7</h1><p>The total of this bill is 5 EUR.</p></body></html>")
    code = f"""
import socket, sys
def refused(*_, **__): raise SystemExit("a connection")
socket.socket.connect = refused
from pathlib import Path
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source
from thresher.service.readers.sources import make_source
options = ReadOptions(reader="unstructured")
reading = read_source(make_source(Path({str(tmp_path / "a.html")!r})), options, Spool(Path({str(tmp_path / "spool")!r})))
assert "unstructured" in sys.modules
print(reading.document.text)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["Bill 7", "The total of this bill is 5 EUR."]


@pytest.mark.slow
def test_element_json_through_the_pool(tmp_path: Path) -> None:
    """As every reading goes: in a worker process."""
    path = tmp_path / "bill.json"
    path.write_text(json.dumps(ELEMENTS))

    async def through() -> Document:
        async with ReaderPool(tmp_path / "spool", workers=1) as pool:
            return (await pool.read(make_source(path), ReadOptions())).document

    assert where(asyncio.run(through()), "Invoice 7") == (1, ((100, 200, 500, 260),))
