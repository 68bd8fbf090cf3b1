"""Raised and lowered figures, struck text, fractions, boxes and merged cells: the same text from every format."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from pptx import Presentation
from pptx.util import Inches

from tests.office_files import make_docx, make_epub, make_odf, source_of
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.cli.show import _markdown
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source

Maker = Callable[[Path], object]


def read(path: Path, make: Maker) -> Document:
    """The Document of a file that is made, through the auction."""
    make(path)
    return read_source(source_of(path), ReadOptions(), Spool(path.parent / "spool")).document


def _r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def _docx(body: str) -> Maker:
    return lambda path: make_docx(path, f"{body}<w:sectPr/>", parts={})


_UP, _DOWN = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
_NO_STRIKE = '<w:strike w:val="0"/>'
_M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
_W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'


def _position(half_points: int) -> str:
    return f'<w:position w:val="{half_points}"/><w:sz w:val="14"/>'


def _m(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def _box(state: str) -> str:
    return (
        f'<w:sdt><w:sdtPr><w14:checkbox {_W14}><w14:checked w14:val="{state}"/></w14:checkbox></w:sdtPr>'
        f"<w:sdtContent>{_r('☐')}</w:sdtContent></w:sdt>"
    )


def _html(body: str) -> Maker:
    return lambda path: path.write_text(f"<html><body>{body}</body></html>", encoding="utf-8")


def _text(text: str) -> Maker:
    return lambda path: path.write_text(text, encoding="utf-8")


def _cells(*cells: Any) -> Maker:
    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        for row, cell in enumerate(cells, 1):
            book.active.cell(row, 1).value = cell
        book.active["B1"] = 990
        book.active["B1"].font = Font(strike=True)
        book.save(path)

    return make


def _rich(*runs: tuple[str, InlineFont | None]) -> CellRichText:
    return CellRichText([text if font is None else TextBlock(font, text) for text, font in runs])


def _slide(runs: list[tuple[str, str, str]]) -> Maker:
    def make(path: Path) -> None:
        deck = Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        paragraph = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(5), Inches(1)).text_frame.paragraphs[0]
        for text, name, value in runs:
            run = paragraph.add_run()
            run.text = text
            if name:
                run.font._element.set(name, value)
        deck.save(str(path))

    return make


def _odt(body: str) -> Maker:
    properties = {"up": 'style:text-position="super 58%"', "s": 'style:text-line-through-style="solid"'}
    made = "".join(
        f'<style:style style:name="{n}" style:family="text"><style:text-properties {p}/></style:style>'
        for n, p in properties.items()
    )
    styles = f"<office:automatic-styles>{made}</office:automatic-styles>"
    return lambda path: make_odf(path, "text", body, styles=styles)


_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
_SHOWN = '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>yearly</w:t></w:r>'
_FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{}</w:ffData></w:fldChar></w:r><w:r><w:instrText> FORMDROPDOWN </w:instrText></w:r>'
    + _END
)
_ENTRIES = '<w:listEntry w:val="monthly"/><w:listEntry w:val="yearly"/>'
_IN_STYLE = '<w:rStyle w:val="{}"/>'
_STYLES = (
    '<w:style w:type="character" w:styleId="Old"><w:rPr><w:strike/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Mark"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
)
_CONTROLS = (
    "<office:forms xmlns:form='urn:oasis:names:tc:opendocument:xmlns:form:1.0'><form:form>"
    "<form:checkbox form:id='a' form:label='I agree' form:current-state='checked'/><form:checkbox form:id='b' form:label='~News'/>"
    "<form:radio form:id='c' form:label='yearly' form:selected='false' form:current-selected='true'/>"
    "<form:text form:id='d' form:value='x' form:current-value='Eva'/><form:listbox form:id='e'><form:option form:label='Wien'/>"
    "<form:option form:label='Graz' form:selected='true'/></form:listbox><form:hidden form:id='f' form:value='no'/></form:form></office:forms>"
    "<text:p>Agree <draw:control draw:control='a'/> <draw:control draw:control='b'/></text:p><text:p><draw:control draw:control='c'/>, "
    "<draw:control draw:control='d'/>, <draw:control draw:control='e'/></text:p>"
)
_EXCEL_2003 = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles><Style ss:ID="s"><Font ss:StrikeThrough="1"/></Style></Styles>'
    '<Worksheet ss:Name="B"><Table><Row><Cell ss:StyleID="s"><Data ss:Type="Number">990</Data></Cell><Cell><ss:Data ss:Type="String" '
    'xmlns="http://www.w3.org/TR/REC-html40">Fee <S>90</S> 79<Sup>1</Sup></ss:Data></Cell></Row></Table></Worksheet></Workbook>'
)


def _ods(path: Path) -> None:
    kinds = {
        "up": ("text", 'style:text-position="super 58%"'),
        "s": ("table-cell", 'style:text-line-through-style="solid"'),
    }
    made = "".join(
        f'<style:style style:name="{n}" style:family="{family}"><style:text-properties {p}/></style:style>'
        for n, (family, p) in kinds.items()
    )
    cells = (
        '<table:table-cell><text:p>1 250<text:span text:style-name="up">1</text:span></text:p></table:table-cell>'
        '<table:table-cell table:style-name="s"><text:p>990</text:p></table:table-cell>'
    )
    body = f'<table:table table:name="S"><table:table-row>{cells}</table:table-row></table:table>'
    make_odf(path, "spreadsheet", body, styles=f"<office:automatic-styles>{made}</office:automatic-styles>")


TEXTS: dict[str, tuple[str, Maker, str]] = {
    "footnote mark": ("docx", _docx(f"<w:p>{_r('Fee EUR 1,250')}{_r('1', _UP)}{_r(' net')}</w:p>"), "Fee EUR 1,250¹ net"),
    "power and formula": ("docx", _docx(f"<w:p>{_r('10')}{_r('-3', _UP)}{_r(' H')}{_r('2', _DOWN)}{_r('O')}</w:p>"), "10⁻³ H₂O"),
    "ordinal stays": ("docx", _docx(f"<w:p>{_r('on the 4')}{_r('th', _UP)}{_r(' of May, ACME')}{_r('TM', _UP)}</w:p>"), "on the 4th of May, ACMETM"),
    "letter as mark": ("docx", _docx(f"<w:p>{_r('1,250')}{_r('a', _UP)}</w:p>"), "1,250^(a)"),
    "struck runs": ("docx", _docx(f"<w:p>{_r('was ')}{_r('EUR ', '<w:strike/>')}{_r('990', '<w:dstrike/>')}{_r(' 790')}</w:p>"), "was ~~EUR 990~~ 790"),
    "strike switched off": ("docx", _docx(f"<w:p>{_r('now 790', _NO_STRIKE)}</w:p>"), "now 790"),
    "fraction": ("docx", _docx(f"<w:p>{_r('Share ')}<m:oMath {_M}><m:f><m:num>{_m('3')}</m:num><m:den>{_m('a+b')}</m:den></m:f></m:oMath></w:p>"), "Share 3/(a+b)"),
    "field": ("docx", _docx('<w:p><w:r><w:t xml:space="preserve">Share </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> EQ \\f(1,2) </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'), "Share 1/2"),
    "html lifted": ("html", _html('<p>10<span style="vertical-align:4px">6</span> 1,250<span style="font-size:70%;position:relative;top:-.5em">1</span>'), "10⁶ 1,250¹"),
    "html cells on top": ("html", _html('<p style="vertical-align:top">12<b style="vertical-align:baseline">3</b>'), "123"),
    "docx raised by position": ("docx", _docx(f"<w:p>{_r('Rent 3,400')}{_r('2', _position(8))}{_r(' H')}{_r('2', _position(-6))}{_r('O 5')}{_r('5', _position(1))}</w:p>"), "Rent 3,400² H₂O 55"),
    "docx matrix": ("docx", _docx(f"<w:p><m:oMath {_M}>{_m('10')}<m:m><m:mr><m:e>{_m('5')}</m:e><m:e>{_m('6')}</m:e></m:mr></m:m></m:oMath></w:p>"), "10 5\t6"),
    "rtf field": ("rtf", _text(r"{\rtf1\ansi Share {\field{\*\fldinst EQ \\f(3,4)}{\fldrslt }} now\par}"), "Share 3/4 now"),
    "html fields on a line": ("html", _html("<p><label><input type=radio checked> yearly</label><textarea>5 items</textarea>"), "(x) yearly 5 items"),
    "md footnotes": ("md", _text("Fee 5[^1] and 6[^a]\n\n[^1]: net\n\n[^a]: gross\n"), "Fee 5[^1] and 6[^a]\n[^1]: net\n[^a]: gross"),
    "root and power": ("docx", _docx(f"<w:p><m:oMath {_M}><m:rad><m:deg/><m:e>{_m('16')}</m:e></m:rad>{_m('=')}<m:sSup><m:e>{_m('2')}</m:e><m:sup>{_m('2')}</m:sup></m:sSup></m:oMath></w:p>"), "√16=2²"),
    "box controls": ("docx", _docx(f"<w:p>{_box('1')}{_r(' Yes ')}{_box('0')}{_r(' No')}</w:p>"), "[x] Yes [ ] No"),
    "box signs": ("docx", _docx('<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r><w:r><w:t>Yes</w:t></w:r></w:p>'), "[x]Yes"),
    "html sup and s": ("html", _html("<p>Gebühr 1.250<sup>2</sup> statt <s>990</s> 790"), "Gebühr 1.250² statt ~~990~~ 790"),
    "html by style": ("html", _html('<p>10<span style="vertical-align:super">6</span> <span style="text-decoration: line-through red">9</span> 8'), "10⁶ ~~9~~ 8"),
    "html by class": ("html", _html("<style>.old{text-decoration:line-through}</style><p><span class=old>EUR <b>990</b></span> 790"), "~~EUR 990~~ 790"),
    "html fraction": ("html", _html("<p>3<sup>1</sup>&frasl;<sub>2</sub> kg, <sup>1</sup>/<sub>4</sub>"), "3 1/2 kg, 1/4"),
    "html reference": ("html", _html("<p>Oslo<sup><a href=#n>[3]</a></sup> has"), "Oslo[3] has"),
    "mathml": ("html", _html("<p>Rate <math><mfrac><mn>1</mn><mn>2</mn></mfrac><mo>+</mo><msup><mi>x</mi><mn>2</mn></msup></math> p.a."), "Rate 1/2+x² p.a."),
    "html boxes": ("html", _html("<p><input type=checkbox checked> Yes <input type=radio> No <input type=radio checked> Maybe"), "[x] Yes ( ) No (x) Maybe"),
    "xlsx runs": ("xlsx", _cells(_rich(("1,250", None), ("1", InlineFont(vertAlign="superscript")))), "Sheet\n1,250¹\t~~990~~"),
    "xlsx struck run": ("xlsx", _cells(_rich(("old", InlineFont(strike=True)), (" new", None))), "Sheet\n~~old~~ new\t~~990~~"),
    "pptx runs": ("pptx", _slide([("EUR 1,250", "", ""), ("1", "baseline", "30000"), (" was ", "", ""), ("990", "strike", "sngStrike")]), "EUR 1,250¹ was ~~990~~"),
    "pptx lowered": ("pptx", _slide([("CO", "", ""), ("2", "baseline", "-25000")]), "CO₂"),
    "rtf runs": ("rtf", _text(r"{\rtf1\ansi Fee 1,250{\super 1} was {\strike 990} 790\par}"), "Fee 1,250¹ was ~~990~~ 790"),
    "rtf switched off": ("rtf", _text(r"{\rtf1\ansi 10\up6 6\up0  cells \strike 9\strike0  8\par}"), "10⁶ cells ~~9~~ 8"),
    "docx drop-down": ("docx", _docx(f"<w:p>{_r('Pay ')}{_FIELD.format('<w:ddList><w:result w:val=' + chr(34) + '1' + chr(34) + '/>' + _ENTRIES + '</w:ddList>')}{_r(' now')}</w:p>"), "Pay yearly now"),
    "docx drop-down with a result": ("docx", _docx(f"<w:p>{_r('Pay ')}{_FIELD.replace(_END, _SHOWN + _END).format('<w:ddList>' + _ENTRIES + '</w:ddList>')}</w:p>"), "Pay yearly"),
    "rtf drop-down": ("rtf", _text(r"{\rtf1 Pay {\field{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2\ffres1{\*\ffl monthly}{\*\ffl yearly}}}}{\fldrslt}} now\par}"), "Pay yearly now"),
    "odt controls": ("odt", lambda path: make_odf(path, "text", _CONTROLS), "Agree [x] I agree [ ] News\n(x) yearly, Eva, Graz"),
    "html raised reference": ("html", _html("<p>Fee 1,250<a href='#f' style='font-size:60%;vertical-align:super'>1</a> was <del>990</del> <ins>790</ins>"), "Fee 1,250¹ was ~~990~~ 790"),
    "docx by style": ("docx", lambda path: make_docx(path, f"<w:p>{_r('990', _IN_STYLE.format('Old'))}{_r(' 790')}{_r('1', _IN_STYLE.format('Mark'))}</w:p><w:sectPr/>", parts={"styles": ("styles", "styles", _STYLES)}), "~~990~~ 790¹"),
    "excel 2003": ("xml", _text(_EXCEL_2003), "B\n~~990~~\tFee ~~90~~ 79¹"),
    "ods runs": ("ods", _ods, "S\n1 250¹\t~~990~~"),
    "epub": ("epub", lambda path: make_epub(path, last="<p>was <s>9</s> 8<sup>1</sup></p>"), "First chapter\nA\tB\n1\t2\nSecond chapter\nTwo.\nwas ~~9~~ 8¹"),
    "rtf boxes": ("rtf", _text(r"{\rtf1{\field{\*\fldinst FORMCHECKBOX {\*\ffdata{\fftype1\ffres1}}}{\fldrslt}} Yes\par}"), "[x] Yes"),
    "odt spans": ("odt", _odt('<text:p>1 250<text:span text:style-name="up">1</text:span> <text:span text:style-name="s">990</text:span></text:p>'), "1 250¹ ~~990~~"),
    "md struck": ("md", _text("Price ~~990.00~~ **790.00**, 10<sup>6</sup>\n"), "Price ~~990.00~~ 790.00, 10⁶"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_marks_are_written_alike(name: str, tmp_path: Path) -> None:
    """One way to write each mark, whatever the format."""
    kind, make, text = TEXTS[name]
    assert read(tmp_path / f"a.{kind}", make).text == text


_DRAWING = (
    '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">{}</xdr:wsDr>'
)
_LABELLED = '<xdr:sp><xdr:nvSpPr><xdr:cNvPr id="{}" name="b"/></xdr:nvSpPr><xdr:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></xdr:txBody></xdr:sp>'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _controls(path: Path, *, old: bool) -> None:
    """A workbook with two check boxes and a radio: labels in a drawing of today, or in an old one."""
    plain = path.with_suffix(".plain.xlsx")
    _sheet(plain)
    boxes = ((1025, "CheckBox", "Paid", True), (1026, "CheckBox", "Sent", False), (1027, "Radio", "Cash", True))
    controls = "".join(f'<control shapeId="{n}" r:id="c{n}" name="b"/>' for n, *_ in boxes)
    links = "".join(
        f'<Relationship Id="c{n}" Type="{_OFFICE}/ctrlProp" Target="../ctrlProps/p{n}.xml"/>' for n, *_ in boxes
    )
    kind, name = ("vmlDrawing", "d.vml") if old else ("drawing", "d.xml")
    links += f'<Relationship Id="d" Type="{_OFFICE}/{kind}" Target="../drawings/{name}"/>'
    shapes = "".join(
        f'<v:shape id="_x0000_s{n}"><v:textbox><div><font>{label}</font></div></v:textbox><x:ClientData ObjectType="Checkbox"/></v:shape>'
        for n, _, label, _ in boxes
    )
    vml = f'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel">{shapes}<br></xml>'
    drawing = _DRAWING.format("".join(_LABELLED.format(n, label) for n, _, label, _ in boxes))
    with zipfile.ZipFile(plain) as book, zipfile.ZipFile(path, "w") as made:
        for member in book.namelist():
            data = book.read(member)
            if member == "xl/worksheets/sheet1.xml":
                data = data.replace(
                    b"</worksheet>", f'<controls xmlns:r="{_OFFICE}">{controls}</controls></worksheet>'.encode()
                )
            made.writestr(member, data)
        made.writestr(
            "xl/worksheets/_rels/sheet1.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>',
        )
        made.writestr(f"xl/drawings/{name}", vml if old else drawing)
        for n, form, _, checked in boxes:
            state = ' checked="Checked"' if checked else ""
            made.writestr(f"xl/ctrlProps/p{n}.xml", f'<formControlPr objectType="{form}"{state}/>')


@pytest.mark.parametrize("old", [True, False])
def test_boxes_on_a_sheet_have_their_state(old: object, tmp_path: Path) -> None:
    """Form controls of a workbook are read with state and label, from a drawing of either kind."""
    document = read(tmp_path / "a.xlsx", lambda path: _controls(path, old=bool(old)))
    assert "[x] Paid\n[ ] Sent\n(x) Cash" in document.text
    assert not document.notes


def _tc(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{_r(text) if text else ''}</w:p></w:tc>"


_REST, _ON = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
_WORD_TABLE = (
    "<w:tbl>"
    f"<w:tr>{_tc('Region')}{_tc('Product')}{_tc('Sales')}</w:tr>"
    f"<w:tr>{_tc('North', _REST)}{_tc('Bolts')}{_tc('1,100')}</w:tr><w:tr>{_tc('', _ON)}{_tc('Nuts')}{_tc('')}</w:tr>"
    f"<w:tr>{_tc('South', _REST)}{_tc('Bolts')}{_tc('2,100', _REST)}</w:tr><w:tr>{_tc('', _ON)}{_tc('Nuts')}{_tc('', _ON)}</w:tr>"
    "</w:tbl>"
)
_PAGE_TABLE = (
    "<table><tr><th>Region<th>Product<th>Sales<tr><td rowspan=2>North<td>Bolts<td>1,100<tr><td>Nuts<td>"
    "<tr><td rowspan=2>South<td>Bolts<td rowspan=2>2,100<tr><td>Nuts</table>"
)
_RTF_TABLE = (
    r"{\rtf1\ansi \trowd\cellx1\cellx2\cellx3\intbl Region\cell Product\cell Sales\cell\row"
    r"\trowd\clvmgf\cellx1\cellx2\cellx3\intbl North\cell Bolts\cell 1,100\cell\row"
    r"\trowd\clvmrg\cellx1\cellx2\cellx3\intbl\cell Nuts\cell\cell\row"
    r"\trowd\clvmgf\cellx1\cellx2\clvmgf\cellx3\intbl South\cell Bolts\cell 2,100\cell\row"
    r"\trowd\clvmrg\cellx1\cellx2\clvmrg\cellx3\intbl\cell Nuts\cell\cell\row\pard End\par}"
)


def _sheet(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Region", "Product", "Sales"],
        ["North", "Bolts", 1100],
        [None, "Nuts"],
        ["South", "Bolts", 2100],
        [None, "Nuts"],
    ):
        book.active.append(row)
    for merged in ("A2:A3", "A4:A5", "C4:C5"):
        book.active.merge_cells(merged)
    book.save(path)


_ODT_TABLE = (
    "<table:table><table:table-row><table:table-cell><text:p>Region</text:p></table:table-cell><table:table-cell><text:p>Product"
    "</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell table:number-rows-spanned='2'><text:p>North"
    "</text:p></table:table-cell><table:table-cell><text:p>Bolts</text:p></table:table-cell></table:table-row><table:table-row>"
    "<table:covered-table-cell/><table:table-cell><text:p>Nuts</text:p></table:table-cell></table:table-row></table:table>"
)


def _slide_table(path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(3, 2, Inches(1), Inches(1), Inches(4), Inches(2)).table
    for (r, c), text in {(0, 0): "Region", (0, 1): "Product", (1, 0): "North", (1, 1): "Bolts", (2, 1): "Nuts"}.items():
        table.cell(r, c).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    deck.save(str(path))


TABLES: dict[str, tuple[str, Maker]] = {
    "docx": ("docx", _docx(_WORD_TABLE)),
    "html": ("html", _html(_PAGE_TABLE)),
    "rtf": ("rtf", _text(_RTF_TABLE)),
    "xlsx": ("xlsx", _sheet),
    "odt": ("odt", lambda path: make_odf(path, "text", _ODT_TABLE)),
    "pptx": ("pptx", _slide_table),
}


@pytest.mark.parametrize("name", TABLES)
def test_labels_of_merged_cells_stand_in_each_row(name: str, tmp_path: Path) -> None:
    """North stands with Nuts too; an amount that is printed once is there once."""
    kind, make = TABLES[name]
    text = read(tmp_path / f"a.{kind}", make).text
    assert re.search(r"^North\tBolts\b.*\nNorth\tNuts\b", text, re.MULTILINE)
    if "South" in text:
        assert re.search(r"^South\tBolts\t2,?100\nSouth\tNuts", text, re.MULTILINE)
        assert len(re.findall("2,?100", text)) == 1


EMPTY: dict[str, tuple[str, Maker]] = {
    "html": ("html", _html("<table><tr><th>Line<th>In<th>Out<th>Price<tr><td>a<td>7<td><td>2.00<tr><td>b<td><td>3<td></table>")),
    "docx": (
        "docx",
        _docx(
            "<w:tbl>"
            + "".join(f"<w:tr>{''.join(map(_tc, row))}</w:tr>" for row in (("Line", "In", "Out", "Price"), ("a", "7", "", "2.00"), ("b", "", "3", "")))
            + "</w:tbl>"
        ),
    ),
    "md": ("md", _text("| Line | In | Out | Price |\n|--|--|--|--|\n| a | 7 | | 2.00 |\n| b | | 3 | |\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_empty_cells_keep_their_place(name: str, tmp_path: Path) -> None:
    """Every row has a cell for each column, in what the model sees and in Markdown."""
    kind, make = EMPTY[name]
    document = read(tmp_path / f"a.{kind}", make)
    assert document.text == "Line\tIn\tOut\tPrice\na\t7\t\t2.00\nb\t\t3\t"
    assert [line for line in _markdown(document) if line.startswith(("| a", "| b"))] == [
        "| a | 7 |  | 2.00 |",
        "| b |  | 3 |  |",
    ]


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("<tr><td rowspan=0>North<td>Bolts<td>1<tr><td>Nuts<td>2", "North\tBolts\t1\nNorth\tNuts\t2"),
        ("<tfoot><tr><td>Sum<td>3</tfoot><tr><td>x<td>1<tr><td>y<td>2", "x\t1\ny\t2\nSum\t3"),
        ("<tr><td>x<td>1<tfoot><tr><td>Sum<td>3<tfoot><tr><td>Net<td>2", "x\t1\nNet\t2\nSum\t3"),
    ],
    ids=["a cell to the end", "last rows first", "two groups of last rows"],
)
def test_rows_of_web_tables_stand_as_they_are_shown(table: str, text: str, tmp_path: Path) -> None:
    """A cell that spans all rows labels each; the first group of last rows is shown last."""
    assert read(tmp_path / "a.html", _html(f"<table>{table}</table>")).text == text


def test_markdown_output_keeps_columns_of_printed_tables(tmp_path: Path) -> None:
    """Cells that a table of blanks leaves out still have their columns in Markdown."""
    make = _text("Item        In    Out\nBolts        5      7\nNuts                9\nPins         4\n")
    rows = [line for line in _markdown(read(tmp_path / "a.txt", make)) if line.startswith("| ")]
    assert rows[-2:] == ["| Nuts |  | 9 |", "| Pins | 4 |  |"]


def _nested(rows: str, after: str = "") -> str:
    return f"<w:tc><w:tbl>{rows}</w:tbl>{after or '<w:p/>'}</w:tc>"


_REF = f"<w:tr>{_tc('Ref')}{_tc('REF-77')}</w:tr>"


@pytest.mark.parametrize(
    ("kind", "table", "lines"),
    [
        ("header", f"<w:tr>{_nested(_REF)}{_tc('Page')}</w:tr>", ["Page", "Ref\tREF-77", "body"]),
        ("footer", f"<w:tr>{_tc('Left')}{_nested(_REF + _REF.replace('7', '8'))}</w:tr>", ["body", "Left", "Ref\tREF-77", "Ref\tREF-88"]),
        ("header", f"<w:tr>{_nested(f'<w:tr>{_nested(_REF)}</w:tr>')}</w:tr>", ["Ref\tREF-77", "body"]),
        ("header", f"<w:tr>{_tc('a')}{_tc('b')}</w:tr><w:tr>{_tc('c')}{_nested(_REF)}</w:tr>", ["a\tb", "c", "Ref\tREF-77", "body"]),
    ],
    ids=["header", "two rows in a footer", "within another", "second row"],
)  # fmt: skip
def test_tables_within_cells_of_headers_stand_once(kind: str, table: str, lines: list[str], tmp_path: Path) -> None:
    """A header's table is read row by row; one within its cells follows, once."""
    parts = {f"{kind}1": (kind, "hdr" if kind == "header" else "ftr", f"<w:tbl>{table}</w:tbl>")}
    body = "<w:p><w:r><w:t>body</w:t></w:r></w:p>"
    text = read(tmp_path / "a.docx", lambda path: make_docx(path, body, parts=parts)).text
    assert text.split("\n") == lines


def test_markdown_keeps_lines_and_blanks(tmp_path: Path) -> None:
    """Columns parted by blanks stay apart, lines stay lines, rules under several lines make no heading."""
    source = "ACME\nMill Lane\n\nITEM    QTY     PRICE\n=====================\nBolts     5    275.60\nNuts      9     79.51\n=====================\n          Total 355.11\n"
    document = read(tmp_path / "a.md", _text(source))
    assert "Bolts     5    275.60\nNuts      9     79.51" in document.text
    assert "ACME\nMill Lane" in document.text
    assert document.part_at(document.text.index("Nuts")) == "line 6"
