"""Pictures on pages that have text, too: read in their place, passed over quickly, or named."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.Image import Image

from tests.pdf_maker import Page, Pdf, lines, pdf_source, text
from thresher.schemas.document import Document
from thresher.schemas.errors import SetupProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import PdfReader

Read = Callable[..., Document]


class Counting:
    """An engine that sees the line "Amount due 42.00" in the middle of every picture, and counts them."""

    name = "counting"

    def __init__(self) -> None:
        """No picture yet."""
        self.seen: list[tuple[int, int]] = []

    def read(self, image: Image) -> list[PrintedLine]:
        """One line."""
        self.seen.append(image.size)
        width, height = image.size
        y0, y1 = 0.4 * height, 0.4 * height + 30
        boxes = [(0.1 * width, 0.3 * width), (0.32 * width, 0.4 * width), (0.45 * width, 0.6 * width)]
        words = [
            PrintedWord(t, (a, y0, b, y1), 0.95) for t, (a, b) in zip(("Amount", "due", "42.00"), boxes, strict=True)
        ]
        return [PrintedLine(tuple(words), (boxes[0][0], y0, boxes[-1][1], y1))]


@pytest.fixture
def engine() -> Counting:
    """An engine."""
    return Counting()


@pytest.fixture
def read(tmp_path: Path, engine: Counting) -> Read:
    """Read the bytes of a PDF."""

    def _read(data: bytes, *, installed: bool = True, **options: object) -> Document:
        source = pdf_source(tmp_path, data)
        reader = PdfReader(lambda _: engine if installed else _missing())
        return reader.read(source, ReadOptions.model_validate(options), Spool(tmp_path / "spool")).document

    return _read


def _missing() -> Counting:
    raise SetupProblem("extra_missing", "thresher[ocr]")


def _form(words: str = "Amount due 42.00") -> Image:
    page = Pillow.new("L", (1000, 400), 255)
    ImageDraw.Draw(page).text((100, 160), words, 0, ImageFont.load_default(40))
    return page


def _pictured(pdf: Pdf, image: Image) -> str:
    """The /Resources of a page that shows an image as /I."""
    kind = f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace /DeviceGray"
    data = zlib.compress(image.convert("L").tobytes())
    number = pdf.stream(data, f"{kind} /BitsPerComponent 8 /Filter /FlateDecode")
    return f"/Resources << /Font << /F 3 0 R >> /XObject << /I {number} 0 R >> >>"


def _at(x: float, y: float, width: float, height: float) -> str:
    return f"q {width} 0 0 {height} {x} {y} cm /I Do Q\n"


ABOVE = lines(72, 740, [f"Sentence {i} above the picture, typed by the office." for i in range(4)])
BELOW = lines(72, 300, [f"Sentence {i} below the picture, typed by the office." for i in range(4)])


def _page(image: Image, place: str = _at(72, 400, 400, 160)) -> bytes:
    pdf = Pdf()
    extra = _pictured(pdf, image)
    return pdf.write([Page(ABOVE + place + BELOW, extra=extra)])


def test_a_picture_between_lines_is_read_in_its_place(read: Read) -> None:
    """The words stand between the text above and below, with boxes inside the picture, and confidences."""
    document = read(_page(_form()))
    rows = document.text.split("\n")
    assert rows[4] == "Amount due 42.00"
    assert (len(rows), document.notes) == (9, [])
    start = document.text.index("42.00")
    ((x0, y0, x1, y1),) = document.boxes(start, start + 5)
    assert 72 <= x0 < x1 <= 472
    assert 792 - 560 <= y0 < y1 <= 792 - 400
    assert document.confidence(start, start + 5) == pytest.approx(0.95)
    assert document.confidence(0, 8) is None
    assert list(document.pages.ocr) == [0]


@pytest.mark.parametrize(
    "image",
    [Pillow.new("L", (800, 300), 90), Pillow.linear_gradient("L").resize((800, 300))],
    ids=["one colour", "gradient"],
)
def test_decoration_is_not_given_to_the_engine(read: Read, engine: Counting, image: Image) -> None:
    """What has no edges holds no text."""
    document = read(_page(image))
    assert (engine.seen, document.notes) == ([], [])


def test_a_small_picture_is_not_looked_at(read: Read, engine: Counting) -> None:
    """No text fits into a dot."""
    document = read(_page(_form(), _at(72, 400, 10, 4)))
    assert (engine.seen, document.notes) == ([], [])


def test_a_picture_on_every_page_is_read_once(read: Read, engine: Counting) -> None:
    """Its words stand on each page all the same."""
    pdf = Pdf()
    extra = _pictured(pdf, _form())
    document = read(pdf.write([Page(ABOVE + _at(72, 400, 400, 160) + BELOW, extra=extra) for _ in range(5)]))
    assert len(engine.seen) == 1
    assert document.text.count("Amount due 42.00") == 5
    places = [i for i in range(len(document.text)) if document.text.startswith("42.00", i)]
    assert [document.page_at(i) for i in places] == [1, 2, 3, 4, 5]


def test_an_ocr_layer_over_the_picture_is_believed(read: Read, engine: Counting) -> None:
    """Unpainted text over a picture is what a scanner saw in it."""
    layer = "3 Tr " + text(112, 488, "Amount due 42.00", 16) + "0 Tr\n"
    document = read(_page(_form(), _at(72, 400, 400, 160) + layer))
    assert document.text.count("42.00") == 1
    assert engine.seen == []


def test_a_form_as_picture_keeps_what_is_typed_over_it(read: Read) -> None:
    """Text painted over a picture of a form is no OCR layer: both are read, neither twice."""
    typed = text(300, 420, "typed over it")
    document = read(_page(_form(), _at(72, 400, 400, 160) + typed))
    assert document.text.count("Amount due 42.00") == 1
    assert document.text.count("typed over it") == 1


@pytest.mark.parametrize("how", [{"ocr": "off"}, {"installed": False}], ids=["off", "missing"])
def test_what_may_hold_text_and_is_not_read_is_named(read: Read, how: dict[str, object]) -> None:
    """With its page and its place."""
    document = read(_page(_form()), **how)
    note = document.notes[-1]
    assert (note.code, note.page) == ("picture_unread", 1)
    assert note.box == pytest.approx((72, 232, 472, 392), abs=0.5)


def test_a_small_stamp_that_is_not_read_is_named_once(read: Read) -> None:
    """As small as a logo, and on two pages: what it says may matter, and is the same."""
    pdf = Pdf()
    stamp = Pillow.new("L", (220, 110), 255)
    ImageDraw.Draw(stamp).text((8, 30), "PAID 4711", 0, ImageFont.load_default(40))
    page = Page(ABOVE + _at(400, 400, 90, 45) + BELOW, extra=_pictured(pdf, stamp))
    document = read(pdf.write([page, page]), ocr="off")
    assert [(n.code, n.page) for n in document.notes] == [("inline_unread", 1)]
    assert document.notes[0].box == pytest.approx((400, 347, 490, 392), abs=0.5)


def test_a_picture_that_declares_too_much_is_named_and_the_page_read(read: Read, engine: Counting) -> None:
    """35,000 pixels square are not decoded; the page's text and its other pictures are there."""
    pdf = Pdf()
    bomb = "/Type /XObject /Subtype /Image /Width 35000 /Height 35000 /ColorSpace /DeviceGray /BitsPerComponent 1"
    number = pdf.stream(bytes(1), bomb)
    extra = _pictured(pdf, _form()).replace("/XObject <<", f"/XObject << /B {number} 0 R")
    page = ABOVE + _at(72, 400, 400, 160) + BELOW + "q 200 0 0 100 72 60 cm /B Do Q\n"
    document = read(pdf.write([Page(page, extra=extra)]))
    assert [(n.code, n.page) for n in document.notes] == [("too_large", 1)]
    assert document.notes[0].box == pytest.approx((72, 632, 272, 732), abs=0.5)
    assert "Amount due 42.00" in document.text
    assert len(engine.seen) == 1


def test_ten_thousand_pictures_are_a_few_regions(read: Read, engine: Counting) -> None:
    """Pictures that touch are one; what is beyond the most regions is named."""
    pdf, stripes = Pdf(), Pillow.new("L", (4, 2), 255)
    stripes.putdata([0, 255] * 4)
    extra = _pictured(pdf, stripes)
    tiles = "".join(_at(72 + 4 * (i % 100), 100 + 2 * (i // 100), 8, 2) for i in range(10_000))
    document = read(pdf.write([Page(ABOVE + tiles, extra=extra)]))
    assert len(engine.seen) == 1
    assert "Sentence 3 above" in document.text
    apart = "".join(_at(20 + 40 * (i % 14), 20 + 30 * (i // 14), 16, 8) for i in range(14 * 23))
    document = read(pdf.write([Page(ABOVE + apart, extra=extra)]))
    assert [n.code for n in document.notes] == ["picture_unread"]


def test_letters_drawn_as_outlines_are_read(read: Read) -> None:
    """A line of small paths that no word covers, on a page with text."""
    strokes = "".join(
        f"{x} 500 m {x + 4} 512 l {x + 8} 500 l {x + 6} 500 l {x + 4} 508 l {x + 2} 500 l f\n"
        for x in range(100, 300, 10)
    )
    document = read(Pdf().write([Page(ABOVE + strokes + BELOW)]))
    assert "Amount due 42.00" in document.text
    assert document.text.index("above") < document.text.index("Amount") < document.text.index("below")


def test_rules_and_bars_are_no_letters(read: Read, engine: Counting) -> None:
    """The grid of a table and a bar chart are not given to the engine."""
    grid = "".join(f"72 {y} m 500 {y} l S\n" for y in range(330, 600, 20))
    bars = "".join(f"{80 + 30 * i} 340 20 {20 + 10 * i} re f\n" for i in range(12))
    read(Pdf().write([Page(ABOVE + grid + bars + BELOW)]))
    assert engine.seen == []


def test_a_turned_picture_is_laid_out_level(read: Read, engine: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of a picture that lies on its side come in their order; boxes stay those of the page."""

    def _standing(image: Image) -> list[PrintedLine]:
        found = []
        for i, row in enumerate(("First line of it", "Second line of it", "Third line of it")):
            x0 = 0.8 * image.width - 60 * i
            words = [PrintedWord(w, (x0, 20 + 90 * k, x0 + 30, 100 + 90 * k), 0.9) for k, w in enumerate(row.split())]
            found.append(PrintedLine(tuple(words), (x0, 20, x0 + 30, 370)))
        return found

    monkeypatch.setattr(engine, "read", _standing)
    rows = read(_page(_form(), _at(72, 400, 300, 160))).text.split("\n")
    assert rows[4:7] == ["First line of it", "Second line of it", "Third line of it"]


def test_a_damaged_picture_is_named(read: Read) -> None:
    """The page's text is there."""
    pdf = Pdf()
    kind = "/Type /XObject /Subtype /Image /Width 500 /Height 500 /ColorSpace /DeviceGray /BitsPerComponent 8"
    number = pdf.stream(b"\x00\x01", kind + " /Filter /DCTDecode")
    extra = f"/Resources << /Font << /F 3 0 R >> /XObject << /I {number} 0 R >> >>"
    document = read(pdf.write([Page(ABOVE + _at(72, 400, 300, 160) + BELOW, extra=extra)]))
    assert "Sentence 3 below" in document.text


@pytest.mark.slow
def test_a_pasted_form_gives_its_words(tmp_path: Path) -> None:
    """With the engine that comes with the extra."""
    pytest.importorskip("rapidocr")
    data = io.BytesIO(_page(_form("Rowing boat, 3.40 m: GBP 2,680.00")))
    blob = tmp_path / "a.pdf"
    blob.write_bytes(data.getvalue())
    source = Source(path="a.pdf", blob=str(blob), sha256="", size=blob.stat().st_size, name="a.pdf")
    document = PdfReader().read(source, ReadOptions(), Spool(tmp_path / "spool")).document
    assert "GBP 2,680.00" in document.text.split("\n")[4]


def test_marks_and_ticks_on_a_page_stay_beside_the_words_of_its_picture(read: Read) -> None:
    """Hidden words are left out, struck words and boxes have their signs, and each page its own picture's words."""
    pdf = Pdf()
    extra = _pictured(pdf, _form())
    struck = text(72, 200, "Price 990.00") + "0.5 w 72 204 m 140 204 l S\n"
    tick = text(90, 180, "Express") + "74 180 9 9 re S\n74 180 m 83 189 l S\n83 180 m 74 189 l S\n"
    hidden = "1 1 1 rg " + text(72, 160, "secret words in the colour of the paper") + "0 g "
    page = ABOVE + _at(72, 400, 400, 160) + BELOW + struck + tick + hidden
    document = read(pdf.write([Page(page, extra=extra)] * 2))
    rows = document.text.split("\n")
    assert rows[:11] == rows[11:]
    assert (rows[4], rows[9:11]) == ("Amount due 42.00", ["~~Price 990.00~~", "[x] Express"])
    assert [(n.code, n.page) for n in document.notes] == [("hidden_text", 1), ("hidden_text", 2)]
    places = [i for i in range(len(document.text)) if document.text.startswith("42.00", i)]
    assert [document.confidence(i, i + 5) for i in places] == pytest.approx([0.95, 0.95])
    assert document.confidence(document.text.index("Express"), document.text.index("Express") + 7) is None


def test_text_that_is_clipped_ends_at_its_cell_on_a_page_with_a_picture(read: Read) -> None:
    """What is cut off is left out, and the picture is read all the same."""
    cell = "q 40 377 82 13 re W n\n" + text(42, 380, "Payment of the bills 133, 132 and of 140 as agreed", 9) + "Q\n"
    cells = cell + text(125, 380, "26406576", 9) + text(300, 380, "0", 9)
    document = read(_page(_form(), _at(72, 400, 400, 160) + cells))
    assert "Amount due 42.00" in document.text.split("\n")
    assert "Payment of the bills\t26406576\t0" in document.text


def _in_a_font(table: str, *, told: list[str], words: list[str]) -> bytes:
    """Lines of words in a font that tells its letters by a table, below others."""
    pdf = Pdf()
    number = pdf.stream(f"/CIDInit /ProcSet findresource begin begincmap\n{table}endcmap".encode())
    font = pdf.add(f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode {number} 0 R >>")
    extra = f"/Resources << /Font << /F 3 0 R /P {font} 0 R >> >>"
    below = "".join(text(72, 500 - 20 * i, word, font="P") for i, word in enumerate(words))
    return pdf.write([Page(lines(72, 740, told) + below, extra=extra)])


def _table(meanings: dict[int, int]) -> str:
    rows = "".join(f"<{code:02X}> <{meaning:04X}>\n" for code, meaning in meanings.items())
    return f"1 begincodespacerange <00> <FF> endcodespacerange\n{len(meanings)} beginbfchar\n{rows}endbfchar\n"


def _untold(words: list[str], *, told: list[str]) -> bytes:
    """A font that tells its letters as those of the private use area."""
    return _in_a_font(_table({code: 0xE000 + code for code in range(0x21, 0x7F)}), told=told, words=words)


TOLD = [f"Sentence {i} above the word, typed by the office." for i in range(12)]


def test_few_words_that_no_font_tells_are_read_from_the_picture(read: Read, engine: Counting) -> None:
    """In their place, and the page's other words stay as they are; what was put right is said, and is no reason."""
    document = read(_untold(["Gross"], told=TOLD))
    assert "Amount due 42.00" in document.text
    assert "Sentence 11 above the word" in document.text
    assert [(n.code, n.page) for n in document.notes] == [("decode_mended", 1)]
    assert len(engine.seen) == 1
    assert not any(0xE000 <= ord(c) <= 0xF8FF for c in document.text)


def test_words_that_no_font_tells_are_lost_where_nothing_reads_pictures(read: Read) -> None:
    """A note says so, and what there is of them stays."""
    document = read(_untold(["Gross"], told=TOLD), ocr="off")
    assert [(n.code, n.page) for n in document.notes] == [("decode_loss", 1)]
    assert "Sentence 11 above the word" in document.text


def test_a_page_of_which_much_is_untold_is_read_as_a_picture(read: Read, engine: Counting) -> None:
    """Once, as a whole."""
    document = read(_untold(["Gross amount of all"] * 6, told=TOLD[:4]))
    assert document.text.split() == ["Amount", "due", "42.00"]
    assert len(engine.seen) == 1


@pytest.mark.parametrize(
    "table",
    [
        _table(dict.fromkeys(range(0x21, 0x7F), 0x41)),
        "20000 beginbfrange\n" + "<0000> <FFFF> <E000>\n" * 20_000 + "endbfrange\n",
    ],
    ids=["one letter for all", "twenty thousand ranges of all codes"],
)
def test_a_font_with_a_wrong_table_ends_with_a_note(read: Read, table: str) -> None:
    """In time, and nobody takes what it tells for what the page shows."""
    data = _in_a_font(table, told=[], words=["The total of the invoice is 1,250.00"] * 12)
    assert {n.code for n in read(data, ocr="off").notes} >= {"decode_loss"}
    assert read(data).text.split() == ["Amount", "due", "42.00"]
