"""Attacks by documents: what a file holds beside what its program shows, and texts that cost more than their length."""

from __future__ import annotations

import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.contract.test_attacks_evidence import NUMBERS, extracted
from tests.office_files import make_docx, make_odf, source_of
from thresher.chunkers.context import Context
from thresher.chunkers.outline import outline_of
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.grounding.loose_match import in_other_order
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source

SHOWN, OTHER = "9,250.00", "4,711.00"
_MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"


def read(path: Path) -> Document:
    """The Document of a file."""
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(path.parent / "spool")).document


def run(text: str) -> str:
    """A run of a Word file."""
    return f"<w:r><w:t>{text}</w:t></w:r>"


def codes(document: Document) -> set[str]:
    """The codes of its Notes."""
    return {n.code for n in document.notes}


@pytest.mark.parametrize(
    ("requires", "space", "first", "second"),
    [("z", "urn:z", OTHER, SHOWN), ("wps", _WORD, SHOWN, OTHER), ("wps z", "urn:z", OTHER, SHOWN)],
)
def test_of_alternatives_the_one_that_programs_show_is_read(
    requires: str, space: str, first: str, second: str, tmp_path: Path
) -> None:
    """A choice that needs what no program knows is not shown: its fallback is."""
    spaces = " ".join(f'xmlns:{name}="{_WORD if name == "wps" else space}"' for name in requires.split())
    choice = f'<mc:Choice {spaces} Requires="{requires}">{run(first)}</mc:Choice>'
    body = (
        f"<w:p><mc:AlternateContent {_MC}>{choice}<mc:Fallback>{run(second)}</mc:Fallback></mc:AlternateContent></w:p>"
    )
    assert read(make_docx(tmp_path / "a.docx", body, parts={})).text == SHOWN


@pytest.mark.parametrize("path", ["/t[1]/a[1]", "/n:t/n:a", "/t/a/@v"])
def test_a_content_control_shows_its_data(path: str, tmp_path: Path) -> None:
    """Word fills a bound control from the data when it opens the file; the text within it is older."""
    space = " xmlns='urn:n'" if "n:" in path else ""
    more: dict[str, str | bytes] = {
        "customXml/item1.xml": f"<t{space}><a v='{SHOWN}'>{SHOWN}</a></t>",
        "customXml/itemProps1.xml": f'<p:datastoreItem p:itemID="{{A1}}" xmlns:p="{_TYPE.replace("relationships", "customXml")}"/>',
        "customXml/_rels/item1.xml.rels": _RELATIONS.format(f'<Relationship Id="r" Type="{_TYPE}/customXmlProps" Target="itemProps1.xml"/>'),
        "word/_rels/document.xml.rels": _RELATIONS.format(f'<Relationship Id="r" Type="{_TYPE}/customXml" Target="../customXml/item1.xml"/>'),
    }  # fmt: skip
    binding = f'<w:dataBinding w:prefixMappings="xmlns:n=\'urn:n\'" w:xpath="{path}" w:storeItemID="{{a1}}"/><w:text/>'
    body = f"<w:p><w:sdt><w:sdtPr>{binding}</w:sdtPr><w:sdtContent>{run(OTHER)}</w:sdtContent></w:sdt></w:p>"
    document = read(make_docx(tmp_path / "a.docx", body, parts={}, more=more))
    assert document.text == SHOWN
    assert codes(document) == {"versions_differ"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f'<w:p><w:bdo w:val="rtl">{run("00.052,9")}</w:bdo></w:p>', SHOWN),
        ('<w:p><w:r><w:sym w:font="Symbol" w:char="F039"/><w:t>,250.00</w:t></w:r></w:p>', SHOWN),
        ('<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textpath string="VOID"/></v:shape></w:pict></w:r></w:p>', "VOID"),
    ],
)  # fmt: skip
def test_what_word_shows_in_other_ways(body: str, text: str, tmp_path: Path) -> None:
    """Backwards, as symbols, as a drawing across the page."""
    assert read(make_docx(tmp_path / "a.docx", body, parts={})).text == text


def test_a_field_without_an_end_is_text(tmp_path: Path) -> None:
    """What is taken for the code of a field ends in its paragraph, or is none: nothing is lost."""
    body = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{run(SHOWN)}</w:p>'
    assert read(make_docx(tmp_path / "a.docx", body, parts={})).text == SHOWN


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (4711, '"9,250.00"', SHOWN),
        (4711, '[>4000]"9,250.00";0', SHOWN),
        (11, '[>4000]"9,250.00";0', "11"),
        (-3, "[<-2]0.00;0", "-3.00"),
        (5, "[>9]0.0;[>4]0.00;0", "5.00"),
        (OTHER, '0;0;0;"9,250.00"', SHOWN),
        (SHOWN, "0;0;0;@", SHOWN),
        (4711, '0;-0;"nil"', "4711"),
    ],
)
def test_a_cell_is_what_its_format_shows(value: object, form: str, shown: str, tmp_path: Path) -> None:
    """Formats may hold figures of their own, conditions, and a section for texts."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet["A1"] = value
    sheet["A1"].number_format = form
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx").text.split("\n")[-1] == shown


@pytest.mark.parametrize(
    ("stated", "text", "shown", "notes"),
    [
        ("float' office:value='9250", OTHER, "9250", {"versions_differ"}),
        ("float' office:value='9250", "", "9250", set()),
        ("float' office:value='9250", "9.250,00 EUR", "9.250,00 EUR", set()),
        ("float' office:value='9250000", "9,250", "9,250", set()),
        ("percentage' office:value='0.195", "20%", "20%", set()),
        ("percentage' office:value='0.195", "85%", "19.5%", {"versions_differ"}),
        ("float' office:value='0.5", "1/2", "1/2", set()),
        ("float' office:value='1", "yes", "yes", set()),
        ("string' office:string-value='9,250.00", OTHER, SHOWN, {"versions_differ"}),
        ("float' office:value='1e999999999", OTHER, OTHER, set()),
    ],
)
def test_a_cell_of_a_sheet_shows_its_value(stated: str, text: str, shown: str, notes: set[str], tmp_path: Path) -> None:
    """OpenDocument states the value beside the text of each cell; programs show the value."""
    cell = f"<table:table-cell office:value-type='{stated}'>{f'<text:p>{text}</text:p>' if text else ''}</table:table-cell>"
    body = f"<table:table table:name='S'><table:table-row>{cell}</table:table-row></table:table>"
    document = read(make_odf(tmp_path / "a.ods", "spreadsheet", body))
    assert document.text.split("\n")[-1] == shown
    assert codes(document) == notes


def test_a_field_of_a_text_shows_its_value(tmp_path: Path) -> None:
    """User fields are declared once and shown anywhere."""
    declared = f"<text:user-field-decl office:value-type='string' office:string-value='{SHOWN}' text:name='u'/>"
    body = f"<text:user-field-decls>{declared}</text:user-field-decls><text:p><text:user-field-get text:name='u'>{OTHER}</text:user-field-get></text:p>"
    document = read(make_odf(tmp_path / "a.odt", "text", body))
    assert document.text == SHOWN
    assert codes(document) == {"versions_differ"}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<svg><text y=9>{SHOWN}</text></svg>", SHOWN),
        (f"<svg><defs><text>{OTHER}</text></defs><desc>{OTHER}</desc><text>{SHOWN}</text></svg>", SHOWN),
        (f"<iframe srcdoc='<p>{SHOWN}</p>'></iframe>", SHOWN),
        (f"<p>{SHOWN}</p><progress>{OTHER}</progress><noframes>{OTHER}</noframes>", SHOWN),
        ("<img alt='Example Ltd' src='data:image/png;base64,iVBORw0KGgo='>", "Example Ltd"),
        (f"<img alt='{SHOWN}' src='https://pictures.example/a.png'>", SHOWN),
        (f"<p style='letter-spacing:-0.02em;line-height:1'>{SHOWN}</p>", SHOWN),
    ],
)
def test_what_a_page_shows_is_read(html: str, text: str, tmp_path: Path) -> None:
    """Drawings and pages within the page are part of it; what stands in for them is not, where they are shown."""
    (tmp_path / "a.html").write_text(f"<html><body>{html}</body></html>", encoding="utf-8")
    assert read(tmp_path / "a.html").text == text


@pytest.mark.parametrize(("first", "notes"), [(OTHER, {"versions_differ"}), (f"{SHOWN} ", set())])
def test_of_two_versions_of_one_kind_the_last_is_read(first: str, notes: set[str], tmp_path: Path) -> None:
    """As mail programs do (RFC 2046, 5.1.4); the other is not lost in silence where it gives other numbers."""
    mail = EmailMessage()
    mail["Subject"] = "Bill"
    mail.set_content(f"Total {first}\n")
    mail.add_alternative(f"Total {SHOWN}\n", subtype="plain")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    document = read(tmp_path / "a.eml")
    assert document.text.split("\n")[-1] == f"Total {SHOWN}"
    assert codes(document) == notes


@pytest.mark.parametrize(
    ("written", "proved"),
    [("1\u201a234.00", False), ("1\u00b7234.00", False), ("234.00\u00b75", False), ("\u00b7 234.00", True), ("a\u00b7234.00", True)],
)  # fmt: skip
async def test_signs_like_points_join_a_number(written: str, proved: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A part of a number that looks like one proves nothing; such a sign elsewhere joins nothing."""
    (tmp_path / "bill.txt").write_text(f"Invoice 7\nTotal due: {written} EUR\n", encoding="utf-8")
    _, result = await extracted(tmp_path / "bill.txt", {"shown": 234.0, "other": None}, NUMBERS)
    assert bool([e for e in result.evidence if e.match != "none"]) == proved


@pytest.mark.parametrize("text", ["[" * 30_000, '[{"a":' * 5_000, '{"a":[1,' * 5_000])
def test_deep_data_has_little_context(text: str) -> None:
    """Every enclosing element was told, and dropped one at a time until they fit: 16 kB took minutes."""
    source = Source(path="a.json", blob="a", sha256="", size=0, media_type="application/json")
    builder = DocumentBuilder(source, kind="text")
    builder.block(text)
    document = builder.build()
    assert outline_of(document) is not None
    begun = time.process_time()
    context = Context(document, headings=True, mail=False)
    assert all(len(context.ranges(at)) < 1_000 for at in range(0, len(text), 1_500))
    assert time.process_time() - begun < 2.0


def test_words_in_another_order_are_sought_in_time() -> None:
    """The words of a line were found anew for each word: a line of 60 kB took a minute."""
    begun = time.process_time()
    assert list(in_other_order("ab." * 15_000, "ab xy ab cd")) == []
    assert time.process_time() - begun < 2.0


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"\bTOTAL 9,250.00", "9,250.00"),  # one unknown word to every program
        (rb"{\mmathPr\mmathFont34\mbrkBin0}9,250.00", "9,250.00"),
        (rb"{\*\moMath{\mr 9,250.00}}", "9,250.00"),
    ],
)
def test_words_of_rtf_may_hold_capitals(rtf: bytes, text: str, tmp_path: Path) -> None:
    """A control word ends before what is no letter: its capitals are no text."""
    path = tmp_path / "a.rtf"
    path.write_bytes(rb"{\rtf1\ansi " + rtf + b"}")
    assert read(path).text == text
