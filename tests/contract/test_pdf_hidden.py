"""What a PDF holds and does not show is kept from the text and noted; what is small, pale or layered and readable stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pdf_maker import Page, Pdf, lines, pdf_source, text
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import PdfReader

Read = Callable[..., Document]
SECRET = "DE89 3704 0044 0532 0130 00"
BODY = lines(72, 740, [f"Line {i} of an invoice that anyone can read." for i in range(12)])


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the bytes of a PDF, no OCR."""

    def _read(data: bytes, **options: object) -> Document:
        source = pdf_source(tmp_path, data)
        chosen = ReadOptions.model_validate({"ocr": "off", **options})
        return PdfReader().read(source, chosen, Spool(tmp_path / "spool")).document

    return _read


def _plain(content: str) -> bytes:
    return Pdf().write([Page(BODY + content)])


def _layer(state: str, *, in_form: bool = False) -> bytes:
    """Text on a layer that is ON or OFF, on the page or in a form XObject."""
    pdf = Pdf()
    group = pdf.add("<< /Type /OCG /Name (Draft) >>")
    listed = f"/ON [] /OFF [{group} 0 R]" if state == "OFF" else f"/ON [{group} 0 R] /OFF []"
    pdf.catalogue = f"/OCProperties << /OCGs [{group} 0 R] /D << /Order [{group} 0 R] {listed} >> >>"
    fonts = "/Font << /F 3 0 R /B 4 0 R >>"
    if in_form:
        content = text(72, 300, SECRET).encode()
        entries = f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /OC {group} 0 R /Resources << {fonts} >>"
        form = pdf.stream(content, entries)
        extra = f"/Resources << {fonts} /XObject << /X {form} 0 R >> >>"
        return pdf.write([Page(f"{BODY}/X Do\n", extra)])
    extra = f"/Resources << {fonts} /Properties << /L {group} 0 R >> >>"
    return pdf.write([Page(f"{BODY}/OC /L BDC\n{text(72, 300, SECRET)}EMC\n", extra)])


def _annotation(flags: int, kind: str) -> bytes:
    pdf = Pdf()
    if kind == "field":
        one = pdf.add(
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (account) /V ({SECRET}) /F {flags} /Rect [72 300 300 320] "
            "/DA (/F 10 Tf 0 g) >>"
        )
        pdf.catalogue = f"/AcroForm << /Fields [{one} 0 R] /DR << /Font << /F 3 0 R >> >> /DA (/F 10 Tf 0 g) >>"
    else:
        look = pdf.stream(
            text(2, 5, SECRET, size=10).encode(),
            "/Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /Font << /F 3 0 R >> >>",
        )
        one = pdf.add(
            f"<< /Type /Annot /Subtype /FreeText /Contents ({SECRET}) /F {flags} /Rect [72 300 300 320] "
            f"/DA (/F 10 Tf 0 g) /AP << /N {look} 0 R >> >>"
        )
    return pdf.write([Page(BODY, f"/Annots [{one} 0 R]")])


HIDDEN = {
    "layer that is off": _layer("OFF"),
    "form on a layer that is off": _layer("OFF", in_form=True),
    "black on black": _plain(f"0 g 60 290 300 30 re f\n{text(72, 300, SECRET)}"),
    "blue on blue": _plain(f"0 0 0.5 rg 60 290 300 30 re f\n{text(72, 300, SECRET)}0 g\n"),
    "black on black in a cell with a label": _plain(
        f"0 g 60 290 300 30 re f\n{text(72, 300, SECRET)}1 g {text(80, 300, 'REDACTED')}0 g\n"
    ),
    "under a box that has words of its own": _plain(
        f"{text(72, 300, SECRET)}0 g 60 290 300 30 re f 1 g {text(75, 300, 'Left out by the court')}0 g\n"
    ),
    "white on white": _plain(f"1 g {text(72, 300, SECRET)}0 g\n"),
    "nearly white": _plain(f"0.97 g {text(72, 300, SECRET)}0 g\n"),
    "clipped": _plain(f"q 10 10 5 5 re W n\n{text(72, 300, SECRET)}Q\n"),
    "clipped beside": _plain(f"q 300 290 100 30 re W n\n{text(72, 300, SECRET)}Q\n"),
    "beyond the page": _plain(text(700, 300, SECRET)),
    "below the page": _plain(text(72, -60, SECRET)),
    "one point": _plain(text(72, 300, SECRET, size=1)),
    "scaled to nothing": _plain(f"q 0.1 0 0 0.1 0 0 cm {text(720, 3000, SECRET, size=10)}Q\n"),
    "mode 3": _plain(f"3 Tr {text(72, 300, SECRET)}0 Tr\n"),
    "mode 7 that nothing is drawn through": _plain(f"q 7 Tr {text(72, 300, SECRET)}Q\n"),
    "hidden field": _annotation(2, "field"),
    "field not in view": _annotation(32, "field"),
    "hidden free text": _annotation(2, "note"),
    "free text not in view": _annotation(32, "note"),
    "text that differs from its glyphs": _plain(f"/Span << /ActualText ({SECRET}) >> BDC {text(72, 300, 'n/a')}EMC\n"),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_hidden_text_is_kept_away_and_noted(read: Read, way: str) -> None:
    """It is not in the text, a note says on which page it is, and all else is there."""
    document = read(HIDDEN[way])
    squeezed = "".join(document.text.split())
    assert "3704" not in squeezed
    assert "0130" not in squeezed
    assert ("hidden_text", 1) in {(n.code, n.page) for n in document.notes}
    assert "Line 11 of an invoice that anyone can read." in document.text


@pytest.mark.parametrize("way", HIDDEN)
def test_hidden_text_is_there_for_those_who_ask(read: Read, way: str) -> None:
    """With the option it is read, as Blocks of their own."""
    assert "3704" in read(HIDDEN[way], hidden_text=True).text


SEEN = {
    "layer that is on": _layer("ON"),
    "form on a layer that is on": _layer("ON", in_form=True),
    "white on black": _plain(f"0 g 60 290 300 30 re f 1 g {text(72, 300, SECRET)}0 g\n"),
    "black on grey": _plain(f"0.8 g 60 290 300 30 re f 0 g {text(72, 300, SECRET)}"),
    "dark grey on black is readable": _plain(f"0 g 60 290 300 30 re f 0.4 g {text(72, 300, SECRET)}0 g\n"),
    "four points": _plain(text(72, 300, SECRET, size=4)),
    "pale grey": _plain(f"0.7 g {text(72, 300, SECRET)}0 g\n"),
    "within its clip": _plain(f"q 60 290 300 30 re W n\n{text(72, 300, SECRET)}Q\n"),
    "drawn through its letters": _plain(
        f"q 7 Tr {text(72, 300, SECRET, size=20)}0.1 0.2 0.9 rg 60 290 400 40 re f\nQ\n"
    ),
    "outlined": _plain(f"1 Tr {text(72, 300, SECRET, size=20)}0 Tr\n"),
    "field": _annotation(4, "field"),
    "free text": _annotation(4, "note"),
    "text that says what its glyphs say": _plain(
        f"/Span << /ActualText ({SECRET}) >> BDC {text(72, 300, SECRET)}EMC\n"
    ),
}


@pytest.mark.parametrize("way", SEEN)
def test_what_can_be_read_stays(read: Read, way: str) -> None:
    """No note, and the text is there once."""
    document = read(SEEN[way])
    assert "".join(document.text.split()).count("DE89370400440532013000") == 1
    assert "hidden_text" not in {n.code for n in document.notes}


def test_a_page_of_small_type_is_no_hidden_text(read: Read) -> None:
    """A plan in units of its own: all type is small, so none is hidden."""
    small = "".join(text(20, 100 - 3 * i, f"Wall {i} of 12 metres", size=2) for i in range(12))
    document = read(Pdf().write([Page(small)]))
    assert document.text.count("metres") == 12
    assert not document.notes


def test_no_range_of_the_text_holds_a_hidden_word_between_visible_ones(read: Read) -> None:
    """The hidden word comes between two that stand side by side."""
    content = (
        f"BT /F 12 Tf 72 300 Td (Pay EUR) Tj 1 g ( 9) Tj 3 Tr (99999) Tj 0 Tr 0 g ET\n{text(122, 300, '100.00 now')}"
    )
    document = read(_plain(content))
    assert "99999" not in document.text
    assert "Pay EUR" in document.text


def test_texts_of_ligatures_are_believed_however_often_they_come(read: Read) -> None:
    """Each stands for its own glyphs, not for those of all that are called the same."""
    content = "".join(
        f"/Span << /ActualText (fi) >> BDC {text(72, 300 - 20 * i, 'fi')}EMC\n{text(100, 300 - 20 * i, 'rst')}"
        for i in range(3)
    )
    document = read(_plain(content))
    assert document.text.count("fi") == 3
    assert not document.notes


def test_what_is_covered_and_printed_again_above_is_seen(read: Read) -> None:
    """One of the two can be read, so nothing is hidden."""
    content = f"{text(72, 300, SECRET)}0.9 g 60 290 300 30 re f 0 g {text(72, 300, SECRET)}"
    document = read(_plain(content))
    assert document.text.count("DE89") == 1
    assert not document.notes


def test_a_drawing_over_some_words_of_a_page_hides_them(read: Read) -> None:
    """They lie behind a box on which other things are drawn as shapes, and the rest of the page is not drawn over its text."""
    shapes = "".join(f"{72 + 9 * i} 298 5 9 re f " for i in range(24))
    document = read(_plain(f"{text(72, 300, SECRET)}0.9 g 60 290 300 30 re f 0 g {shapes}"))
    assert "3704" not in document.text
    assert ("hidden_text", 1) in {(n.code, n.page) for n in document.notes}


def test_what_was_recognised_in_the_drawings_of_a_whole_page_is_its_text(read: Read) -> None:
    """A note pad writes what it recognised under the sheet and the strokes that are drawn on it."""
    rows = [300, 320, 340]
    words = "".join(text(72, y, "Buy milk and bread on the way") for y in rows)
    strokes = "".join(f"{72 + 4 * i} {y - 1} 3 9 re f " for y in rows for i in range(45))
    document = read(Pdf().write([Page(f"{words}1 g 0 0 612 792 re f 0 g {strokes}")]))
    assert document.text.count("Buy milk") == 3


def test_an_amount_painted_over_with_itself_in_brackets_is_not_hidden(read: Read) -> None:
    """What lies beneath says nothing that the correction does not say."""
    content = f"{text(75, 300, '$417.75')}1 g 60 290 300 30 re f 0 g {text(72, 299, '($417.75)')}"
    document = read(_plain(content))
    assert document.text.count("417.75") == 1
    assert not document.notes


def test_an_amount_painted_over_with_another_is_hidden(read: Read) -> None:
    """The two differ."""
    content = f"{text(75, 300, '$774.00')}1 g 60 290 300 30 re f 0 g {text(72, 299, '($739.59)')}"
    document = read(_plain(content))
    assert "774" not in document.text
    assert [n.code for n in document.notes] == ["hidden_text"]


def test_a_colon_that_is_painted_over_hides_nothing(read: Read) -> None:
    """Punctuation alone says nothing."""
    content = f"{text(72, 300, 'Event No.')}{text(130, 300, ':')}1 g 128 290 40 30 re f 0 g {text(140, 300, '37')}"
    document = read(_plain(content))
    assert "Event No. 37" in document.text
    assert not document.notes


def test_transparent_words_over_pictures_are_what_was_recognised_in_them(read: Read) -> None:
    """Some lie beneath strokes, others do not; all are read, as if they were of a text mode that paints nothing."""
    pdf = Pdf()
    image = pdf.stream(
        b"\xff", "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
    )
    extra = (
        f"/Resources << /Font << /F 3 0 R /B 4 0 R >> /XObject << /I {image} 0 R >> "
        "/ExtGState << /T << /ca 0 >> /S << /ca 1 >> >> >>"
    )
    words = "".join(text(72, y, f"Buy cheese {y}") for y in range(300, 400, 20))
    strokes = "".join(f"{72 + 4 * i} 299 3 9 re f " for i in range(45)) + "60 290 300 30 re f "
    tiles = "q 100 0 0 792 0 0 cm /I Do Q q 512 0 0 792 100 0 cm /I Do Q "
    content = f"{tiles}/T gs {words}/S gs 0.1 0.2 0.9 rg {strokes}"
    document = read(pdf.write([Page(content, extra)]))
    assert document.text.count("Buy cheese") == 5
    assert "hidden_text" not in {n.code for n in document.notes}
