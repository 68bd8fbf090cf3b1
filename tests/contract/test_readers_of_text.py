"""What every reader of text promises, whatever the bytes."""

from __future__ import annotations

import importlib
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import READERS, read_source
from thresher.service.readers.sources import make_source

FORMATS: dict[str, tuple[bytes, str, str]] = {
    "a.txt": (b"Dear Sir,\n\ntotal 12.50", "12.50", "line 3"),
    "data.csv": (b"id,name\n1,Pen\n\n2,Ink\n", "Ink", "data!B4"),
    "data.tsv": ("id\tname\n1\tCafé\n".encode("latin-1"), "Café", "data!B2"),
    "a.json": (b'{"a": 1,\n "b": "caf\\u00e9"}', "café", "line 2"),
    "a.jsonl": (b'{"a": 1}\n{"a": 22}\n', "22", "line 2"),
    "a.xml": (b"<o><line><n>1</n></line><line><n c='x'>22</n></line></o>", "22", "/o/line[2]/n"),
    "a.html": (b"<html><body><h1>Bill</h1><p>Total <b>12.50</b></p></body></html>", "12.50", "line 2"),
    "a.md": (b"# Bill\n\n- Pen\n  - [x] Ink  2.00\n\n| a | b |\n|---|---|\n| 1 | 12.50 |\n", "12.50", "line 8"),
    "a.ics": (
        b"BEGIN:VCALENDAR\r\nSUMMARY:Board mee\r\n ting\r\nDTSTART:20240414T090000Z\r\nEND:VCALENDAR",
        "2024-04-14",
        "line 4",
    ),
    "a.vcf": (
        b"BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg\nTEL;CELL:+43 660\nEND:VCARD\n",
        "+43 660",
        "line 3",
    ),
}


def read(name: str, data: bytes, options: ReadOptions | None = None) -> Reading:
    """The Reading of bytes under a name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read_source(make_source(path), options or ReadOptions(), Spool(Path(folder) / "spool"))


def check(document: Document) -> None:
    """The laws of a Document: Blocks in order, apart and inside the text; nothing written stands outside them."""
    ranges = [(s, e) for s, e, _, _ in document.blocks]
    assert all(0 <= s < e <= len(document.text) for s, e in ranges)
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    covered = "".join(document.text[s:e] for s, e in ranges)
    assert len("".join(covered.split())) == len("".join(document.text.split()))


@pytest.mark.parametrize("name", FORMATS)
def test_a_value_and_its_place(name: str) -> None:
    """Each format gives its text, and the place that a person can look up."""
    data, value, part = FORMATS[name]
    document = read(name, data).document
    check(document)
    at = document.text.index(value)
    assert document.anchor(at, at + len(value)).part == part
    assert not document.notes


@pytest.mark.parametrize("name", [*FORMATS, "a.bin"])
@settings(max_examples=15, deadline=None)
@example(noise=b"\xef\xbb\xbf", cut=200)  # a line of nothing that is seen
@given(noise=st.binary(min_size=1, max_size=300), cut=st.integers(0, 200))
def test_noise_is_a_document_or_a_problem(name: str, noise: bytes, cut: int) -> None:
    """Any bytes, also spliced into good ones, give a lawful Document or an InputProblem."""
    good = FORMATS.get(name, (b"", "", ""))[0]
    try:
        document = read(name, good[:cut] + noise + good[cut:]).document
    except InputProblem:
        return
    check(document)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"[" * 20_000 + b"7" + b"]" * 20_000),
        ("a.xml", b"<a>" * 20_000 + b"7" + b"</a>" * 20_000),
        ("a.html", b"<html>" + b"<div>" * 20_000 + b"7"),
        (
            "b.html",
            b"<html><style>div div{color:red}.a{display:none}</style>" + b"<div style='font-size:9px'>" * 20_000 + b"7",
        ),
        ("a.rtf", b"{\\rtf1 " + b"{" * 20_000 + b"7" + b"}" * 20_000 + b"}"),
        ("a.md", b"> " * 20_000 + b"7"),
        ("b.md", b"".join(b"  " * i + b"- 7\n" for i in range(200))),
        ("c.md", b"*" * 20_000 + b"7" + b"*" * 20_000),
        ("d.md", b"[" * 20_000 + b"7" + b"](x)" * 20_000),
    ],
)
def test_deep_nesting_keeps_its_core(name: str, data: bytes) -> None:
    """20,000 levels are no reason to lose what stands in the middle."""
    document = read(name, data).document
    assert "7" in document.text
    check(document)


@many(60)
@given(st.lists(st.sampled_from([
    *("{", "}", "\\par ", "\\cell ", "\\row ", "\\trowd\\clvmrg\\cellx9 ", "\\'83", "\\'5c", "\\\\", "\\{", "A", "\\f1 ", "\\u8364?", "\\uc2 "),
    *("\\u-10179?", "\\super ", "\\strike ", "\\v ", "\\fs1 ", "\\footnote ", "\\*\\fldinst FORMCHECKBOX", "\\intbl ", "\\bin3 xyz", "\\pict "),
]), max_size=60))  # fmt: skip
def test_any_tokens_of_rtf_are_a_document(tokens: list[str]) -> None:
    """Words, groups and bytes of RTF in any order give a lawful Document or an InputProblem."""
    head = "{\\rtf1{\\fonttbl{\\f0 A;}{\\f1\\fcharset128 B;}}"
    try:
        document = read("a.rtf", (head + "".join(tokens)).encode()).document
    except InputProblem:
        return
    check(document)


@many(60)
@given(
    st.text(
        alphabet="ab1 \n\t,;|\u200b\u200c\u200d\u2060\ufeff\ufe0f\U000e0041\U0001f3f4\U000e007f\u0645\u0915\u094d",
        max_size=80,
    ),
    st.sampled_from(["a.txt", "a.csv", "a.md", "a.html"]),
)
def test_characters_that_show_nothing_leave_a_lawful_document(text: str, name: str) -> None:
    """Wherever such characters stand, Blocks, tables and lines keep naming the text without them."""
    try:
        document = read(name, f"x {text}".encode()).document
    except InputProblem:
        return
    check(document)
    assert not set("\u200b\u2060\ufeff\U000e0041") & set(document.text)
    for table in document.tables:
        assert all(0 <= a <= b <= len(document.text) for r in range(len(table)) for a, b, _ in table.cells(r))


def test_entities_are_not_expanded() -> None:
    """Neither bombs nor files come in by way of a DTD."""
    laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]><l>&b;&f;x</l>'
    document = read("a.xml", laughs.encode()).document
    assert document.text == "l: &b;&f;x"
    assert [n.code for n in document.notes] == ["expansion_limit"]


def test_xml_that_breaks_off() -> None:
    """What was whole before the break is kept, and the break is told; without any, the text itself is."""
    document = read("a.xml", b"<o><n>1</n><n>2</n><n").document
    assert document.text == "o:\n  n: 1\n  n: 2"
    assert [n.code for n in document.notes] == ["corrupt_partial"]
    assert read("b.xml", b"<?xml version='1.0'?><<").document.notes[0].code == "corrupt_partial"


def test_ragged_rows_and_an_open_quote() -> None:
    """Rows keep the length they have; a quote that is never closed does not swallow the file."""
    table = read("a.csv", b"a,b\n1\n2,3,4\n").document.tables[0]
    assert [len(table.cells(r)) for r in range(len(table))] == [2, 1, 3]
    document = read("b.csv", b'a,b\n"' + b"x,y\n" * 3000).document
    assert len(document.tables[0]) == 3001
    assert [n.code for n in document.notes] == ["corrupt_partial"]


def test_a_name_that_lies() -> None:
    """The content decides, and a Note says so."""
    document = read("a.pdf", FORMATS["a.html"][0]).document
    assert document.source.media_type == "text/html"
    assert [n.code for n in document.notes] == ["type_mismatch"]


def test_one_mail_under_the_line_of_a_mailbox() -> None:
    """An EML file that was saved with its "From " line is a mail."""
    mail = b"From a@b.c Mon Jan  1 00:00:00 2024\nFrom: a@b.c\nTo: d@e.f\nSubject: Bill\n\nhello\n"
    document = read("a.eml", mail).document
    assert document.source.media_type == "message/rfc822"
    assert not document.notes


@pytest.mark.parametrize(
    ("name", "data", "options", "code"),
    [
        ("a.txt", b"", ReadOptions(), "zero_byte"),
        ("a.txt", b"x" * 99, ReadOptions(limits=Limits(size=50)), "too_large"),
        ("a.txt", b"x" * 99, ReadOptions(limits=Limits(characters=50)), "too_large"),
        ("a.bin", b"\0\1\2\3" * 99, ReadOptions(), "unsupported_type"),
        ("a.exe", b"MZ" + b"\0" * 99, ReadOptions(), "unsupported_type"),
    ],
)
def test_one_clear_problem(name: str, data: bytes, options: ReadOptions, code: str) -> None:
    """What can not be read has one stable code."""
    with pytest.raises(InputProblem) as problem:
        read(name, data, options)
    assert problem.value.code == code


def test_every_lot_has_its_readers() -> None:
    """Each module of the registry loads and shows a name, a bid and a read."""
    for lot in READERS:
        module = importlib.import_module(lot.module)
        for reader in getattr(module, "READERS", None) or (module.reader,):
            assert reader.name
            assert callable(reader.confidence)
            assert callable(reader.read)
