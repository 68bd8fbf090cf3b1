"""Kinds of pages that were not read as a person sees them, each made small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.test_pdf_pictures import Counting, _form, _pictured
from tests.pdf_maker import Page, Pdf, lines, pdf_source, text
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.page_pictures import weak_pages
from thresher.service.readers.pdf import PdfReader

Read = Callable[..., Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the bytes of a PDF; pictures only where an engine is given."""

    def _read(data: bytes, engine: Counting | None = None) -> Document:
        source = pdf_source(tmp_path, data)
        reader = PdfReader() if engine is None else PdfReader(lambda _: engine)
        return reader.read(source, ReadOptions(ocr="off" if engine is None else "auto"), Spool(tmp_path / "s")).document

    return _read


def test_a_picture_in_a_moved_form_is_read_where_it_is_shown(read: Read) -> None:
    """The matrices of the forms around it place it; without them another part of the page would be looked at."""
    pdf = Pdf()
    picture = _pictured(pdf, _form())
    inner = pdf.stream(
        b"q 400 0 0 160 36 200 cm /I Do Q", f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] {picture}"
    )
    names = f"/Resources << /Font << /F 3 0 R >> /XObject << /M {inner} 0 R >> >>"
    outer = pdf.stream(b"q 1 0 0 1 36 50 cm /M Do Q", f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] {names}")
    above = lines(72, 740, [f"Sentence {i} above the picture, typed by the office." for i in range(4)])
    extra = f"/Resources << /Font << /F 3 0 R >> /XObject << /O {outer} 0 R >> >>"
    document = read(pdf.write([Page(above + "q 1 0 0 1 0 150 cm /O Do Q", extra=extra)]), Counting())
    start = document.text.index("42.00")
    ((x0, y0, x1, y1),) = document.boxes(start, start + 5)
    assert (72 <= x0 < x1 <= 472, 232 <= y0 < y1 <= 392) == (True, True)


def test_a_sign_behind_an_amount_stays_with_it(read: Read) -> None:
    """The next amount is another cell; a sign apart from the figure on its left belongs to the one on its right."""
    rows = [("Copy", "0,75 €", "0,75 €"), ("Paper", "3,50 €", "0 €"), ("Ink", "1,00 €", "2,00 €")]
    content = "".join(
        text(x, 700 - 30 * i, cell.replace("€", "\x80"))
        for i, row in enumerate(rows)
        for x, cell in zip((72, 300, 380), row, strict=True)
    )
    assert read(Pdf().write([Page(content)])).text.split("\n") == ["\t".join(row) for row in rows]


def test_words_below_each_other_on_a_turned_page_are_no_standing_words(read: Read) -> None:
    """Their lines begin at one height in user space, so the end of each must be measured."""
    labels = ["Date Entered", "Last Modified", "Entered By", "Headline", "Order Type"]
    values = ["03/09/20", "03/10/20", "Ashlyn", "Spring", "Normal"]
    pairs = [*((72, label, i) for i, label in enumerate(labels)), *((200, value, i) for i, value in enumerate(values))]
    content = "".join(f"BT /F 8 Tf 0 1 -1 0 {100 + 10 * i} {x} Tm ({words}) Tj ET\n" for x, words, i in pairs)
    document = read(Pdf().write([Page(content, extra="/Rotate 90")]))
    assert document.text.split("\n") == [f"{a}\t{b}" for a, b in zip(labels, values, strict=True)]
    start = document.text.index("03/09/20")
    ((x0, _, x1, _),) = document.boxes(start, start + 8)
    assert x1 - x0 > 25


def test_a_label_stays_in_the_line_of_its_value(read: Read) -> None:
    """Although a third word between two lines is near enough to begin a row with it."""
    content = ""
    for y, row in ((700, ("Brand", "PETE", "Order", "Normal")), (684, ("Terms", "Thirty", "Package", "none"))):
        places = ((72, y, 8), (160, y - 1.1, 9), (330, y + 4.1, 8), (430, y + 4.1, 8))
        content += "".join(text(x, at, word, size) for word, (x, at, size) in zip(row, places, strict=True))
    found = read(Pdf().write([Page(content)])).text
    assert "Brand\tPETE" in found
    assert "Terms\tThirty" in found


def test_a_heading_between_two_tables_parts_them(read: Read) -> None:
    """Columns of the lower one lie across those of the upper one, whose empty cells keep their place."""
    upper = [
        ("Kind", "Goods", "Charge", "Base", "Tax"),
        ("VAT", "", "", "4.85", "0.92"),
        ("VAT", "", "", "2.82", "0.20"),
    ]
    lower = [
        ("Sum of the positions", "7.90"),
        ("Sum of all charges there", "0.00"),
        ("Sum of all reductions there", "0.23"),
    ]
    content = "".join(
        text(x, 700 - 20 * i, cell, 8)
        for i, row in enumerate(upper)
        for x, cell in zip((72, 200, 280, 360, 440), row, strict=True)
        if cell
    )
    content += text(72, 630, "Totals", 11, "B")
    content += "".join(
        text(x, 605 - 20 * i, cell, 8) for i, row in enumerate(lower) for x, cell in zip((220, 440), row, strict=True)
    )
    found = read(Pdf().write([Page(content)])).text.split("\n")
    assert found == ["\t".join(row) for row in upper] + ["Totals"] + ["\t".join(row) for row in lower]


def test_a_page_begins_with_its_first_block(read: Read) -> None:
    """Also where empty cells come before its first words."""
    rows = [("Unit", "Price", "Sum"), ("1", "2.00", "2.00"), ("3", "2.00", "6.00"), ("Item", "5", "2.00", "10.00")]
    content = "".join(
        text(x, 700 - 20 * i, cell)
        for i, row in enumerate(rows)
        for x, cell in zip((72, 200, 300, 400)[-len(row) :], row, strict=True)
    )
    document = read(Pdf().write([Page(text(72, 700, "First page")), Page(content)]))
    assert [document.page_at(start) for start, _, _, _ in document.blocks] == [1, 2]


@pytest.mark.parametrize(("state", "sign"), [("Off", "[ ]"), ("Yes", "[x]")])
def test_a_box_of_a_form_has_its_state_without_a_drawing(read: Read, state: str, sign: str) -> None:
    """Beside a word it stands before it; alone it has its name."""
    pdf = Pdf()
    head = f"<< /Type /Annot /Subtype /Widget /FT /Btn /F 4 /V /{state} /AS /{state} /AP << /N << /Yes 6 0 R /Off 6 0 R >> >>"
    pdf.stream(b"", "/Type /XObject /Subtype /Form /BBox [0 0 12 12]")
    pdf.stream(b"", "/Type /XObject /Subtype /Form /BBox [0 0 12 12]")
    near = pdf.add(f"{head} /T (agreed) /Rect [72 698 84 710] >>")
    far = pdf.add(f"{head} /T (paid) /Rect [300 300 312 312] >>")
    pdf.catalogue = f"/AcroForm << /Fields [{near} 0 R {far} 0 R] >>"
    found = read(pdf.write([Page(text(90, 700, "Agreed"), extra=f"/Annots [{near} 0 R {far} 0 R]")])).text
    assert found.split("\n") == [f"{sign} Agreed", f"paid: {sign}"]


def test_a_row_of_cells_above_columns_of_text_stays_together(read: Read) -> None:
    """The columns begin right below the last row of a table that has a gap where theirs is."""
    rows = [("Place, date", "Signed", "IBAN", "Amount"), ("Berlin, 4 May", "K. Schmidt", "DE89 3704", "2,884.56")]
    content = "".join(
        text(x, 700 - 16 * i, cell)
        for i, row in enumerate(rows)
        for x, cell in zip((72, 190, 320, 470), row, strict=True)
    )
    left = [f"Goods of kind {i} are shipped free of any" for i in range(5)]
    right = [f"Payment {i} is due in thirty days net" for i in range(5)]
    content += lines(72, 668, left) + lines(320, 668, right)
    found = read(Pdf().write([Page(content)])).text.split("\n")
    assert found == ["\t".join(row) for row in rows] + left + right


def _beside_large_type(words: str, size: int, x: float) -> str:
    """Lines of small type with large type over them or beside them, whose middle is between two of the lines."""
    return text(x, 660, words, size) + lines(
        150, 690, ["Invoice no. 4711", "Date 12 May", "Amount 1,190.00", "Due 11 June"]
    )


@pytest.mark.parametrize("x", [240, 236, 180, 300])
def test_a_watermark_joins_no_line(read: Read, x: float) -> None:
    """Although one line is level with its middle, and another with its foot; a line that ends before it is beside it."""
    found = read(Pdf().write([Page(_beside_large_type("VOID", 40, x))])).text.replace(" VOID", "").split("\n")
    rows = ["Invoice no. 4711", "Date 12 May", "Amount 1,190.00", "Due 11 June"]
    assert [line for line in found if line != "VOID"] == rows


@pytest.mark.parametrize(
    ("initial", "rest", "wanted"),
    [
        ("W", "hen the parties met", "When the parties met"),
        ("\x93T", "HE tenant pays", "“THE tenant pays"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_initial_begins_the_word_beside_it(read: Read, initial: str, rest: str, wanted: str, *, first: bool) -> None:
    """It is as high as three lines, and may be drawn before or after all other text, as browsers do."""
    large, small = (
        text(60, 600, initial, 42),
        lines(110, 622, [rest, "in March, the seller", "promised twelve machines"]),
    )
    title = text(60, 700, "Agreement")
    content = title + large + small if first else large + title + small
    found = read(Pdf().write([Page(content)])).text.split("\n")
    assert found == ["Agreement", wanted, "in March, the seller", "promised twelve machines"]


def test_a_grade_is_no_initial(read: Read) -> None:
    """One line beside it, or figures, are no text that it could begin."""
    content = text(60, 600, "B", 30) + text(90, 610, "good") + text(60, 500, "3", 30) + lines(85, 515, ["new", "mails"])
    assert "Bgood" not in read(Pdf().write([Page(content)])).text


_CROSS = "q 0.6 w {0} {1} m {2} {3} l S {0} {3} m {2} {1} l S Q\n"
_CROSS_OF_ONE_PATH = "q 0.6 w {0} {1} m {2} {3} l {0} {3} m {2} {1} l S Q\n"


@pytest.mark.parametrize(
    ("drawn", "wanted"),
    [
        (_CROSS.format(196, 697, 256, 712), "Fee\t~~1,250.00~~\t950.00"),
        (_CROSS_OF_ONE_PATH.format(196, 697, 256, 712), "Fee\t~~1,250.00~~\t950.00"),
        ("q 0.6 w 198 697 m 254 712 l S Q\n", "Fee\t~~1,250.00~~\t950.00"),
        (_CROSS.format(68, 690, 440, 720), "~~Fee~~\t~~1,250.00~~\t~~950.00~~"),
        (_CROSS.format(196, 500, 256, 712), "Fee\t1,250.00\t950.00"),
        ("q 0.6 w 100 600 m 340 812 l S Q\n", "Fee\t1,250.00\t950.00"),
        ("q 1 1 1 RG 198 697 m 254 712 l S Q\n", "Fee\t1,250.00\t950.00"),
    ],
    ids=["cross", "one path", "slash", "row", "chart", "line", "white"],
)
def test_crossed_out_words_are_struck(read: Read, drawn: str, wanted: str) -> None:
    """A cross or a slash ends where the words do; lines of a drawing go on."""
    content = text(72, 700, "Fee") + text(200, 700, "1,250.00") + text(400, 700, "950.00") + drawn
    assert read(Pdf().write([Page(content)])).text == wanted


def _bar(x0: float, x1: float, y: float) -> str:
    return f"q 0.6 w {x0} {y} m {x1} {y} l S Q\n"


def test_stacked_fractions_stand_in_their_line(read: Read) -> None:
    """In figures, in words, and smaller than the text beside them."""
    content = (
        text(72, 700, "Add") + text(100, 706, "3") + _bar(99, 108, 703) + text(100, 693, "4") + text(112, 700, "cup")
    )
    content += text(72, 660, "and 2") + text(108, 666, "1", 8) + _bar(107, 114, 664) + text(108, 657, "2", 8)
    content += text(117, 660, "spoons") + text(72, 620, "rate =") + text(112, 627, "cost of it")
    content += _bar(110, 166, 623) + text(120, 612, "12,500") + text(172, 620, "a year")
    found = read(Pdf().write([Page(content)])).text.split("\n")
    assert found == ["Add 3/4 cup", "and 2 1/2 spoons", "rate = (cost of it)/12,500 a year"]


def test_underlined_headings_are_no_fractions(read: Read) -> None:
    """Nor are the rules between the rows of a table beside a label of both rows."""
    content = "".join(
        text(x, 700, head) + _bar(x, x + 60, 697) + text(x, 686, value)
        for x, head, value in ((72, "Start Date", "04/06/20"), (140, "End Date", "04/12/20"), (208, "Rate", "140.00"))
    )
    content += text(72, 600, "North") + text(112, 607, "Q1") + _bar(108, 130, 604) + text(112, 594, "Q2")
    content += "q 0.6 w 108 590 m 108 618 l S Q\n"
    assert "/2" not in read(Pdf().write([Page(content)])).text.replace("04/06/20", "").replace("04/12/20", "")


def test_bullets_of_symbol_fonts_begin_list_items(read: Read) -> None:
    """The table of such a font names a character of the private use area."""
    pdf = Pdf()
    table = "1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfchar\n<B7> <F0B7>\nendbfchar\n"
    number = pdf.stream(f"/CIDInit /ProcSet findresource begin begincmap\n{table}endcmap".encode())
    font = pdf.add(f"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol /ToUnicode {number} 0 R >>")
    extra = f"/Resources << /Font << /F 3 0 R /P {font} 0 R >> >>"
    items = ["Best Paper Award (2023)", "Best Student Paper Award (2016)", "Fellow of the Academy"]
    content = "".join(text(72, 700 - 16 * i, "\xb7", font="P") + text(96, 700 - 16 * i, s) for i, s in enumerate(items))
    document = read(pdf.write([Page(content, extra=extra)]))
    assert [kind for _, _, kind, _ in document.blocks] == [BlockKind.LIST_ITEM] * 3


def test_a_page_of_too_many_drawings_is_named(read: Read) -> None:
    """Lines through words are not looked for on a map or a large chart: a Note says so, and models see its picture."""
    words = lines(72, 740, ["Berth fee 125.00 per day"])
    many = "".join(f"{72 + i % 90 * 5} {600 - i // 90 * 5} 3 3 re f " for i in range(6_001))
    crowded, usual = (read(Pdf().write([Page(words + drawn)])) for drawn in (many, many[: len(many) // 2]))
    assert ("marks_unread", 1) in [(note.code, note.page) for note in crowded.notes]
    assert "marks_unread" not in [note.code for note in usual.notes]
    assert weak_pages(crowded, crowded.text) == [1]
