"""Old Word, Excel and PowerPoint files, from streams made by code."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.office_files import source_of
from tests.ole_files import doc_streams, ole, ppt_streams, xls_streams
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source

STORIES = [
    "Order 4711\rSee \x13 HYPERLINK x \x14the terms\x15.\rArticle\x07Amount\x07\x07Ink\x073.50\x07\x07After\r",
    "A footnote\r",
    "Header text\r",
    "",
    "Check this — now\r",
]


def read(path: Path, options: ReadOptions | None = None) -> Document:
    """The Document of a file, through the auction."""
    return read_source(source_of(path), options or ReadOptions(), Spool(path.parent / "spool")).document


def blocks(document: Document) -> list[tuple[BlockKind, str]]:
    """(kind, text) of each Block."""
    return [(kind, document.text[start:end]) for start, end, kind, _ in document.blocks]


def test_doc_stories_and_tables(tmp_path: Path) -> None:
    """Pieces of both widths, fields by their result, rows by their marks, each story with its kind and part."""
    document = read(ole(tmp_path / "order.doc", doc_streams(STORIES)))
    assert blocks(document) == [
        (BlockKind.PARAGRAPH, "Order 4711"),
        (BlockKind.PARAGRAPH, "See the terms."),
        (BlockKind.TABLE, "Article\tAmount\nInk\t3.50"),
        (BlockKind.PARAGRAPH, "After"),
        (BlockKind.PARAGRAPH, "A footnote"),
        (BlockKind.HEADER, "Header text"),
        (BlockKind.COMMENT, "Check this — now"),
    ]
    assert document.part_at(document.text.index("A footnote")) == "footnote"


def test_doc_refusals(tmp_path: Path) -> None:
    """Encryption and rights management have their own codes."""
    with pytest.raises(InputProblem, match="password_protected"):
        read(ole(tmp_path / "locked.doc", doc_streams(STORIES, flags=0x0300)))
    with pytest.raises(InputProblem, match="rms_protected"):
        read(ole(tmp_path / "managed.doc", {**doc_streams(STORIES), "\tDRMContent": b"x"}))


def test_ppt_slides(tmp_path: Path) -> None:
    """A page a slide with its size; listed texts come first, then those that stand only in the drawing."""
    document = read(ole(tmp_path / "deck.ppt", ppt_streams("Budget", "Only drawn")))
    assert blocks(document) == [(BlockKind.HEADING, "Budget"), (BlockKind.PARAGRAPH, "Only drawn")]
    assert (document.pages.width[0], document.pages.height[0]) == (720.0, 540.0)


def test_xls_cells(tmp_path: Path) -> None:
    """Cells have their names; a hidden sheet is left out and named, or read where asked for."""
    cells: dict[tuple[int, int], str | float] = {(1, 1): "Rate", (1, 2): "Value", (2, 1): "Base", (2, 2): 2.5}
    path = ole(tmp_path / "rates.xls", xls_streams(cells, hidden=True))
    assert [n.code for n in read(path).notes] == ["hidden_text"]
    document = read(path, ReadOptions(hidden_text=True))
    assert document.part_at(document.text.index("Base")) == "Rates!B3"
    assert document.part_at(document.text.index("2.5")) == "Rates!C3"
    assert {n.code for n in document.notes} == {"hidden_kept"}


@pytest.mark.parametrize("kind", ["doc", "ppt", "xls"])
@pytest.mark.parametrize("at", range(0, 12_000, 977))
def test_flipped_bytes_give_text_or_a_problem(kind: str, at: int, tmp_path: Path) -> None:
    """Sixteen bytes overwritten anywhere: a Document or a Problem, in time."""
    streams = {
        "doc": doc_streams(STORIES),
        "ppt": ppt_streams("Budget", "Only drawn"),
        "xls": xls_streams({(0, 0): "a", (0, 1): 1.0}),
    }
    path = ole(tmp_path / f"broken.{kind}", streams[kind])
    data = bytearray(path.read_bytes())
    at = 512 + at % (len(data) - 528)
    data[at : at + 16] = b"\xff" * 16
    path.write_bytes(data)
    with contextlib.suppress(Problem):  # any other exception fails the test; the auction gives each Problem its code
        read(path)
