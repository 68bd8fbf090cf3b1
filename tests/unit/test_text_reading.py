"""Text to Blocks, charsets, delimited forms and types: everything that needs no file."""

from __future__ import annotations

import doctest
import importlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.readers.charset import decode
from thresher.service.readers.detection.signatures import by_signature
from thresher.service.readers.detection.text_types import is_text, text_type
from thresher.service.readers.header_row import names_columns
from thresher.service.readers.text.csv_reader import detect_form
from thresher.service.readers.text.json_scan import scan, unescape
from thresher.service.readers.text.plain_blocks import write_prose

MODULES = "charset header_row pool detection.signatures detection.text_types text.csv_reader text.json_scan text.plain_blocks text.plain_columns"


def prose(text: str) -> Document:
    """The Document of a plain text."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="text")
    builder.document.by_line = True
    write_prose(builder, text)
    return builder.build()


def blocks(text: str) -> list[tuple[str, str]]:
    """Kind and text of each Block."""
    document = prose(text)
    return [(kind.name, document.text[s:e]) for s, e, kind, _ in document.blocks]


@pytest.mark.parametrize("module", MODULES.split())
def test_examples_in_docstrings(module: str) -> None:
    """What the docstrings show is what happens."""
    assert doctest.testmod(importlib.import_module(f"thresher.service.readers.{module}")).failed == 0


def test_headings_items_and_paragraphs() -> None:
    """Underlines, capitals and bullets are seen; wrapped lines stay together."""
    text = "Report\n======\n\nTERMS OF SALE\n\nWe sell\nas is.\n\n- one\n  more\n- two\n1. three\n"
    assert blocks(text) == [
        ("HEADING", "Report\n======"),
        ("HEADING", "TERMS OF SALE"),
        ("PARAGRAPH", "We sell\nas is."),
        ("LIST_ITEM", "- one\n  more"),
        ("LIST_ITEM", "- two"),
        ("LIST_ITEM", "1. three"),
    ]


def test_a_printed_table() -> None:
    """Columns between gutters are cells, gaps and all; the evidence is the line of the file."""
    document = prose(
        "Bill\n\nItem          Qty    Price\nPen             2     2.00\nBig pad               9.50\n\nThanks\n"
    )
    (table,) = document.tables
    rows = [[(document.text[a:b], c) for a, b, c in table.cells(r)] for r in range(len(table))]
    assert rows == [
        [("Item", 0), ("Qty", 1), ("Price", 2)],
        [("Pen", 0), ("2", 1), ("2.00", 2)],
        [("Big pad", 0), ("9.50", 2)],
    ]
    assert table.header_rows == 1
    assert document.anchor(*document.tables[0].row_range(2)).part == "line 5"


def test_prose_with_wide_blanks_is_no_table() -> None:
    """Typists put two blanks after a full stop; that makes no columns."""
    text = "He came.  She went away.\nThen it rained.  They stayed.\nNobody  spoke of it again."
    assert not prose(text).tables


def test_pages_begin_at_form_feeds() -> None:
    """A form feed begins a page and is no character; lines keep their numbers."""
    document = prose("one\n\ftwo\n\fthree")
    assert document.text == "one\ntwo\nthree"
    assert [document.page_at(document.text.index(w)) for w in ("one", "two", "three")] == [1, 2, 3]


@given(st.text(alphabet="ab1 |-=.\t\n\f*A:", max_size=400))
def test_blocks_cover_all_that_is_written(text: str) -> None:
    """Blocks are in order, do not overlap, and leave out nothing but white space; so do the cells of tables."""
    document = prose(text)
    ranges = [(s, e) for s, e, _, _ in document.blocks]
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    covered = "".join(document.text[s:e] for s, e in ranges)
    assert "".join(covered.split()) == "".join(text.split())
    for table in document.tables:
        assert all(a <= b for a, b in zip(table.start, table.end, strict=True))
        assert all(a <= b for a, b in pairwise(table.start))


@pytest.mark.parametrize(
    ("data", "text", "charset"),
    [
        ("Grüße".encode("utf-8-sig"), "Grüße", "utf-8-sig"),
        ("Grüße".encode("utf-16"), "Grüße", "utf-16"),
        ("Grüße, alle".encode("utf-16-be"), "Grüße, alle", "utf-16-be"),
        ("Grüße – 5 €".encode("cp1252"), "Grüße – 5 €", "cp1252"),
        (b"a\r\nb\rc\n\0d", "a\nb\nc\n d", "utf-8"),
        (("Привет, как дела? Это обычный русский текст. " * 9).encode("koi8-r"), None, "koi8-r"),
        (("これは日本語の文章です。請求書の合計金額は千円です。" * 9).encode("shift_jis"), None, "cp932"),
    ],
)
def test_charsets(data: bytes, text: str | None, charset: str) -> None:
    """Marks, strict UTF-8, zeros, and a guess from the odd lines."""
    found = decode(data)
    assert found.charset.replace("shift_jis", "cp932").replace("shift_jis_2004", "cp932") == charset
    assert text is None or found.text == text
    assert not found.notes


def test_a_loss_is_told() -> None:
    """A few broken bytes do not turn UTF-8 into Latin letters, and are counted."""
    found = decode("viele Größen und Längen, ".encode() * 200 + b"\xff" + b" und noch mehr")
    assert found.charset == "utf-8"
    assert [n.code for n in found.notes] == ["decode_loss"]
    assert "1 characters" in found.notes[0].message


@pytest.mark.parametrize(
    ("sample", "delimiter", "columns"),
    [
        ("a,b,c\n1,2,3\n", ",", 3),
        ("name;price\nPen;2,50\nInk;3,00\n", ";", 2),
        ("a\tb\n1,5\t2\n", "\t", 2),
        ("x|y|z\n1|2,3|4\n5|6|7,8\n", "|", 3),
        ('a,b\n"x\ny;z",2\n', ",", 2),
        ("sep=;\n1;2\n", ";", 2),
        ("one\ntwo\n", ",", 1),
    ],
)
def test_delimited_forms(sample: str, delimiter: str, columns: int) -> None:
    """The delimiter is the one that gives even rows."""
    form = detect_form(sample)
    assert (form.columns, form.delimiter if columns > 1 else ",") == (columns, delimiter)


@pytest.mark.parametrize(
    ("first", "below", "named"),
    [
        (["id", "name"], [["1", "Pen"]], True),
        (["1", "Pen"], [["2", "Ink"]], False),
        (["Date", "", "Sum"], [["2024-01-01", "x", "1"]], True),
        (["a", "a"], [["1", "2"]], False),
        (["id", "name"], [], False),
    ],
)
def test_header_rows(first: list[str], below: list[list[str]], named: bool) -> None:  # noqa: FBT001 - a truth table
    """A first row of short, different names over values is a header."""
    assert names_columns(first, below) is named


def test_records_of_json() -> None:
    """Lists of objects are found at any level, JSON Lines too, and what is inside a record stays in it."""
    text = '{"n": 2, "rows": [{"a": 1, "b": [{"x": 1}, {"x": 2}]}, {"a": 2}], "k": [1]}'
    (rows,) = scan(text).lists
    assert [text[r.start : r.end] for r in rows.rows] == ['{"a": 1, "b": [{"x": 1}, {"x": 2}]}', '{"a": 2}']
    assert [text[s:e] for s, e, _ in rows.rows[0].members] == ['"a": 1', '"b": [{"x": 1}, {"x": 2}]']
    (lines,) = scan('{"a": 1}\n{"a": 2}\n').lists
    assert len(lines.rows) == 2


@pytest.mark.parametrize("text", ["[" * 20_000, '{"a":' * 20_000, "]" * 20_000, '"\\', "{]", '{"a" 1'])
def test_json_of_any_depth_or_damage(text: str) -> None:
    """Depth costs no recursion, damage is told."""
    assert scan(text).broken is not None or text.startswith('{"a" ')


@given(st.text(max_size=60))
def test_unescaping_undoes_ascii_json(text: str) -> None:
    """Text that was escaped for transport comes back where it can be printed, and means the same."""
    import json

    assert json.loads(unescape(json.dumps(text, ensure_ascii=True))) == json.loads(json.dumps(text))


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nhi", "message/rfc822"),
        (b"Received: from x\n\tby y\nMessage-ID: <1@x>\n\nhi", "message/rfc822"),
        (b"From: the desk of Ann\n\nDear all,", "text/plain"),
        (b"From a@b.c Mon Jan  1 00:00:00 2024\nFrom: a@b.c\n\nhi", "application/mbox"),
        (b"From here on 2024 it rained\nand rained", "text/plain"),
        (b"<!DOCTYPE html><p>x", "text/html"),
        (b"<!-- hi --><HTML>", "text/html"),
        (b"<?xml version='1.0'?><a/>", "application/xml"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html>", "text/html"),
        (b"<order><line>1</line></order>", "application/xml"),
        (b"<svg xmlns='x'>", "image/svg+xml"),
        (b'{"a": 1}', "application/json"),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson"),
        (b"[1, 2]", "application/json"),
        (b"[see above] and so on", "text/plain"),
        (b"{see above}", "text/plain"),
        (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
        ("Subject: x\r\nFrom: a@b.c\r\nDate: y\r\n\r\nhi".encode("utf-16"), "message/rfc822"),
        (b"<3 you all", "text/plain"),
    ],
)
def test_kinds_of_text(head: bytes, media_type: str) -> None:
    """Formats with a recognisable start are told from prose that looks alike."""
    assert text_type(head) == media_type


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\0\0garbage\r\n%PDF-1.4\n%\xe2\xe3\n1 0 obj", "application/pdf"),
        (b"The line %PDF-1.4\nbegins a PDF.", None),
        (b"PK\3\4", "application/zip"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"!BDN", "application/vnd.ms-outlook-pst"),
        (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
        (b"BM is how it begins", None),
    ],
)
def test_signatures(head: bytes, media_type: str | None) -> None:
    """Fixed bytes at fixed places, and nothing that only mentions them."""
    assert by_signature(head) == media_type


@pytest.mark.parametrize(
    ("data", "text"), [(b"\0\1\2\3" * 99, False), (bytes(range(256)), False), (b"caf\xe9\n", True)]
)
def test_binary_is_no_text(data: bytes, text: bool) -> None:  # noqa: FBT001 - a truth table
    """Control characters give binary away."""
    assert is_text(data) is text
