"""Office files made by code, rich in what readers lose: one maker a format, the same few facts in each."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment
from PIL import Image
from pptx import Presentation
from pptx.util import Pt

from thresher.schemas.source import Source

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml."


def source_of(path: Path) -> Source:
    """The Source of a file."""
    data = path.read_bytes()
    return Source(
        path=path.name, blob=str(path), sha256=hashlib.sha256(data).hexdigest(), size=len(data), name=path.name
    )


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    """A ZIP of members, the first one stored as OpenDocument and EPUB want it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, (name, data) in enumerate(members.items()):
            archive.writestr(name, data, zipfile.ZIP_STORED if i == 0 else None)
    return path


def png() -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return buffer.getvalue()


def _p(text: str, properties: str = "", extra: str = "") -> str:
    props = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f'<w:p>{props}<w:r><w:t xml:space="preserve">{text}</w:t></w:r>{extra}</w:p>'


def _tc(content: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def _item(text: str, level: int) -> str:
    return _p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')


_WIDE, _TALL = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>'
_TABLE = (
    "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/><w:gridCol/></w:tblGrid>"
    f"<w:tr>{_tc(_p('Article'))}{_tc(_p('Amount'))}{_tc(_p('Note'))}</w:tr>"
    f"<w:tr>{_tc(_p('Wide cell'), _WIDE)}{_tc(_p('Tall cell'), _TALL)}</w:tr>"
    f"<w:tr>{_tc(_p('Ink'))}{_tc(_p('3.50'))}{_tc('<w:p/>', '<w:vMerge/>')}</w:tr>"
    "<w:tr>"
    + _tc(
        "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>"
        f"<w:tr>{_tc(_p('Nested left'))}{_tc(_p('Nested right'))}</w:tr></w:tbl><w:p/>"
    )
    + f"{_tc(_p('9.99'))}{_tc('<w:p/>')}</w:tr></w:tbl>"
)
_BOX = (
    '<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent>'
    + _p("Text box text")
    + "</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)
_BODY = (
    _p("Purchase order 4711", '<w:pStyle w:val="Heading1"/>')
    + _item("Scope", 0)
    + _item("Delivery", 1)
    + _item("Payment", 1)
    + '<w:p><w:r><w:t xml:space="preserve">The price is </w:t></w:r>'
    '<w:ins w:id="1" w:author="The Clerk" w:date="2024-02-01T10:00:00Z"><w:r><w:t>120 EUR</w:t></w:r></w:ins>'
    '<w:del w:id="2" w:author="The Clerk" w:date="2024-02-01T10:00:00Z"><w:r><w:delText>999 EUR</w:delText></w:r></w:del>'
    '<w:r><w:rPr><w:vanish/></w:rPr><w:t>invisible words</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
    '<w:r><w:commentReference w:id="0"/></w:r></w:p>'
    + _TABLE
    + _p("Beside a box.", extra=_BOX)
    + f"<w:sdt><w:sdtContent>{_p('In a content control')}</w:sdtContent></w:sdt>"
    + '<w:p><w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" r:embed="rId7"/>'
    "</w:drawing></w:r></w:p>"
    '<w:sectPr><w:headerReference w:type="default" r:id="rId5"/><w:footerReference w:type="default" r:id="rId6"/></w:sectPr>'
)
_NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)
_STYLES = (
    '<w:style w:type="paragraph" w:styleId="Normal" w:default="1"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/>'
    '<w:basedOn w:val="Normal"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
)
_COMMENT = (
    '<w:comment w:id="0" w:author="The Auditor" w:date="2024-02-02T09:00:00Z">'
    + _p("Please check this")
    + "</w:comment>"
)
_PARTS = {  # member to (kind, root element, content)
    "styles": ("styles", "styles", _STYLES),
    "numbering": ("numbering", "numbering", _NUMBERING),
    "footnotes": ("footnotes", "footnotes", f'<w:footnote w:id="2">{_p("Footnote text")}</w:footnote>'),
    "comments": ("comments", "comments", _COMMENT),
    "header1": ("header", "hdr", _p("Header text")),
    "footer1": ("footer", "ftr", _p("Footer text")),
}


def _types(overrides: dict[str, str]) -> str:
    rows = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in overrides.items())
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>{rows}</Types>'
    )


def _links(links: dict[str, tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="{key}" Type="{_TYPE}{kind}" Target="{target}"/>' for key, (kind, target) in links.items()
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def make_docx(
    path: Path,
    body: str = _BODY,
    *,
    parts: dict[str, tuple[str, str, str]] | None = None,
    more: dict[str, str | bytes] | None = None,
) -> Path:
    """A Word file with every thing that is easily lost, or with the parts given beside its body, and `more` members."""
    parts = _PARTS if parts is None else parts
    overrides = {"word/document.xml": f"{_MAIN}document.main+xml"}
    overrides |= {f"word/{name}.xml": f"{_MAIN}{kind}+xml" for name, (kind, _, _) in parts.items()}
    links = {f"rId{i}": (kind, f"{name}.xml") for i, (name, (kind, _, _)) in enumerate(parts.items(), 1)}
    links["rId7"] = ("image", "media/image1.png")
    if "headerReference" not in body:  # what no section refers to is on no page
        shown = [f'<w:{k}Reference w:type="default" r:id="{i}"/>' for i, (k, _) in links.items() if k in {"header", "footer"}]
        body = body.replace("<w:sectPr/>", "") + f"<w:sectPr>{''.join(shown)}</w:sectPr>"
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(overrides),
        "_rels/.rels": _links({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": f"<w:document {_W} {_R}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": _links(links),
        "word/media/image1.png": png(),
    }
    members |= {f"word/{name}.xml": f"<w:{root} {_W} {_R}>{text}</w:{root}>" for name, (_, root, text) in parts.items()}
    return zipped(path, members | (more or {}))


def make_xlsx(path: Path) -> Path:
    """A workbook: a table from column B, formats, dates, a merge, a comment, a formula never computed, hidden parts."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Account"
    sheet["B1"] = "Statement of account"
    sheet.merge_cells("B1:D1")
    for column, name in zip("BCD", ("Date", "Text", "Amount"), strict=True):
        sheet[f"{column}3"] = name
    rows = (("2024-02-01", "Rent", -1200.5), ("2024-02-03", "Fees", 1234.5), ("2024-02-05", "Share", 0.195))
    for r, (date, text, amount) in enumerate(rows, 4):
        sheet[f"B{r}"] = dt.datetime.fromisoformat(date)
        sheet[f"B{r}"].number_format = "dd/mm/yyyy"
        sheet[f"C{r}"] = text
        sheet[f"D{r}"] = amount
        sheet[f"D{r}"].number_format = "#,##0.00"
    sheet["D6"].number_format = "0.0%"
    sheet["D7"] = "=SUM(D4:D5)"
    sheet["C5"].comment = Comment("Which fees?", "The Auditor")
    sheet.row_dimensions[5].hidden = True
    hidden = book.create_sheet("Rates")
    hidden["A1"] = "secret rate"
    hidden.sheet_state = "hidden"
    book.save(path)
    return path


def make_pptx(path: Path) -> Path:
    """A presentation: title, bullets, a table with a merge, a group, a picture, notes, a hidden slide."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Budget"
    frame = slide.placeholders[1].text_frame
    frame.text = "First point"
    frame.add_paragraph().text = "Second point"
    frame.paragraphs[1].level = 1
    table = slide.shapes.add_table(2, 2, Pt(72), Pt(360), Pt(300), Pt(60)).table
    for i, text in enumerate(("Item", "Cost", "Pens", "12.00")):
        table.cell(i // 2, i % 2).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Pt(400), Pt(450), Pt(100), Pt(20)).text_frame.text = "Grouped right"
    group.shapes.add_textbox(Pt(100), Pt(450), Pt(100), Pt(20)).text_frame.text = "Grouped left"
    slide.shapes.add_picture(io.BytesIO(png()), Pt(10), Pt(10))
    slide.notes_slide.notes_text_frame.text = "Say it slowly"
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Hidden slide"
    second._element.set("show", "0")
    deck.save(str(path))
    return path


_ODF = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in {
            "draw": "drawing",
            **{n: n for n in ("office", "text", "table", "presentation", "style")},
        }.items()
    )
    + ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
    + ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:chart="urn:oasis:names:tc:opendocument:xmlns:chart:1.0"'
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def make_odf(
    path: Path, kind: str, body: str, *, styles: str = "", masters: str = "", more: dict[str, str | bytes] | None = None
) -> Path:
    """An OpenDocument file of a kind (text, spreadsheet, presentation) with a body, its styles, and `more` members."""
    members: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"<office:document-content {_ODF}>{styles}<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>",
        "META-INF/manifest.xml": "<manifest/>",
    }
    if masters:
        members["styles.xml"] = (
            f"<office:document-styles {_ODF}><office:master-styles>{masters}</office:master-styles></office:document-styles>"
        )
    return zipped(path, members | (more or {}))


ODT_BODY = (
    "<text:tracked-changes><text:changed-region><text:deletion><office:change-info><dc:creator>The Clerk</dc:creator>"
    "</office:change-info><text:p>999 EUR</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    '<text:h text:outline-level="2">Purchase order</text:h>'
    "<text:list><text:list-item><text:p>Scope</text:p><text:list><text:list-item><text:p>Delivery</text:p></text:list-item>"
    "</text:list></text:list-item></text:list>"
    '<text:p>Price<text:s text:c="2"/>120<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
    "<text:note-body><text:p>Footnote text</text:p></text:note-body></text:note><office:annotation>"
    "<dc:creator>The Auditor</dc:creator><text:p>Check</text:p></office:annotation></text:p>"
    '<table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>Wide</text:p></table:table-cell>'
    "<table:covered-table-cell/></table:table-row><table:table-row><table:table-cell><text:p>Ink</text:p></table:table-cell>"
    "<table:table-cell><text:p>3.50</text:p></table:table-cell></table:table-row></table:table>"
)
ODS_BODY = (
    '<table:table table:name="Rates"><table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    '<table:table-row><table:table-cell table:number-columns-repeated="2"/><table:table-cell office:value-type="date" '
    'office:date-value="2024-02-01"><office:annotation><dc:creator>The Auditor</dc:creator><text:p>Check</text:p>'
    "</office:annotation><text:p>01.02.24</text:p></table:table-cell></table:table-row>"
    '<table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row></table:table>"
)
ODP_BODY = (
    '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Budget</text:p></draw:text-box></draw:frame>'
    "<presentation:notes><draw:frame><draw:text-box><text:p>Say it slowly</text:p></draw:text-box></draw:frame>"
    "</presentation:notes></draw:page>"
)
RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\info{\author The Clerk}}{\header Header text\par}Gr\u252?\'fcn \u-10179?\u-9159?\par "
    rb"\trowd\cellx1\cellx2 Article\cell Amount\cell\row\trowd\cellx1\cellx2 Ink\cell 3.50\cell\row "
    rb"\pard After{\footnote Footnote text}{\pict\pngblip\bin4 }{}{}{\*\annotation Check}\par}"
)
MARKDOWN = """---
vendor: Example Ltd
---
# Order 4711

Pay *soon*, see [terms](https://example.org/t).

- one
  - nested
1. first

| Item | Price |
|------|-------|
| Pen  | 2.00  |

<!-- not for print -->
```
code line
```
"""


def make_epub(path: Path, *, style: str = "", last: str = "", pictures: dict[str, bytes] | None = None) -> Path:
    """A book of two chapters, the second one first in the archive, with a style sheet and `last` at its end."""
    listed = "".join(f'<item id="p{i}" href="{p}" media-type="image/png"/>' for i, p in enumerate(pictures or ()))
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "OPS/two.xhtml": f'<html><head><link rel="stylesheet" href="css/a.css"/></head><body><h2>Second chapter</h2><p>Two.</p>{last}</body></html>',
        "OPS/css/a.css": style,
        "OPS/one.xhtml": "<html><body><h1>First chapter</h1><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td>"
        "</tr></table></body></html>",
        "OPS/book.opf": '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Book</dc:title></metadata>'
        '<manifest><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>'
        f'<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>{listed}</manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        **{f"OPS/{name}": data for name, data in (pictures or {}).items()},
    }
    return zipped(path, members)
