"""Packets from real PDFs: read, split, and every part as if its file had come alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from tests.pdf_maker import Page, Pdf, lines
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import reader
from thresher.service.splitting import split_by_code

INBOX = Path(__file__).parents[2] / "samples" / "inbox"
FILES = ("invoice-azure.pdf", "contract-supply.pdf", "invoice-discounts.pdf")

Read = Callable[[Path], Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a PDF without OCR."""

    def _read(path: Path) -> Document:
        source = Source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
        return reader.read(source, ReadOptions(ocr="off"), Spool(tmp_path / "spool")).document

    return _read


@pytest.fixture
def packet(tmp_path: Path) -> Path:
    """Three files of the sample inbox in one."""
    path = tmp_path / "packet.pdf"
    with pypdfium2.PdfDocument.new() as whole:
        for name in FILES:
            with pypdfium2.PdfDocument(INBOX / name) as one:
                whole.import_pages(one)
        whole.save(path)
    return path


def test_each_part_is_as_if_it_had_come_alone(packet: Path, read: Read) -> None:
    """Boundaries are where files were joined, and each part has its file's text and boxes, on the packet's pages."""
    parts, alone = split_by_code(read(packet), Policy()), [read(INBOX / name) for name in FILES]
    assert [p.text for p in parts] == [d.text for d in alone]
    assert [len(p.pages) for p in parts] == [len(d.pages) for d in alone]
    before = 0
    for part, document in zip(parts, alone, strict=True):
        start = document.text.index(" ") + 1
        there, here = document.anchor(start, start + 5), part.anchor(start, start + 5)
        assert (here.page, here.boxes) == ((there.page or 0) + before, there.boxes)
        before += len(document.pages)


@pytest.mark.parametrize("name", [*FILES, "invoice-scanned.pdf"])
def test_a_file_by_itself_stays_whole(name: str, read: Read) -> None:
    """No sample is torn apart."""
    document = read(INBOX / name)
    assert split_by_code(document, Policy()) == [document]


def test_fonts_are_known_page_by_page(read: Read, tmp_path: Path) -> None:
    """By the names that the file gives; none where there is no text."""
    path = tmp_path / "a.pdf"
    path.write_bytes(Pdf().write([Page(lines(72, 700, ["Some words"])), Page("")]))
    assert read(path).pages.fonts == ["Helvetica", ""]
