"""Attacks by old office files: stories, pieces and pictures that were lost without a Note."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.office_files import source_of
from tests.ole_files import doc_streams, ole, xls_streams
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source


def read(path: Path) -> Reading:
    """The Reading of a file."""
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(path.parent / "spool"))


def test_text_boxes_of_headers_are_read(tmp_path: Path) -> None:
    """They are the eighth story of a Word file: a letterhead, or what is stamped over each page."""
    stories = ["Letter\r", "", "", "", "", "", "", "Account 9,250.00\r"]
    document = read(ole(tmp_path / "a.doc", doc_streams(stories))).document
    assert (document.text, document.notes) == ("Letter\nAccount 9,250.00", [])


def test_a_piece_behind_the_end_of_the_text_is_missed(tmp_path: Path) -> None:
    """A Word file that was cut has text that its table of pieces names and its stream does not hold."""
    streams = doc_streams(["Total due: 9,250.00 " + "and more " * 900 + "\r"])
    streams["WordDocument"] = streams["WordDocument"][:4500]
    document = read(ole(tmp_path / "a.doc", streams)).document
    assert document.text.startswith("Total due: 9,250.00")
    assert [n.code for n in document.notes] == ["corrupt_partial"]


def blip(head: bytes, body: bytes) -> bytes:
    """A picture's record: head of instance and type, and 17 bytes before its file."""
    return head + struct.pack("<I", 17 + len(body)) + bytes(17) + body


@pytest.mark.parametrize(
    ("head", "start", "suffix"),
    [
        (b"\x00n\x1e\xf0", b"\x89PNG", "png"),
        (b"\x00n\x1e\xf0", b"\xff\xd8\xff", "jpg"),  # whatever its type says
        (b"\xa0F\x2a\xf0", b"\xff\xd8\xff", "jpg"),  # of CMYK
        (b"\x40n\x29\xf0", b"II*\0", "tif"),
        (b"\x40=\x1a\xf0", b"drawing", "emf"),
        (b"\x80z\x1f\xf0", b"bitmap", "dib"),
    ],
)
def test_pictures_of_old_files_are_children(head: bytes, start: bytes, suffix: str, tmp_path: Path) -> None:
    """What no reader takes is a child, too, so that its name and a Note say that it is there."""
    record = blip(head, start.ljust(200, b"x"))
    word = {**doc_streams(["Letter\r"]), "Data": record}
    book = xls_streams({(0, 0): "Total"})
    drawing = (
        struct.pack("<HH", 0x00EB, 100) + record[:100] + struct.pack("<HH", 0x003C, len(record) - 100) + record[100:]
    )
    book["Workbook"] += drawing
    for path in [ole(tmp_path / "a.doc", word), ole(tmp_path / "a.xls", book)]:
        assert [child.name for child in read(path).children] == [f"picture1.{suffix}"]
