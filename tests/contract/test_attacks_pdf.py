"""Attacks by PDFs: figures that are drawn beside those of the text, and text that no reader of pages looks into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.office_files import source_of
from tests.pdf_maker import Page, Pdf, text
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source

_NINE = "q 1 0 0 1 {} 700 cm 1 5 m 1 9 6 9 6 6 c 6 3 1 3 1 6 c 6 6 m 6 2 4 0 2 0 c 3 1 l 4 1 5 3 5 5 c f Q "
_PICTURE = "q 7 0 0 9 {} 700 cm BI /W 8 /H 8 /CS /G /BPC 1 ID 12345678 EI Q "


def read(folder: Path, data: bytes) -> Document:
    """The Document of a PDF, without OCR."""
    path = folder / "a.pdf"
    path.write_bytes(data)
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(folder / "spool")).document


@pytest.mark.parametrize("drawn", [_NINE, _PICTURE])
@pytest.mark.parametrize(
    ("before", "after", "at", "noted"),
    [
        ("Total", "250.00", 96, True),  # before a number
        ("Total 9", "50.00", 98, True),  # within one
        ("Total 92", "", 104, True),  # behind one
        ("Phone", "250.00", 88, False),  # a sign with a gap, as of a telephone
        ("Total", "EUR", 96, False),  # beside no figure
    ],
)
def test_what_is_drawn_beside_a_figure_is_noted(
    drawn: str,
    before: str,
    after: str,
    at: int,
    noted: bool,  # noqa: FBT001 - a truth table
    tmp_path: Path,
) -> None:
    """A person sees one number; the text holds a part of it."""
    content = text(60, 700, before) + drawn.format(at) + (text(103 if at > 90 else 110, 700, after) if after else "")
    document = read(tmp_path, Pdf().write([Page(content)]))
    assert [(n.code, n.page) for n in document.notes] == ([("picture_unread", 1)] if noted else [])


@pytest.mark.parametrize(("cell", "noted"), [(b"BT /F 12 Tf 2 2 Td (9,250.00) Tj ET", True), (b"0 0 5 5 re f", False)])
def test_text_that_is_painted_through_a_pattern_is_noted(cell: bytes, noted: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A person sees it; PDFium gives no text of a pattern's cell."""
    pdf = Pdf()
    head = "/Type /Pattern /Patter#6eType 1 /PaintType 1 /TilingType 1 /BBox [0 0 99 50] /XStep 99 /YStep 50"
    number = pdf.stream(cell, f"{head} /Resources << /Font << /F 3 0 R >> >>")
    page = f"/Resources << /Font << /F 3 0 R >> /Pattern << /P {number} 0 R >> >>"
    content = text(60, 700, "Total") + "/Pattern cs /P scn 50 400 300 100 re f"
    document = read(tmp_path, pdf.write([Page(content, page)]))
    assert [n.code for n in document.notes] == ["picture_unread"] * noted
