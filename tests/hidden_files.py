"""Files in which an account number is hidden: one maker a way, the seen text beside it the same in each."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Font, PatternFill
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Inches, Pt

from tests.office_files import make_docx, make_odf, zipped

ACCOUNT = "7731004428"
SEEN = "Invoice total EUR 1,250.00 payable"
Maker = Callable[[Path], object]


def _html(body: str, head: str = "") -> Maker:
    page = f"<html><head>{head}</head><body><p>{SEEN}</p>{body}</body></html>"
    return lambda path: path.write_text(page, encoding="utf-8")


def _styled(style: str, text: str = f"Account {ACCOUNT}") -> Maker:
    return _html(f'<div style="{style}">{text}</div>')


def _classed(rules: str) -> Maker:
    return _html(f'<div id="k" class="note pre">Account {ACCOUNT}</div>', f"<style>{rules}</style>")


HTML: dict[str, Maker] = {
    "font-size 0": _styled("font-size:0"),
    "font-size 1px": _styled("font: normal 1px/1px Arial"),
    "opacity 0": _styled("opacity:0.0"),
    "display none": _styled("DISPLAY : none"),
    "display none by class": _classed(".pre { display: none }"),
    "display none by id, important": _classed("#k{display:none !important} .pre{display:block}"),
    "off screen": _styled("position:absolute; left:-9999px"),
    "off screen by class": _classed("/* x */ .note.pre{position:fixed;top:-200em}"),
    "indent": _styled("text-indent:-9999px; overflow:hidden"),
    "clip": _styled("position:absolute; clip: rect(0 0 0 0)"),
    "clip-path": _styled("clip-path: inset(100%)"),
    "zero height": _styled("height:0; overflow:hidden"),
    "max-height 0": _styled("max-height:0px;overflow: hidden"),
    "one pixel": _styled("width:1px;height:1px;overflow:hidden"),
    "visibility": _styled("visibility:hidden"),
    "white on white": _styled("color:#ffffff"),
    "white by class": _classed(".pre{color:#FEFEFE}"),
    "same as its ground": _styled("background:#336699;color:rgb(51,102,153)"),
    "old font tag": _html(f'<font color="white">Account {ACCOUNT}</font>'),
    "white in a table": _html(
        f'<table bgcolor="#000000"><tr><td style="color:black">Account {ACCOUNT}</td></tr></table>'
    ),
    "transparent": _styled("color:transparent"),
    "scale": _styled("transform: scale(0)"),
    "comment in a style": _styled("display:/**/none"),
    "escapes in a style": _styled("d\\69splay:n\\6f ne"),
    "rule for wide screens": _classed("@media screen and (min-width: 600px) {.note {display: none}}"),
    "rule in a layer": _classed("@layer a { @supports (display: grid) {.note {display: none}} }"),
    "rule by structure": _classed(":root div:not(.x):last-child {display: none}"),
    "one percent": _styled("opacity: 1%"),
    "scaled down": _styled("zoom: 0.01"),
    "hsl": _styled("color:hsl(0, 0%, 100%)"),
    "inset": _styled("position:absolute; inset:-9999px auto auto -9999px"),
    "sum of lengths": _styled("position:absolute; left:calc(-100vw - 50px)"),
    "scale property": _styled("scale:0"),
    "zoom": _styled("zoom: 0"),
    "display none by place": _html(
        f"<div class=k><p>One</p><p>Account {ACCOUNT}</p></div>",
        "<style>:is(.k, .x) > p:nth-child(2){display:none}</style>",
    ),
    "closed dialog": _html(f"<dialog>Account {ACCOUNT}</dialog>"),
    "hidden attribute": _html(f"<p hidden>Account {ACCOUNT}</p>"),
    "tags": _html(f"<p>Pay{''.join(chr(0xE0000 + ord(c)) for c in ACCOUNT)} now</p>"),
}


def _mail(body: str, kind: str = "html") -> Maker:
    head = f"From: a@example.org\nTo: b@example.org\nSubject: Bill\nMIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\n\n"
    return lambda path: path.write_text(f"{head}{body}", encoding="utf-8")


_BOTH = (
    "From: a@example.org\nTo: b@example.org\nSubject: Bill\nMIME-Version: 1.0\n"
    "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n"
    f"{SEEN}\nAccount {ACCOUNT}\n--x\nContent-Type: text/html\n\n"
    f"<p>{SEEN}</p><div style='display:none'>Account {ACCOUNT}</div>\n--x--\n"
)
BITS = "".join("\u200b\u200c"[int(b)] for c in ACCOUNT for b in f"{ord(c):08b}")
MAIL: dict[str, Maker] = {
    "mail preheader": _mail(f"<p>{SEEN}</p><div style='display:none;max-height:0'>Account {ACCOUNT}</div>"),
    "mail plain part of hidden html": lambda path: path.write_text(_BOTH, encoding="utf-8"),
    "mail font-size 0": _mail(f"<p>{SEEN}</p><span style='font-size:0px;line-height:0'>Account {ACCOUNT}</span>"),
    "mail white by class": _mail(
        f"<style>.w td{{color:#fff}}</style><p>{SEEN}</p><table class=w><td>Account {ACCOUNT}</table>"
    ),
    "mail tag characters": _mail(f"{SEEN}\n{''.join(chr(0xE0000 + ord(c)) for c in ACCOUNT)}\n", "plain"),
    "mail zero-width bits": _mail(f"{SEEN}{BITS}\n", "plain"),
}


def _docx(run: str, text: str = f"Account {ACCOUNT}") -> Maker:
    body = (
        f"<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p><w:p><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p><w:sectPr/>"
    )
    return lambda path: make_docx(path, body)


_WP = 'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'


def _boxed(shape: str, end: str) -> Maker:
    box = f"<w:txbxContent><w:p><w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p></w:txbxContent>"
    body = f"<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p><w:p><w:r>{shape}{box}{end}</w:r></w:p><w:sectPr/>"
    return lambda path: make_docx(path, body)


def _anchored(offset: int, hidden: int = 0) -> Maker:
    place = f'<wp:positionH relativeFrom="page"><wp:posOffset>{offset}</wp:posOffset></wp:positionH>'
    shape = f'<w:drawing><wp:anchor {_WP}>{place}<wp:extent cx="914400" cy="914400"/><wp:docPr id="1" name="b" hidden="{hidden}"/>'
    return _boxed(shape, "</wp:anchor></w:drawing>")


_SHAPE = '<w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" style="position:absolute;{}">'
DOCX: dict[str, Maker] = {
    "docx box off the page": _anchored(-9_144_000),
    "docx hidden box": _anchored(914_400, hidden=1),
    "docx old box off the page": _boxed(_SHAPE.format("margin-left:-9999pt;margin-top:5pt"), "</v:shape></w:pict>"),
    "docx frame off the page": lambda path: make_docx(
        path,
        f"<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p><w:p><w:pPr><w:framePr w:w='3000' w:x='-20000' w:hAnchor='page'/></w:pPr>"
        f"<w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p><w:sectPr/>",
    ),
    "docx vanish": _docx("<w:vanish/>"),
    "docx white": _docx('<w:color w:val="FFFFFF"/>'),
    "docx theme white": _docx('<w:color w:val="auto" w:themeColor="background1"/>'),
    "docx 1 point": _docx('<w:sz w:val="2"/>'),
    "docx half a point": _docx('<w:sz w:val="1"/><w:szCs w:val="1"/>'),
    "docx black on black": _docx('<w:color w:val="000000"/><w:shd w:val="clear" w:fill="000000"/>'),
    "docx black marker": _docx('<w:color w:val="000000"/><w:highlight w:val="black"/>'),
    "docx variation selectors": _docx("", "Pay" + "".join(chr(0xE0100 + ord(c)) for c in ACCOUNT)),
}


def _xlsx(change: Callable[[Any, Any], object]) -> Maker:
    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(["Text", "Value"])
        sheet.append([SEEN, 5])
        sheet.append(["Account", None])
        sheet["B3"] = int(ACCOUNT)
        change(book, sheet)
        book.save(path)

    return make


def _moved(book: Any, sheet: Any) -> None:
    sheet["B3"] = None
    other = book.create_sheet("Other")
    other["A1"] = ACCOUNT
    other.sheet_state = "veryHidden"


def _grey(_book: Any, sheet: Any) -> None:
    sheet["B3"].font = Font(color="FF808080")
    sheet["B3"].fill = PatternFill("solid", fgColor="FF808080")


def _covered(path: Path) -> None:
    """A value under a merged cell; the other covered one repeats what is seen."""
    _xlsx(lambda _, s: s.append([SEEN, SEEN]))(path)
    with zipfile.ZipFile(path) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    assert isinstance(sheet, bytes)
    merged = b'</sheetData><mergeCells count="2"><mergeCell ref="A3:B3"/><mergeCell ref="A4:B4"/></mergeCells>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", merged)
    zipped(path, members)


XLSX: dict[str, Maker] = {
    "xlsx covered by a merged cell": _covered,
    "xlsx ;;;": _xlsx(lambda _, s: setattr(s["B3"], "number_format", ";;;")),
    "xlsx white": _xlsx(lambda _, s: setattr(s["B3"], "font", Font(color="FFFFFFFF"))),
    "xlsx grey on grey": _xlsx(_grey),
    "xlsx hidden row": _xlsx(lambda _, s: setattr(s.row_dimensions[3], "hidden", True)),
    "xlsx hidden column": _xlsx(lambda _, s: setattr(s.column_dimensions["B"], "hidden", True)),
    "xlsx very hidden sheet": _xlsx(_moved),
    "xlsx 1 point": _xlsx(lambda _, s: setattr(s["B3"], "font", Font(size=1))),
    "xlsx white format": _xlsx(lambda _, s: setattr(s["B3"], "number_format", "[White]0")),
}


def _pptx(change: Callable[[Any], object], at: float = 1) -> Maker:
    def make(path: Path) -> None:
        deck = Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_textbox(Inches(1), Inches(0.5), Inches(6), Inches(1)).text_frame.text = SEEN
        box = slide.shapes.add_textbox(Inches(at), Inches(3), Inches(3), Inches(1))
        box.text_frame.text = f"Account {ACCOUNT}"
        change(box)
        deck.save(str(path))

    return make


def _run(box: Any) -> Any:
    return box.text_frame.paragraphs[0].runs[0]


def _whiten(box: Any) -> None:
    _run(box).font.color.rgb = RGBColor(255, 255, 255)  # type: ignore[no-untyped-call]


PPTX: dict[str, Maker] = {
    "pptx off to the right": _pptx(lambda _: None, at=12),
    "pptx off to the left": _pptx(lambda _: None, at=-5),
    "pptx white": _pptx(_whiten),
    "pptx 1 point": _pptx(lambda box: setattr(_run(box).font, "size", Pt(1))),
    "pptx hidden shape": _pptx(lambda box: box._element.nvSpPr.cNvPr.set("hidden", "1")),
}


def _rtf(before: str, after: str = "", head: str = "") -> Maker:
    text = f"{{\\rtf1\\ansi{head} {SEEN}\\par {{{before} Account {ACCOUNT}{after}}}\\par}}"
    return lambda path: path.write_text(text, encoding="ascii")


RTF: dict[str, Maker] = {
    "rtf hidden": _rtf("\\v"),
    "rtf white": _rtf("\\cf1", head="{\\colortbl;\\red255\\green255\\blue255;}"),
    "rtf 1 point": _rtf("\\fs2"),
    "rtf deleted": _rtf("\\deleted\\revauthdel1"),
}
_ODT = (
    '<office:automatic-styles><style:style style:name="T1" style:family="text"><style:text-properties {}/></style:style>'
    "</office:automatic-styles>"
)


def _odt(properties: str) -> Maker:
    def make(path: Path) -> None:
        body = f'<text:p>{SEEN}</text:p><text:p><text:span text:style-name="T1">Account {ACCOUNT}</text:span></text:p>'
        make_odf(path, "text", body, styles=_ODT.format(properties))

    return make


ODT: dict[str, Maker] = {
    "odt hidden": _odt('text:display="none"'),
    "odt white": _odt('fo:color="#ffffff"'),
    "odt 1 point": _odt('fo:font-size="1pt"'),
}


def _odf(kind: str, body: str, styles: str = "") -> Maker:
    made = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    return lambda path: make_odf(path, kind, body, styles=made)


def _p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def _sheet(cells: str, row: str = "") -> str:
    seen = f"<table:table-row><table:table-cell>{_p(SEEN)}</table:table-cell></table:table-row>"
    return f"<table:table table:name='S'>{seen}<table:table-row {row}>{cells}</table:table-row></table:table>"


_CELL, _SECRET = "<table:table-cell {}>{}</table:table-cell>", _p(f"Account {ACCOUNT}")
ODT |= {
    "odt hidden field": _odf(
        "text", f"<text:p>{SEEN}<text:variable-set text:display='none'>Account {ACCOUNT}</text:variable-set></text:p>"
    ),
    "odt hidden section": _odf("text", f"{_p(SEEN)}<text:section text:display='none'>{_SECRET}</text:section>"),
    "odt hidden paragraph": _odf(
        "text", f"{_p(SEEN)}<text:p><text:hidden-paragraph text:is-hidden='true'/>Account {ACCOUNT}</text:p>"
    ),
}
ODS: dict[str, Maker] = {
    "ods covered by a merged cell": _odf(
        "spreadsheet",
        _sheet(f"{_CELL.format('table:number-columns-spanned=' + repr('2'), _p('x'))}<table:covered-table-cell>{_SECRET}</table:covered-table-cell>"),
    ),
    "ods white": _odf(
        "spreadsheet",
        _sheet(_CELL.format("table:style-name='w'", _SECRET)),
        "<style:style style:name='w'><style:text-properties fo:color='#ffffff'/></style:style>",
    ),
    "ods hidden row": _odf("spreadsheet", _sheet(_CELL.format("", _SECRET), "table:visibility='collapse'")),
}  # fmt: skip


def _shape(text: str, x: int = 1) -> str:
    place = f"svg:x='{x}cm' svg:y='1cm' svg:width='5cm' svg:height='1cm'"
    return f"<draw:frame {place}><draw:text-box>{text}</draw:text-box></draw:frame>"


ODP: dict[str, Maker] = {
    "odp off the slide": _odf(
        "presentation", f"<draw:page>{_shape(_p(SEEN))}{_shape(_SECRET, 90)}{_shape(_SECRET, -6)}</draw:page>"
    ),
    "odp hidden slide": _odf(
        "presentation",
        f"<draw:page>{_shape(_p(SEEN))}</draw:page><draw:page draw:style-name='h'>{_shape(_SECRET)}</draw:page>",
        "<style:style style:name='h'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>",
    ),
}


def _sheet_xml(rows: str, columns: str = "") -> Maker:
    seen = f"<Row><Cell><Data ss:Type='String'>{SEEN}</Data></Cell></Row>"
    xml = (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        f"xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet ss:Name='S'><Table>{columns}{seen}{rows}</Table></Worksheet></Workbook>"
    )
    return lambda path: path.write_text(xml, encoding="utf-8")


_DATA = f"<Data ss:Type='String'>Account {ACCOUNT}</Data>"
SHEET_XML: dict[str, Maker] = {
    "hidden row of Excel 2003": _sheet_xml(f"<Row ss:Hidden='1'><Cell>{_DATA}</Cell></Row>"),
    "hidden column of Excel 2003": _sheet_xml(
        f"<Row><Cell ss:Index='2'>{_DATA}</Cell></Row>", "<Column ss:Index='2' ss:Hidden='1'/>"
    ),
}


def _text(text: str) -> Maker:
    return lambda path: path.write_text(text, encoding="utf-8")


TAGS = "".join(chr(0xE0000 + ord(c)) for c in ACCOUNT)
MD: dict[str, Maker] = {
    "md comment": _text(f"# Bill\n\n{SEEN}\n\n<!-- Account {ACCOUNT} -->\n"),
    "md display none": _text(f'{SEEN}\n\n<div style="display:none">\n\nAccount {ACCOUNT}\n\n</div>\n'),
    "md span": _text(f'{SEEN} <span style="font-size:0">Account {ACCOUNT}</span> now\n'),
    "md remark": _text(f"{SEEN}\n\n[//]: # (Account {ACCOUNT})\n"),
    "md tag characters": _text(f"{SEEN}{TAGS}\n"),
}
TXT: dict[str, Maker] = {
    "txt tag characters": _text(f"{SEEN}\n{TAGS}\n"),
    "txt zero-width bits": _text(f"{SEEN}{BITS}\n"),
    "txt variation selectors": _text(f"{SEEN}\u263a{''.join(chr(0xFE00 + int(c)) for c in ACCOUNT)}\n"),
}
CSV: dict[str, Maker] = {"csv tag characters": _text(f"text,value\n{SEEN.replace(',', '')},{TAGS}5\n")}
WAYS: dict[str, dict[str, Maker]] = {
    "html": HTML, "eml": MAIL, "docx": DOCX, "xlsx": XLSX, "pptx": PPTX, "rtf": RTF, "odt": ODT, "ods": ODS, "odp": ODP, "xml": SHEET_XML, "md": MD, "txt": TXT, "csv": CSV,
}  # fmt: skip
