"""Word files in which an account number is hidden: one maker a way, the seen text beside it the same in each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.office_files import make_docx

ACCOUNT = "7731004428"
SEEN = "Invoice total EUR 1,250.00 payable"
Maker = Callable[[Path], object]


def _docx(run: str, text: str = f"Account {ACCOUNT}") -> Maker:
    body = (
        f"<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p><w:p><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p><w:sectPr/>"
    )
    return lambda path: make_docx(path, body)


def _docx_body(body: str) -> Maker:
    return lambda path: make_docx(path, f"<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p>{body}<w:sectPr/>", parts={})


_W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
_FIELD = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
_ROWS = (
    f"<w:tbl><w:tr><w:trPr>{{}}</w:trPr><w:tc>{{}}<w:p><w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr>"
    "<w:tr><w:tc><w:p><w:r><w:t>Ink</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
)
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
    "docx letters of no width": _docx('<w:w w:val="1"/>'),
    "docx letters over each other": _docx('<w:spacing w:val="-400"/>'),
    "docx unfilled": _docx(f"<w14:textFill {_W14}><w14:noFill/></w14:textFill>"),
    "docx filled white": _docx(
        f'<w14:textFill {_W14}><w14:solidFill><w14:srgbClr w14:val="FFFFFF"/></w14:solidFill></w14:textFill>'
    ),
    "docx code of a field": _docx_body(
        f"<w:p>{_FIELD.format('begin')}<w:r><w:t>Account {ACCOUNT}</w:t></w:r>{_FIELD.format('separate')}{_FIELD.format('end')}</w:p>"
    ),
    "docx field within a field": _docx_body(
        f"<w:p>{_FIELD.format('begin')}{_FIELD.format('begin')}{_FIELD.format('separate')}<w:r><w:t>Account {ACCOUNT}</w:t></w:r>"
        f"{_FIELD.format('end')}{_FIELD.format('separate')}<w:r><w:t>yes</w:t></w:r>{_FIELD.format('end')}</w:p>"
    ),
    "docx deleted row": _docx_body(_ROWS.format('<w:del w:id="1" w:author="x"/>', "")),
    "docx hidden row": _docx_body(_ROWS.format("<w:hidden/>", "")),
    "docx low row": _docx_body(_ROWS.format('<w:trHeight w:val="1" w:hRule="exact"/>', "")),
    "docx deleted cell": _docx_body(_ROWS.format("", '<w:tcPr><w:cellDel w:id="1" w:author="x"/></w:tcPr>')),
    "docx low line": _docx_body(
        f'<w:p><w:pPr><w:spacing w:line="2" w:lineRule="exact"/></w:pPr><w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p>'
    ),
    "docx header of no page": lambda path: make_docx(
        path,
        f'<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p><w:sectPr><w:headerReference w:type="even" r:id="rId1"/></w:sectPr>',
        parts={"header1": ("header", "hdr", f"<w:p><w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p>")},
    ),
    "docx hidden by default": lambda path: make_docx(
        path,
        f'<w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>{SEEN}</w:t></w:r></w:p><w:p><w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p>',
        parts={
            "styles": (
                "styles",
                "styles",
                "<w:docDefaults><w:rPrDefault><w:rPr><w:vanish/></w:rPr></w:rPrDefault></w:docDefaults>",
            )
        },
    ),
    "docx hidden by its table": lambda path: make_docx(
        path,
        f"<w:p><w:r><w:t>{SEEN}</w:t></w:r></w:p><w:tbl><w:tblPr><w:tblStyle w:val='S'/></w:tblPr><w:tr>"
        f"<w:tc><w:p><w:r><w:t>Account {ACCOUNT}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
        parts={
            "styles": ("styles", "styles", "<w:style w:type='table' w:styleId='S'><w:rPr><w:vanish/></w:rPr></w:style>")
        },
    ),
    "docx variation selectors": _docx("", "Pay" + "".join(chr(0xE0100 + ord(c)) for c in ACCOUNT)),
}
