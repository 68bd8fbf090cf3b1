"""Pictures in Word files and presentations: read where they stand, passed over, or left as Documents of their own."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Pt

from tests.office_files import make_docx, png, source_of
from tests.word_pictures import WORDS, Fake, fake_engine, form
from thresher.schemas.errors import SetupProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.ocr import engines
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source

__all__ = ["fake_engine"]  # a fixture
DRAWN = '<w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" r:embed="rId7"/>{}</w:drawing></w:r>'
PICTURE = DRAWN.format("")
CROPPED = DRAWN.format('<a:srcRect xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" l="50000"/>')


def said(text: str, *, before: str = "", after: str = "") -> str:
    """A paragraph."""
    return f"<w:p>{before}<w:r><w:t>{text}</w:t></w:r>{after}</w:p>"


def docx(
    folder: Path,
    body: str,
    image: bytes | None = None,
    parts: dict[str, tuple[str, str, str]] | None = None,
    more: dict[str, str | bytes] | None = None,
) -> Path:
    """A Word file with a picture."""
    members = {"word/media/image1.png": image or form(), **(more or {})}
    return make_docx(folder / "a.docx", body, parts=parts or {}, more=members)


def read(path: Path, **options: object) -> Reading:
    """The Reading of a file."""
    return read_source(source_of(path), ReadOptions.model_validate(options), Spool(path.parent / "spool"))


@pytest.mark.parametrize(
    "body",
    [
        said("Above") + f"<w:p>{PICTURE}</w:p>" + said("Below"),
        said("Above", after=PICTURE) + said("Below"),
        said("Above") + said("Below", before=PICTURE),
    ],
    ids=["own", "after", "before"],
)
def test_a_picture_is_read_in_its_place(body: str, tmp_path: Path, engine: Fake) -> None:
    """Among the paragraphs, as a part that names it, with the engine's confidence, and as no child any more."""
    reading = read(docx(tmp_path, body))
    document = reading.document
    assert document.text.split("\n") == ["Above", WORDS, "Below"]
    at = document.text.index("42.00")
    assert document.part_at(at) == "picture image1.png"
    assert document.part_at(document.text.index("Below")) is None
    assert document.confidence(at, at + 5) == pytest.approx(0.95)
    assert document.confidence(0, 5) is None
    assert (reading.children, document.notes, engine.seen) == ([], [], 1)


@pytest.mark.parametrize("options", [{"ocr": "off"}, {"inline": "none"}, {"pictures": "all"}, {"ocr": "vision"}])
def test_what_is_not_read_here_stays_a_child(options: dict[str, object], tmp_path: Path, engine: Fake) -> None:
    """Its own Document says so, or is shown to a model."""
    reading = read(docx(tmp_path, said("Above", after=PICTURE)), **options)
    assert reading.document.text == "Above"
    assert [child.name for child in reading.children] == ["image1.png"]
    assert engine.seen == 0


def test_a_picture_without_an_engine_stays_a_child_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reading has the Note, so that the Result is not complete."""

    def _missing() -> Fake:
        raise SetupProblem("extra_missing", "thresher[ocr]")

    monkeypatch.setattr(engines, "_rapidocr", _missing)
    engines.engine.cache_clear()
    (child,) = read(docx(tmp_path, said("Above", after=PICTURE))).children
    own = read_source(child, ReadOptions(), Spool(tmp_path / "spool")).document
    assert [note.code for note in own.notes] == ["extra_missing", "picture_unread"]


def test_a_picture_read_badly_has_its_note_or_is_shown(tmp_path: Path, engine: Fake) -> None:
    """In the text for a model that reads only; beside it for one that sees."""
    engine.confidence = 0.5
    path = docx(tmp_path, said("Above", after=PICTURE))
    reading = read(path)
    assert [note.code for note in reading.document.notes] == ["ocr_low_confidence"]
    assert "picture image1.png" in reading.document.notes[0].message
    assert reading.document.text.endswith(WORDS)
    seeing = read(path, pictures="weak")
    assert (seeing.document.text, len(seeing.children)) == ("Above", 1)


def test_hidden_pictures_are_no_part_of_the_text(tmp_path: Path, engine: Fake) -> None:
    """What a person does not see is not written as if it were seen."""
    hidden = PICTURE.replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>")
    deleted = f'<w:del w:id="1" w:author="A">{PICTURE}</w:del>'
    reading = read(docx(tmp_path, said("Above", after=hidden + deleted)))
    assert (reading.document.text, len(reading.children), engine.seen) == ("Above", 1, 0)


def test_of_a_cropped_picture_what_is_visible_is_read(tmp_path: Path, engine: Fake) -> None:
    """The engine is given the right half only; one of which nothing is left stays a child."""
    reading = read(docx(tmp_path, said("Above", after=CROPPED), form((1200, 200))))
    assert (reading.document.text.split("\n"), reading.children) == (["Above", WORDS], [])
    assert engine.sizes == [(600, 200)]
    nothing = CROPPED.replace('l="50000"', 'l="100000"')
    both = read(docx(tmp_path, said("Above", after=PICTURE + nothing)))
    assert (both.document.text.split("\n"), len(both.children)) == (["Above", WORDS], 1)


def test_a_picture_twice_is_read_once(tmp_path: Path, engine: Fake) -> None:
    """A form is written at both places, a logo at the first one only."""
    body = said("One", after=PICTURE) + said("Two", after=PICTURE)
    assert read(docx(tmp_path, body)).document.text.split("\n") == ["One", WORDS, "Two", WORDS]
    assert engine.seen == 1
    logo = read(docx(tmp_path, body, form((300, 100)))).document
    assert logo.text.split("\n") == ["One", WORDS, "Two"]


def test_a_logo_in_a_header_and_decoration(tmp_path: Path, engine: Fake) -> None:
    """The logo's words stand with the header; a plain picture costs no OCR and is no child."""
    header = said("Letterhead", after=PICTURE.replace("rId7", "rId1"))
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/logo.png"/></Relationships>'
    )
    more: dict[str, str | bytes] = {"word/_rels/header1.xml.rels": links, "word/media/logo.png": form()}
    body = said("Body", after=PICTURE)
    reading = read(docx(tmp_path, body, png(), parts={"header1": ("header", "hdr", header)}, more=more))
    assert reading.document.text.split("\n") == ["Letterhead", WORDS, "Body"]
    assert (reading.children, engine.seen) == ([], 1)


def test_a_picture_in_a_cell(tmp_path: Path, engine: Fake) -> None:
    """Its words stand in its row."""
    cells = [said("Receipt"), f"<w:p>{PICTURE}</w:p>", said("Tea"), said("5.00")]
    tcs = [f"<w:tc>{cell}</w:tc>" for cell in cells]
    rows = f"<w:tr>{tcs[0]}{tcs[1]}</w:tr><w:tr>{tcs[2]}{tcs[3]}</w:tr>"
    document = read(docx(tmp_path, f"<w:tbl>{rows}</w:tbl>" + said("Below"))).document
    assert document.text == f"Receipt\t{WORDS}\nTea\t5.00\nBelow"
    at = document.text.index("42.00")
    assert document.confidence(at, at + 5) == pytest.approx(0.95)
    assert document.part_at(at) == "picture image1.png"
    assert document.part_at(document.text.index("Tea")) is None
    assert document.confidence(document.text.index("5.00"), len(document.text)) is None
    assert engine.seen == 1


def test_a_huge_picture_and_too_many_are_left_to_their_own_reading(tmp_path: Path, engine: Fake) -> None:
    """35,000 pixels square are not decoded; the text is there."""
    head = struct.pack(">IIBBBBB", 35_000, 35_000, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 9)), (b"IEND", b""))
    )
    body = said("Above", after=PICTURE)
    reading = read(docx(tmp_path, body, bomb))
    assert (reading.document.text, len(reading.children), engine.seen) == ("Above", 1, 0)
    late = read(docx(tmp_path, body), limits=Limits(seconds=0.1))
    assert (late.document.text, len(late.children), engine.seen) == ("Above", 1, 0)


def test_a_picture_on_a_slide_has_its_place_and_boxes(tmp_path: Path, engine: Fake) -> None:
    """Between the shapes above and below it; boxes are on the slide; a hidden or turned one stays a child."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    for text, top in (("Above", 20), ("Below", 300)):
        slide.shapes.add_textbox(Pt(72), Pt(top), Pt(200), Pt(20)).text_frame.text = text
    slide.shapes.add_picture(io.BytesIO(form()), Pt(100), Pt(100), Pt(400), Pt(100))
    slide.shapes.add_picture(io.BytesIO(form((500, 300))), Pt(100), Pt(400), Pt(50), Pt(50)).rotation = 90
    slide.shapes.add_picture(io.BytesIO(form((800, 300))), Pt(2000), Pt(400), Pt(50), Pt(50))
    deck.save(str(tmp_path / "a.pptx"))
    reading = read(tmp_path / "a.pptx")
    document = reading.document
    assert document.text.split("\n") == ["Above", WORDS, "Below"]
    place = document.anchor(6, 6 + len(WORDS))
    assert (place.page, place.part) == (1, "picture image1.png")
    assert place.boxes[0] == pytest.approx((200, 125, 393, 175), abs=1)
    assert [child.ordinal for child in reading.children] == [1, 2]
    assert engine.seen == 1


def test_a_picture_of_the_layout_is_written_once(tmp_path: Path, engine: Fake) -> None:
    """It is on every slide that has the layout; a picture that is not read is a child."""
    deck = Presentation()
    layout = deck.slide_layouts[6]
    for text in ("One", "Two"):
        frame = deck.slides.add_slide(layout).shapes.add_textbox(Pt(72), Pt(20), Pt(200), Pt(20)).text_frame
        frame.text = text
    made = deck.slides[0].shapes.add_picture(io.BytesIO(form()), Pt(100), Pt(100), Pt(400), Pt(100))
    _, key = layout.part.get_or_add_image_part(io.BytesIO(form()))
    made._element.blipFill.blip.rEmbed = key
    layout.shapes._spTree.append(made._element)
    deck.save(str(tmp_path / "a.pptx"))
    document = read(tmp_path / "a.pptx").document
    assert document.text.split("\n") == ["One", WORDS, "Two"]
    assert document.anchor(4, 10).page == 1
    assert engine.seen == 1
    assert len(read(tmp_path / "a.pptx", ocr="off").children) == 1


@pytest.mark.slow
def test_a_picture_is_read_by_the_engine_of_the_extra(tmp_path: Path) -> None:
    """From drawn letters to the text."""
    pytest.importorskip("rapidocr")
    assert WORDS in read(docx(tmp_path, said("Above", after=PICTURE))).document.text
