"""The PDF reader on files made by hand, whose every word has a known place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL.Image import Image

from tests.pdf_maker import Page, Pdf, lines, pdf_source, text
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.pdf import PdfReader

Read = Callable[..., Reading]
PROSE = [f"Line {i} of a paragraph that fills the width of its column with words." for i in range(8)]
SECRET = "Dr. Secret"


class OneLine:
    """An engine that sees one line on every picture."""

    name = "one"

    def read(self, image: Image) -> list[PrintedLine]:
        """The line, at a known place."""
        assert min(image.size) > 0
        words = (PrintedWord("Scanned", (100, 100, 200, 120), 0.9), PrintedWord("page", (210, 100, 260, 120), 0.4))
        return [PrintedLine(words, (100, 100, 260, 120))]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the bytes of a PDF."""

    def _read(data: bytes, *, engine: bool = True, **options: object) -> Reading:
        source = pdf_source(tmp_path, data)
        reader = PdfReader(lambda _: OneLine() if engine else _missing())
        return reader.read(source, ReadOptions.model_validate(options), Spool(tmp_path / "spool"))

    return _read


def _missing() -> OneLine:
    raise SetupProblem("extra_missing", "thresher[ocr]")


def _blocks(document: Document, kind: BlockKind) -> list[str]:
    return [document.text[a:b] for a, b, k, _ in document.blocks if k is kind]


def _codes(document: Document) -> list[str]:
    return [n.code for n in document.notes]


def _box(document: Document, words: str) -> tuple[float, float, float, float]:
    start = document.text.index(words)
    (box,) = document.boxes(start, start + len(words))
    return box


def test_words_have_boxes_as_displayed(read: Read) -> None:
    """Origin top-left, y down; a word's box is narrower than its line's."""
    document = read(Pdf().write([Page(text(72, 700, "Total due today"))])).document
    x0, y0, x1, y1 = _box(document, "due")
    assert document.text == "Total due today"
    assert 72 < x0 < x1 < 140
    assert 79 < y0 < 792 - 700 - 8
    assert 792 - 700 <= y1 < 96


@pytest.mark.parametrize(
    ("turn", "corner"), [(0, (100, 80)), (90, (712, 100)), (180, (512, 712)), (270, (80, 512))], ids=str
)
def test_boxes_follow_the_rotation(read: Read, turn: int, corner: tuple[float, float]) -> None:
    """The baseline's start, 100 right of and 80 below the upper left corner, goes where the page is turned to."""
    document = read(Pdf().write([Page(text(100, 712, "Corner"), extra=f"/Rotate {turn}")])).document
    x0, y0, x1, y1 = _box(document, "Corner")
    assert x0 - 4 <= corner[0] <= x1 + 4
    assert y0 - 4 <= corner[1] <= y1 + 4
    assert (x1 - x0 > y1 - y0) is (turn in {0, 180})
    assert document.pages.width[0] == (612 if turn in {0, 180} else 792)


def test_boxes_count_from_the_crop_box(read: Read) -> None:
    """A CropBox away from the origin moves the boxes; what it cuts off is hidden."""
    content = text(100, 712, "Inside") + text(100, 20, "Cut")
    document = read(Pdf().write([Page(content, extra="/CropBox [50 100 500 752]")])).document
    x0, y0, _, y1 = _box(document, "Inside")
    assert x0 == pytest.approx(50, abs=1)
    assert (y0 + y1) / 2 == pytest.approx(37, abs=3)
    assert "Cut" not in document.text
    assert _codes(document) == ["hidden_text"]


def test_two_columns_are_read_one_after_the_other(read: Read) -> None:
    """Columns in turn, under the title that spans both, whatever the order of the stream."""
    left = [f"left {r} goes on and on to fill" for r in range(8)]
    right = [f"right {r} goes on and on to fill" for r in range(8)]
    title = "A title that spans the two columns of this page"
    rows = "".join(text(60, 650 - 14 * i, left[i]) + text(330, 650 - 14 * i, right[i]) for i in range(8))
    document = read(Pdf().write([Page(text(60, 700, title, 20) + rows)])).document
    places = [document.text.index(line) for line in [title, *left, *right]]
    assert places == sorted(places)
    assert not document.tables


def test_table_has_rows_and_cells(read: Read) -> None:
    """Cells are tab-separated, rows are lines, columns are numbered, a currency sign stays with its amount."""
    rows = [("Item", "Quantity", "Price"), ("Red pens", "12", "$ 3.50"), ("Paper, white", "1", "$ 10.00")]
    places = [(x, 700 - 20 * r, row[c]) for r, row in enumerate(rows) for c, x in enumerate((72, 300, 450))]
    document = read(Pdf().write([Page("".join(text(x, y, cell) for x, y, cell in places))])).document
    (table,) = document.tables
    assert document.text == "\n".join("\t".join(row) for row in rows)
    assert [c for _, _, c in table.cells(1)] == [0, 1, 2]
    assert _box(document, "10.00")[0] > 450


def test_headers_and_footers_are_marked_and_kept(read: Read) -> None:
    """What repeats at the edge of pages is a HEADER or FOOTER Block; it stays in the text."""
    body = text(72, 760, "Acme Ltd - secret") + lines(72, 650, PROSE)
    document = read(Pdf().write([Page(body + text(300, 30, f"Page {n} of 3")) for n in (1, 2, 3)])).document
    assert _blocks(document, BlockKind.HEADER) == ["Acme Ltd - secret"] * 3
    assert _blocks(document, BlockKind.FOOTER) == [f"Page {n} of 3" for n in (1, 2, 3)]
    assert document.page_at(document.text.index("Page 2")) == 2


def test_headings_and_lists(read: Read) -> None:
    """Larger type is a heading, bold type a lower one, a marker makes a list item."""
    content = text(72, 700, "The agreement", 20) + lines(72, 660, PROSE[:3])
    content += text(72, 590, "Terms of payment", font="B") + lines(72, 560, PROSE[:3])
    content += lines(72, 500, ["1. first of all", "2. second of all"])
    document = read(Pdf().write([Page(content)])).document
    headings = [(document.text[a:b], level) for a, b, k, level in document.blocks if k is BlockKind.HEADING]
    assert headings == [("The agreement", 1), ("Terms of payment", 2)]
    assert _blocks(document, BlockKind.LIST_ITEM) == ["1. first of all", "2. second of all"]


@pytest.mark.parametrize(
    "content",
    [
        text(110, 700, SECRET) + "0 g 105 690 200 25 re f\n",
        "3 Tr " + text(110, 700, SECRET) + "0 Tr\n",
        "1 g " + text(110, 700, SECRET) + "0 g\n",
        text(110, 700, SECRET, 0.5),
        text(700, 700, SECRET),
    ],
    ids=["covered", "invisible", "white on white", "tiny", "off the page"],
)
def test_hidden_text_is_flagged_and_left_out(read: Read, content: str) -> None:
    """What the page does not show is named with its page; it is given only when asked for."""
    data = Pdf().write([Page(text(72, 700, "Name:") + content)])
    document = read(data).document
    assert (document.text, _codes(document)) == ("Name:", ["hidden_text"])
    asked = read(data, hidden_text=True).document
    assert _blocks(asked, BlockKind.HIDDEN) == [SECRET]
    assert _codes(asked) == ["hidden_text"]


@pytest.mark.parametrize(
    "content",
    [
        "0.8 g 60 690 300 25 re f 0 g " + text(72, 700, "On a shade"),
        "0 g 60 690 300 25 re f 1 g " + text(72, 700, "On a shade"),
        text(72, 700, "On a shade") + "0 g 60 697 300 1 re f\n",
    ],
    ids=["shaded row", "white on black", "underlined"],
)
def test_visible_text_is_not_hidden(read: Read, content: str) -> None:
    """Shading, inverted rows and rules hide nothing."""
    document = read(Pdf().write([Page(content)])).document
    assert (document.text, document.notes) == ("On a shade", [])


def _scan(content: str = "") -> bytes:
    pdf = Pdf()
    kind = "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    image = pdf.stream(bytes(range(0, 256, 4)), kind)
    extra = f"/Resources << /Font << /F 3 0 R >> /XObject << /I {image} 0 R >> >>"
    return pdf.write([Page(lines(72, 700, PROSE)), Page("q 612 0 0 792 0 0 cm /I Do Q\n" + content, extra=extra)])


def test_a_scanned_page_is_read_by_ocr(read: Read) -> None:
    """Page by page: only the page without text is OCR's, with confidences and boxes in points."""
    document = read(_scan()).document
    assert list(document.pages.ocr) == [0, 1]
    assert document.text.endswith("Scanned page")
    assert _box(document, "Scanned")[0] == pytest.approx(100 * 72 / 200, abs=0.1)
    start = document.text.index("Scanned")
    assert document.confidence(start, len(document.text)) == pytest.approx(0.4)


def test_a_stamp_on_a_scan_is_kept_beside_ocr(read: Read) -> None:
    """A Bates number is no text layer."""
    document = read(_scan(text(500, 20, "ABC-00017"))).document
    assert document.text.count("ABC-00017") == 1
    assert "Scanned page" in document.text


def test_an_ocr_layer_is_used_and_not_flagged(read: Read) -> None:
    """Invisible text over a picture of the page is a scanner's work."""
    layer = "3 Tr " + "".join(text(72, 700 - 60 * i, row) for i, row in enumerate(PROSE)) + "0 Tr\n"
    document = read(_scan(layer)).document
    assert document.text.count(PROSE[3]) == 2
    assert document.notes == []
    assert list(document.pages.ocr) == [0, 0]


def test_ocr_off_or_missing_is_noted(read: Read) -> None:
    """A page that nothing could be read from is named."""
    assert _codes(read(_scan(), ocr="off").document) == ["no_text"]
    assert _codes(read(_scan(), engine=False).document) == ["extra_missing", "no_text"]


def test_a_drawn_page_is_a_picture(read: Read) -> None:
    """Letters drawn as lines are text that only OCR can read."""
    strokes = "".join(f"{x} 500 m {x + 9} 520 l S\n" for x in range(100, 300, 10))
    document = read(Pdf().write([Page(strokes)])).document
    assert document.text == "Scanned page"


@pytest.mark.parametrize(
    "turn", ["0 1 -1 0 300 100", "0 -1 1 0 300 700", "-1 0 0 -1 400 300"], ids=["up", "down", "over"]
)
def test_turned_text_keeps_its_order(read: Read, turn: str) -> None:
    """A page whose text runs another way than the page stands is read in the order of its lines."""
    rows = [
        f"BT /F 12 Tf {turn} Tm 1 0 0 1 0 0 cm 0 {-14 * i} Td (Row {i} of the turned text) Tj ET\n" for i in range(5)
    ]
    document = read(Pdf().write([Page("".join(rows))])).document
    assert document.text.split("\n") == [f"Row {i} of the turned text" for i in range(5)]
    start = document.text.index("Row 3 of the turned text")
    whole, word = document.boxes(start, start + 24), document.boxes(start + 13, start + 19)
    x0, y0, x1, y1 = (f(box[i] for box in whole) for i, f in enumerate((min, min, max, max)))
    assert (x1 - x0 > y1 - y0) is turn.startswith("-1")
    assert len(word) == 1
    assert 20 < max(word[0][2] - word[0][0], word[0][3] - word[0][1]) < 45, "the box of a word is no longer than it"


def test_a_blank_page_is_fine_and_a_blank_file_is_noted(read: Read) -> None:
    """A page left blank is nothing to speak of; a file that gives no text at all is."""
    document = read(Pdf().write([Page(""), Page(text(72, 700, "Two")), Page("")])).document
    assert (document.text, document.notes, list(document.pages.start)) == ("Two", [], [0, 0, 4])
    document = read(Pdf().write([Page("")])).document
    assert (document.text, _codes(document), len(document.pages)) == ("", ["no_text"], 1)


def test_a_picture_that_declares_too_much_is_not_drawn(read: Read) -> None:
    """The limit on pixels holds before anything is decoded."""
    pdf = Pdf()
    bomb = "/Type /XObject /Subtype /Image /Width 35000 /Height 35000 /ColorSpace /DeviceGray /BitsPerComponent 1"
    extra = f"/Resources << /XObject << /I {pdf.stream(bytes(1), bomb)} 0 R >> >>"
    assert _codes(read(pdf.write([Page("600 0 0 700 0 0 cm /I Do\n", extra=extra)])).document) == ["too_large"]


def test_attachments_are_children(read: Read) -> None:
    """Bytes in the spool, relation and name kept."""
    pdf = Pdf()
    file = pdf.stream(b"<xml/>", "/Type /EmbeddedFile")
    spec = pdf.add(f"<< /Type /Filespec /F (data.xml) /UF (data.xml) /EF << /F {file} 0 R >> >>")
    pdf.catalogue = f"/Names << /EmbeddedFiles << /Names [(data.xml) {spec} 0 R] >> >>"
    (child,) = read(pdf.write([Page(text(72, 700, "Invoice"))])).children
    assert (child.name, child.relation, Path(child.blob).read_bytes()) == ("data.xml", "embedded", b"<xml/>")


def test_form_values_and_comments_are_read(read: Read) -> None:
    """A value without an appearance and a reviewer's note have Blocks with boxes."""
    pdf = Pdf()
    name = pdf.add("<< /Type /Annot /Subtype /Widget /FT /Tx /T (Customer) /V (Ada Lovelace) /Rect [72 600 200 620] >>")
    note = pdf.add("<< /Type /Annot /Subtype /Text /T (Bob) /Contents (Check this) /Rect [300 600 320 620] >>")
    pdf.catalogue = f"/AcroForm << /Fields [{name} 0 R] >>"
    page = Page(text(72, 700, "Order"), extra=f"/Annots [{name} 0 R {note} 0 R]")
    document = read(pdf.write([page])).document
    assert "Ada Lovelace" in document.text
    assert _blocks(document, BlockKind.COMMENT) == ["Bob: Check this"]
    assert _box(document, "Check this") == pytest.approx((300, 172, 320, 192), abs=1)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "zero_byte"), (b"%PDF-1.4\n%%EOF", "corrupt"), (b"not a pdf" * 40, "corrupt"), (Pdf().write([]), "corrupt")],
    ids=["empty", "header only", "other bytes", "no pages"],
)
def test_bad_bytes_give_one_problem(read: Read, data: bytes, code: str) -> None:
    """One clear code each."""
    with pytest.raises(InputProblem) as caught:
        read(data)
    assert caught.value.code == code


def test_a_truncated_file_and_leading_junk_are_read(read: Read) -> None:
    """PDFium rebuilds what it can; the signature need not stand first."""
    whole = Pdf().write([Page(text(72, 700, "Still here"))])
    assert read(b"junk\n" * 20 + whole).document.text == "Still here"
    assert read(whole[: whole.index(b"xref")] + b"trailer << /Root 1 0 R >>").document.text == "Still here"


def test_a_damaged_page_is_named_and_the_rest_read(read: Read) -> None:
    """The second page's object is not there."""
    data = Pdf().write([Page(text(72, 700, word)) for word in ("One", "Two", "Three")])
    number = data[data.index(b"/Kids [") :].split(b"[", 1)[1].split(b" ")[3]
    document = read(data.replace(b"\n%s 0 obj\n<<" % number, b"\n%s 0 obj\n  " % number)).document
    assert len(document.pages) == 3
    assert document.text == "One\nThree"
    assert (_codes(document), document.notes[0].page) == (["corrupt_partial"], 2)


def test_limits_hold(read: Read) -> None:
    """Too many pages is a Problem; too many characters a Note, with what was read kept."""
    data = Pdf().write([Page(text(72, 700, "Ten chars."))] * 4)
    with pytest.raises(InputProblem, match="too_large"):
        read(data, limits=Limits(pages=3))
    document = read(data, limits=Limits(characters=15)).document
    assert (document.text.count("Ten"), _codes(document)) == (2, ["too_large"])


def test_facts_are_read(read: Read) -> None:
    """Metadata is cheap; dates are ISO 8601."""
    pdf = Pdf()
    info = pdf.add("<< /Title (Lease) /CreationDate (D:20240131093000Z) >>")
    data = pdf.write([Page(text(72, 700, "x"))]).replace(b"trailer <<", b"trailer << /Info %d 0 R" % info)
    assert read(data).document.facts == {"title": "Lease", "created": "2024-01-31T09:30:00Z"}


def test_bids_on_content() -> None:
    """The signature within 1,024 bytes, or the type; a name alone is a weak claim."""
    plain = Source(path="a", blob="a", sha256="", size=9)
    reader = PdfReader()
    assert reader.confidence(b"\n" * 1000 + b"%PDF-1.4", plain) > 0.9
    assert reader.confidence(b"", plain.model_copy(update={"media_type": "application/pdf"})) > 0.8
    assert 0 < reader.confidence(b"", plain.model_copy(update={"name": "a.PDF"})) < 0.5
    assert reader.confidence(b"PK\3\4", plain) == 0
