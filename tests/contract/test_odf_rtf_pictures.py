"""Pictures and embedded objects in OpenDocument and RTF files: read where they stand, as those of Word files are."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.office_files import make_odf, png, source_of
from tests.word_pictures import WORDS, Fake, fake_engine, form
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source

__all__ = ["fake_engine"]  # a fixture


def read(path: Path, **options: object) -> Reading:
    """The Reading of a file."""
    return read_source(source_of(path), ReadOptions.model_validate(options), Spool(path.parent / "spool"))


def _frame(name: str = "Pictures/1.png", extra: str = "", style: str = "") -> str:
    named = f'draw:style-name="{style}" ' if style else ""
    return f'<draw:frame {named}svg:width="8cm" svg:height="2cm"><draw:image xlink:href="{name}"/>{extra}</draw:frame>'


def _p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def _cell(content: str) -> str:
    return f"<table:table-cell>{content}</table:table-cell>"


def odt(folder: Path, body: str, image: bytes | None = None, **more: str) -> Path:
    """A text document with a picture of words."""
    members: dict[str, str | bytes] = {"Pictures/1.png": image or form(), "Pictures/1.svg": "<svg/>"}
    return make_odf(folder / "a.odt", "text", body, more=members, **more)


BODIES = {
    "own paragraph": (_p("Above") + _p(_frame()) + _p("Below"), ["Above", WORDS, "Below"]),
    "after": (_p(f"Above{_frame()}") + _p("Below"), ["Above", WORDS, "Below"]),
    "before": (_p("Above") + _p(f"{_frame()}Below"), ["Above", WORDS, "Below"]),
    "in a link": (_p(f"Above<draw:a>{_frame()}</draw:a>"), ["Above", WORDS]),
    "with its caption": (
        _p(f"Above<draw:frame><draw:text-box>{_p(_frame() + 'Figure 1')}</draw:text-box></draw:frame>"),
        ["Above", WORDS, "Figure 1"],
    ),
    "drawing and its copy": (
        _p(f"Above{_frame('Pictures/1.svg', '<draw:image xlink:href=' + chr(34) + 'Pictures/1.png' + chr(34) + '/>')}"),
        ["Above", WORDS],
    ),
    "in a cell": (
        "<table:table>{}{}</table:table>".format(
            f"<table:table-row>{_cell(_p('Receipt'))}{_cell(_p(_frame()))}</table:table-row>",
            f"<table:table-row>{_cell(_p('Tea'))}{_cell(_p('5.00'))}</table:table-row>",
        ),
        [f"Receipt\t{WORDS}", "Tea\t5.00"],
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_picture_of_an_opendocument_text_is_read_in_its_place(name: str, tmp_path: Path, engine: Fake) -> None:
    """Among paragraphs and in cells, as a part that names it, with the engine's confidence, and as no child."""
    body, lines = BODIES[name]
    reading = read(odt(tmp_path, body))
    document = reading.document
    assert document.text.split("\n") == lines
    at = document.text.index("42.00")
    assert document.part_at(at) == "picture 1.png"
    assert document.confidence(at, at + 5) == pytest.approx(0.95)
    assert [child.name for child in reading.children if child.name.endswith("png")] == []
    assert engine.seen == 1
    assert [child.name for child in read(odt(tmp_path, body), ocr="off").children][-1] == "1.png"


def test_hidden_and_cropped_pictures_of_an_opendocument_text(tmp_path: Path, engine: Fake) -> None:
    """What is hidden stays a child; of a cropped one the visible half is read."""
    styles = (
        "<office:automatic-styles><style:style style:name='h'><style:text-properties text:display='none'/></style:style>"
        "<style:style style:name='c'><style:graphic-properties fo:clip='rect(0cm, 0cm, 0cm, 450pt)'/></style:style>"
        "</office:automatic-styles>"
    )
    hidden = f"<text:p>Above<text:span text:style-name='h'>{_frame()}</text:span></text:p>"
    reading = read(odt(tmp_path, hidden, styles=styles))
    assert (reading.document.text, len(reading.children), engine.seen) == ("Above", 1, 0)
    cropped = read(odt(tmp_path, _p(f"Above{_frame(style='c')}"), form((1200, 200)), styles=styles))
    assert (cropped.document.text.split("\n"), cropped.children) == (["Above", WORDS], [])
    assert engine.sizes == [(600, 200)]


def test_a_logo_in_a_header_of_an_opendocument_text(tmp_path: Path, engine: Fake) -> None:
    """Its words stand with the header, once for left and right pages; decoration is passed over."""
    sides = "".join(f"<style:header{s}>{_p('Letterhead' + _frame())}</style:header{s}>" for s in ("", "-left"))
    masters = f"<style:master-page style:name='S'>{sides}</style:master-page>"
    reading = read(odt(tmp_path, _p("Body"), masters=masters))
    assert reading.document.text.split("\n") == ["Letterhead", WORDS, "Body"]
    assert (reading.children, engine.seen) == ([], 1)
    plain = read(odt(tmp_path, _p("Body" + _frame()), png()))
    assert (plain.document.text, plain.children, engine.seen) == ("Body", [], 1)


def test_a_picture_of_a_presentation_has_its_box(tmp_path: Path, engine: Fake) -> None:
    """On its slide; a turned one stays a child; what the master page shows is written once."""
    place = 'svg:x="100pt" svg:y="100pt" svg:width="400pt" svg:height="100pt"'
    image = '<draw:image xlink:href="Pictures/{}.png"/>'
    shapes = f"<draw:frame {place}>{image.format(1)}</draw:frame>"
    turned = f'<draw:frame draw:transform="rotate (1.57)" {place}>{image.format(2)}</draw:frame>'
    pages = "".join(
        f'<draw:page draw:master-page-name="M">{_text_box(n)}{shapes if n == "One" else turned}</draw:page>'
        for n in ("One", "Two")
    )
    masters = (
        f"<style:master-page style:name='M'>{_text_box('ACME Ltd')}"
        f"<draw:frame presentation:class='title'><draw:text-box>{_p('Click to edit')}</draw:text-box></draw:frame></style:master-page>"
    )
    more: dict[str, str | bytes] = {"Pictures/1.png": form(), "Pictures/2.png": form((500, 300))}
    reading = read(make_odf(tmp_path / "a.odp", "presentation", pages, masters=masters, more=more))
    document = reading.document
    assert document.text.split("\n") == ["One", WORDS, "ACME Ltd", "Two"]
    anchor = document.anchor(4, 4 + len(WORDS))
    assert (anchor.page, anchor.part) == (1, "picture 1.png")
    assert anchor.boxes[0] == pytest.approx((200, 125, 393, 175), abs=1)
    assert ([child.name for child in reading.children], engine.seen) == (["2.png"], 1)


def _text_box(text: str) -> str:
    return f"<draw:frame><draw:text-box>{_p(text)}</draw:text-box></draw:frame>"


MATH = (
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>'
    '<annotation encoding="StarMath 5.0">1 over 2</annotation></semantics></math>'
)


@pytest.mark.parametrize("inside", [True, False], ids=["in the frame", "in the package"])
def test_formulas_of_an_opendocument_text_stand_in_their_line(inside: object, tmp_path: Path) -> None:
    """A fraction is 1/2 and not lost; its picture for other programs is no second one."""
    held = f"<draw:object>{MATH}</draw:object>" if inside else '<draw:object xlink:href="./Object 1"/>'
    copy = '<draw:image xlink:href="./ObjectReplacements/Object 1"/>'
    more: dict[str, str | bytes] = (
        {} if inside else {"Object 1/content.xml": MATH, "ObjectReplacements/Object 1": png()}
    )
    body = _p(f"Share: <draw:frame>{held}{copy}</draw:frame> of the profit")
    reading = read(make_odf(tmp_path / "a.odt", "text", body, more=more))
    assert (reading.document.text, reading.children) == ("Share: 1/2 of the profit", [])


def test_charts_of_an_opendocument_text_are_tables(tmp_path: Path) -> None:
    """Title and figures, as a part of their own; an object within itself ends."""
    row = "<table:table-row>{}{}</table:table-row>"
    rows = row.format(_cell(_p("")), _cell(_p("Sold"))) + row.format(_cell(_p("North")), _cell(_p("1100")))
    chart = f"<chart:chart><chart:title>{_p('Sales')}</chart:title><table:table>{rows}</table:table></chart:chart>"
    inner = make_odf(tmp_path / "inner.zip", "chart", chart)
    with zipfile.ZipFile(inner) as archive:
        content = archive.read("content.xml")
    held = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    path = make_odf(tmp_path / "a.odt", "text", _p(f"See{held}"), more={"Object 1/content.xml": content})
    document = read(path).document
    assert document.text == "See\nSales\n\tSold\nNorth\t1100"
    assert document.part_at(document.text.index("1100")) == "chart"


def _hex(data: bytes) -> str:
    return "\n".join(data.hex()[i : i + 128] for i in range(0, 2 * len(data), 128))


def _pict(words: str = "\\pngblip", data: bytes | None = None) -> str:
    return f"{{\\pict{words}\n{_hex(data or form())}}}"


def rtf(folder: Path, body: str | bytes) -> Path:
    """An RTF file."""
    path = folder / "a.rtf"
    raw = body if isinstance(body, bytes) else body.encode("latin-1")
    path.write_bytes(rb"{\rtf1\ansi " + raw + b"}")
    return path


def _dib() -> bytes:
    data = io.BytesIO()
    Image.open(io.BytesIO(form())).save(data, "BMP")
    return data.getvalue()[14:]


SHAPE = r"{\shp{\*\shpinst{\sp{\sn pib}{\sv %s}}}{\shprslt %s}}"
RTFS: dict[str, tuple[str | bytes, list[str]]] = {
    "own paragraph": (rf"Above\par {_pict()}\par Below\par", ["Above", WORDS, "Below"]),
    "after": (rf"Above {_pict()}\par Below\par", ["Above", WORDS, "Below"]),
    "before": (rf"Above\par {_pict()}Below\par", ["Above", WORDS, "Below"]),
    "with a copy for old readers": (
        rf"Above\par{{\*\shppict {_pict()}}}{{\nonshppict {_pict(chr(92) + 'wmetafile8', b'xyz')}}}\par Below",
        ["Above", WORDS, "Below"],
    ),
    "of a shape": (rf"Above\par {SHAPE % (_pict(), _pict())}\par Below", ["Above", WORDS, "Below"]),
    "raw bytes": (
        rb"Above\par{\pict\pngblip\picw10\bin%d " % len(form()) + form() + rb"}\par Below\par",
        ["Above", WORDS, "Below"],
    ),
    "bitmap": (rf"Above\par{_pict(chr(92) + 'dibitmap0', _dib())}\par Below", ["Above", WORDS, "Below"]),
    "in a cell": (
        rf"\trowd\cellx1\cellx2\intbl Receipt\cell {_pict()}\cell\row\trowd\cellx1\cellx2\intbl Tea\cell 5.00\cell\row\pard Below\par",
        [f"Receipt\t{WORDS}", "Tea\t5.00", "Below"],
    ),
    "in a header": (rf"{{\header Letterhead {_pict()}\par}}Below\par", ["Letterhead", WORDS, "Below"]),
}


@pytest.mark.parametrize("name", RTFS)
def test_a_picture_of_an_rtf_is_read_in_its_place(name: str, tmp_path: Path, engine: Fake) -> None:
    """Whatever group holds it and however its bytes are written; once, and as no child."""
    body, lines = RTFS[name]
    reading = read(rtf(tmp_path, body))
    document = reading.document
    assert document.text.split("\n") == lines
    at = document.text.index("42.00")
    assert str(document.part_at(at)).startswith("picture picture1.")
    assert document.confidence(at, at + 5) == pytest.approx(0.95)
    assert (reading.children, engine.seen) == ([], 1)


def test_pictures_of_an_rtf_that_are_hidden_cropped_or_of_another_kind(tmp_path: Path, engine: Fake) -> None:
    """Hidden ones and drawings stay children; of a cropped one the visible half is read."""
    hidden = read(rtf(tmp_path, rf"Above{{\v {_pict()}}}{_pict(chr(92) + 'wmetafile8', b'xyz')}\par"))
    assert (hidden.document.text, engine.seen) == ("Above", 0)
    assert [child.name for child in hidden.children] == ["picture1.png", "picture2.wmf"]
    words = r"\pngblip\picwgoal12000\pichgoal2000\piccropl6000"
    cropped = read(rtf(tmp_path, rf"Above{_pict(words, form((1200, 200)))}\par"))
    assert (cropped.document.text.split("\n"), cropped.children) == (["Above", WORDS], [])
    assert engine.sizes == [(600, 200)]


def test_a_text_box_of_an_rtf_stands_once(tmp_path: Path) -> None:
    """What a shape shows again for old readers is no second text."""
    body = r"Above{\shp{\*\shpinst{\shptxt In a box\par}}{\shprslt{\*\do\dobxcolumn{\dptxbxtext In a box\par}}}}\par"
    assert read(rtf(tmp_path, body)).document.text.split("\n") == ["Above", "In a box"]


def test_damaged_bitmaps_do_no_harm(tmp_path: Path, engine: Fake) -> None:
    """A header that is cut off, or of sizes without sense."""
    for data in (b"(", struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 8, 0, 0, 0, 0, 2**32 - 1, 0)):
        reading = read(rtf(tmp_path, rf"Above{_pict(chr(92) + 'dibitmap0', data)}\par"))
        assert (reading.document.text, len(reading.children), engine.seen) == ("Above", 1, 0)
