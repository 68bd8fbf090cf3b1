"""Attacks by what is shown: texts in which a person sees another number than the characters say in their order."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.document import Document
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.result import Result
from thresher.service.exports.cells import UnfitError, typed
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import scripted
from thresher.service.pipeline import process
from thresher.service.readers.container_walk import read_tree
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source
from thresher.service.targets.loading import load_target

NUMBERS = {"title": "Bill", "type": "object", "properties": {"shown": {"type": "number"}, "other": {"type": "number"}}}


async def extracted(path: Path, says: Any, schema: dict[str, Any]) -> tuple[Document, Result[Any]]:
    """What comes of a file where the model says `says`."""
    found = await read_tree(make_source(path), InlineReader(path.parent), ReadOptions(ocr="off"))
    documents = [reading.document for reading in found]
    return documents[0], await process(engine_of(scripted(lambda _: says), load_target(schema), Policy()), documents)


@pytest.mark.parametrize(
    ("written", "shown", "other"),
    [
        ("\u202e00.5219\u202c", 9125.00, 5219.0),  # an override shows it backwards
        ("\u202e12.345\u202c", 543.21, 12.345),
        ("9\u00ad50.00", 950.00, 50.00),  # a soft hyphen within a line is not shown
        ("9\u200e250.00", 9250.00, 250.00),  # nor are marks of direction
        ("9\u061c250.00", 9250.00, 250.00),
        ("9\u2066250.00\u2069", 9250.00, 250.00),
        ("9\u2009250,00", 9250.00, 250.00),  # a thin space groups figures
        ("9\u2007250.00", 9250.00, 250.00),
        ("9\u02bc250.00", 9250.00, 250.00),  # so do apostrophes of other scripts
        ("9\u0332250.00", None, 250.00),  # a mark over both
        ("\u09ea00.00", None, 400.00),  # a Bengali 4 looks like an 8
        ("9\ufe0f250.00", 9250.00, 250.00),  # a selector of forms is not shown
        ("9\u20de250.00", None, 250.00),  # a frame around the 9
        ("l250.00", None, 250.00),  # in many fonts an l is a 1, an O is a 0
        ("9O250.00", None, 250.00),
        ("250.00\u041e", None, 250.00),
        ("9\u00b250.00", None, 50.00),  # a figure that is raised, a numeral, a figure with a point, one of a font's own
        ("\u2168250.00", None, 250.00),
        ("\u2490250.00", None, 250.00),
        ("9\ue004250.00", None, 250.00),
        ("9\u3002250", None, 250.00),  # signs like points, and a blank that is none
        ("9\u2800250", None, 250.00),
    ],
)
async def test_a_number_is_what_is_shown(tmp_path: Path, written: str, shown: float | None, other: float) -> None:
    """What a person reads is found where it stands; a part of it, or what the characters say in their order, is not."""
    path = tmp_path / "bill.txt"
    path.write_text(f"Invoice 7\nTotal due: {written} EUR\n", encoding="utf-8")
    _, result = await extracted(path, {"shown": shown, "other": other}, NUMBERS)
    assert {e.path for e in result.evidence if e.match != "none"} == (set() if shown is None else {"/shown"})


@pytest.mark.parametrize(
    "markup", ['<bdo dir="RTL">00.5219</bdo>', '<b style="unicode-bidi: bidi-override; direction: rtl">00.5219</b>']
)
async def test_html_that_is_shown_backwards_is_read_as_shown(tmp_path: Path, markup: str) -> None:
    """As with the characters for it."""
    path = tmp_path / "bill.html"
    path.write_text(f"<html><body><p>Total due: {markup} EUR</p></body></html>", encoding="utf-8")
    document, _ = await extracted(path, {"shown": None, "other": None}, NUMBERS)
    assert document.text == "Total due: 9125.00 EUR"


@pytest.mark.parametrize(
    ("html", "read", "notes"),
    [
        ("<p>Total due: <b>1</b>,000.00 EUR</p>", "1,000.00", {"versions_differ"}),
        ("<p>Total due: 19,000.00 EUR</p>", "19,000.00", {"versions_differ"}),  # not the number within a longer one
        ("<p>Total due: <b>9</b>,000.00 EUR</p>", "9,000.00", set()),
        ("<p>Total due: 9.000,00 EUR</p>", "9,000.00", set()),  # the same figures
        ("<p>Total due: 9,000.00 EUR, after a discount of 250.00</p>", "250.00", set()),  # says more
        ("<p>Total due to Robert Brown: 9,000.00 EUR</p>", "Robert Brown", set()),
        ("<p>Good day, see the plain text</p>", "9,000.00", set()),  # says less, and nothing else
    ],
)
async def test_a_mail_says_what_its_readers_see(tmp_path: Path, html: str, read: str, notes: set[str]) -> None:
    """Mail programs show the HTML: where it gives other numbers than the plain text, it is read, and a Note says so."""
    mail = EmailMessage()
    mail["Subject"] = "Invoice"
    mail.set_content("Total due: 9,000.00 EUR\nhttps://mail.example/12345678\n")
    mail.add_alternative(html, subtype="html")
    path = tmp_path / "bill.eml"
    path.write_bytes(mail.as_bytes())
    document, _ = await extracted(path, {"shown": None, "other": None}, NUMBERS)
    assert read in document.text
    assert {n.code for n in document.notes} == notes


@pytest.mark.parametrize("said", ["1e9999999", "123E9999999", "-1e99999999", "Infinity", "1" * 5000])
async def test_numbers_too_large_to_compute_with_end_no_file(tmp_path: Path, said: str) -> None:
    """A model may say anything in a text, and heads of tables multiply: the value is unsupported, no more."""
    path = tmp_path / "table.txt"
    path.write_text("Amounts in thousands\nA: 5\n", encoding="utf-8")
    schema = {"title": "X", "type": "object", "properties": {"a": {"type": "string"}}}
    _, result = await extracted(path, {"a": said}, schema)
    assert [r.code for r in result.reasons] == ["unsupported"]


@pytest.mark.parametrize(
    ("a", "b", "c"), [("99999999999999999999", "99999999999999999999", "5.00"), ("1e300", "1e300", "5.00"), ("2", "3", f"6.{'0' * 300}")]
)  # fmt: skip
async def test_computed_numbers_of_any_size_end_no_file(tmp_path: Path, a: str, b: str, c: str) -> None:
    """Products of many digits, and values with many decimals, are compared or left alone."""
    path = tmp_path / "sums.txt"
    path.write_text(f"a: {a}\nb: {b}\nc: {c}\n", encoding="utf-8")
    fields: dict[str, Any] = {
        "a": {"type": "number"},
        "b": {"type": "number"},
        "c": {"type": "number", "x-derived": "/a * /b"},
    }
    schema = {"title": "X", "type": "object", "properties": fields}
    _, result = await extracted(path, f'{{"a": {a}, "b": {b}, "c": {c}}}', schema)
    assert result.status in {"complete", "partial"}


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "raw-unicode-escape", "rot13"])
@pytest.mark.parametrize("kind", ["html", "eml", "xml"])
async def test_a_charset_is_one_of_documents(tmp_path: Path, kind: str, charset: str) -> None:
    """Python has codecs that take time by the square of a text (an hour for 10 MB), or turn what all see into something else."""
    says = r"Total \u0039 due " + "caf\xe9-abc" * 2_000
    heads = {
        "html": f"<meta charset={charset}><p>",
        "eml": f"Content-Type: text/plain; charset={charset}\n\n",
        "xml": f'<?xml version="1.0" encoding="{charset}"?><a>',
    }
    tails = {"html": "</p>", "eml": "\n", "xml": "</a>"}
    path = tmp_path / f"bill.{kind}"
    path.write_bytes((heads[kind] + says + tails[kind]).encode("cp1252"))
    document, _ = await extracted(path, {"shown": None, "other": None}, NUMBERS)
    assert r"Total \u0039 due caf" in document.text


@pytest.mark.parametrize("kind", ["integer", "decimal", "number"])
@pytest.mark.parametrize("text", ["1e99999999", "-1E9999999", "1e-99999999"])
def test_a_cell_is_never_written_out_for_ever(kind: Any, text: str) -> None:
    """A Result may hold such a text where a number belongs; as a whole number it has 100 million digits."""
    with pytest.raises(UnfitError):
        typed(text, kind)


FONT = b"/Resources<</Font<</F 5 0 R>>>>"
APPEARANCE = b"1 1 1 rg 0 0 140 22 re f BT 0 g /F 12 Tf 2 6 Td (1000.00) Tj ET"


def stream(content: bytes, more: bytes = b"") -> bytes:
    """A stream of a PDF."""
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (more, len(content), content)


def pdf_under(annotation: bytes, text: bytes) -> bytes:
    """A PDF of one page with a text, and over its end an annotation that shows 1000.00 on white."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/DR<</Font<</F 5 0 R>>>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[6 0 R]%b>>" % FONT,
        stream(b"BT /F 12 Tf 50 680 Td (%b) Tj ET" % text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Annot%b/F 4/Rect[103 672 243 694]/AP<</N 7 0 R>>>>" % annotation,
        stream(APPEARANCE, b"/Type/XObject/Subtype/Form/BBox[0 0 140 22]%b" % FONT),
    ]
    made, starts = b"%PDF-1.7\n", list[int]()
    for number, part in enumerate(parts, start=1):
        starts.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    return made + b"xref\n0 8\n0000000000 65535 f \n%btrailer<</Size 8/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(made),
    )


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (b"/Subtype/Widget/FT/Tx/T(total)/DA(/F 12 Tf)/V(9000.00)", b"Total due:"),  # a value beside its own appearance
        (b"/Subtype/Stamp", b"Total due: 9000.00"),  # a stamp over the text
    ],
)
async def test_a_page_of_a_pdf_says_what_it_shows(tmp_path: Path, annotation: bytes, text: bytes) -> None:
    """What a form holds or what lies under a stamp, and is not shown, is left out with a Note; what is shown is read."""
    path = tmp_path / "bill.pdf"
    path.write_bytes(pdf_under(annotation, text))
    document, _ = await extracted(path, {"shown": None, "other": None}, NUMBERS)
    assert document.text.split() == ["Total", "due:", "1000.00"]
    assert [n.code for n in document.notes] == ["hidden_text"]
    path.write_bytes(pdf_under(annotation.replace(b"9000", b"1000"), text.replace(b" 9000.00", b"")))
    document, _ = await extracted(path, {"shown": None, "other": None}, NUMBERS)
    assert document.text.split() == ["Total", "due:", "1000.00"]
    assert document.notes == []
