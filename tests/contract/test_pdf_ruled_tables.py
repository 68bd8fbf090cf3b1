"""Tables whose cells only lines separate, lines of figures beside right-to-left words, and boxes, as browsers print them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.test_pdf_kinds import _in_script
from tests.pdf_maker import Page, Pdf, lines, pdf_source, text
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import PdfReader

Read = Callable[[bytes], Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the bytes of a PDF, no OCR."""

    def _read(data: bytes) -> Document:
        source = pdf_source(tmp_path, data)
        return PdfReader().read(source, ReadOptions(ocr="off"), Spool(tmp_path / "spool")).document

    return _read


def _page(content: str) -> bytes:
    return Pdf().write([Page(content)])


def _table(x: float, y: float, widths: list[int], rows: list[list[str]], merged: tuple[int, ...] = ()) -> str:
    """A table with a thin filled box for each side of its cells, and 1.5 points between side and text.

    `merged` are the rows whose first cell continues the one above.
    """
    content, height = "", 16
    for r, row in enumerate(rows):
        at = x
        for c, (width, cell) in enumerate(zip(widths, row, strict=True)):
            top = y - height * r
            content += f"{at} {top - height} 0.7 {height} re f {at + width} {top - height} 0.7 {height} re f\n"
            if c or r not in merged:
                content += f"{at} {top} {width} 0.7 re f\n"
            content += text(at + 1.5, top - 12, cell, size=11) if cell else ""
            at += width
    return content + f"{x} {y - height * len(rows)} {sum(widths)} 0.7 re f\n"


def test_lines_separate_cells_without_a_gap(read: Read) -> None:
    """A cell that its text fills is a cell of its own, also in a table of two rows."""
    rows = [["Bolts M6x20", "11.00", "12.50"], ["Nuts M6 zinc", "7.20", "6.90"]]
    found = read(_page(_table(72, 700, [65, 32, 60], rows))).text
    assert found.split("\n") == ["\t".join(row) for row in rows]


def test_labels_beside_their_line_stand_with_every_row(read: Read) -> None:
    """Text begins a point behind the line above it; empty cells keep their place."""
    rows = [["Region", "Item", "Sold"], ["North", "Bolts", "1,100"], ["", "Nuts", ""], ["South", "Pins", "9"]]
    found = read(_page(_table(72, 700, [50, 40, 50], rows, merged=(2,)))).text
    assert found.split("\n") == ["Region\tItem\tSold", "North\tBolts\t1,100", "North\tNuts", "South\tPins\t9"]


def test_tables_side_by_side_are_read_one_after_the_other(read: Read) -> None:
    """Their lines end where each ends; groups of columns in one table stay together."""
    left = [["Item", "Qty"], ["Bolts", "11"], ["Nuts", "12"], ["Pins", "13"]]
    right = [["Tax", "Rate"], ["VAT A", "20 %"], ["VAT B", "10 %"], ["VAT C", "0 %"]]
    content = _table(72, 700, [60, 40], left) + _table(260, 700, [60, 40], right)
    assert read(_page(content)).text.split("\n") == ["\t".join(row) for row in [*left, *right]]
    groups = [["2024", "2023"], ["1,000", "900"], ["1,200", "950"], ["1,300", "980"]]
    labels = lines(72, 688, ["", "Sales", "Costs", "Profit"], 16)
    found = read(_page(labels + _table(160, 700, [60, 60], groups) + _table(380, 700, [60, 60], groups))).text
    assert "Costs\t1,200\t950\t1,200\t950" in found.split("\n")


def test_fields_for_single_characters_are_one_value(read: Read) -> None:
    """Lines between the figures of a number are no borders of cells."""
    comb = "".join(f"{100 + 11 * i} 696 0.7 14 re f\n" + text(102 + 11 * i, 700, c) for i, c in enumerate("70234"))
    assert "\t" not in read(_page(comb)).text


def test_text_that_ends_at_its_clip_does_not_run_into_the_next_cell(read: Read) -> None:
    """Browsers leave out the glyphs that would not be seen, so nothing runs on beneath the next cell."""
    content = ""
    for i, (words, edge, amount) in enumerate(
        [("No. 085900 paym", 165.3, "26406576"), ("Another desc", 141.6, "1074935")]
    ):
        y = 700 - 20 * i
        content += f"q 70 {y - 4} {edge - 70} 16 re W n\n{text(72, y, words)}Q\n"
        content += text(edge + 1.2, y, amount) + text(300, y, f"{i} Dr.")
    found = [line.split("\t") for line in read(_page(content)).text.split("\n")]
    assert [row[-2:] for row in found] == [["26406576", "0 Dr."], ["1074935", "1 Dr."]]


def test_a_column_that_begins_higher_is_read_in_its_turn(read: Read) -> None:
    """The first line of the second column stands above that of the first one."""
    words = "and the owner pays within thirty days of it"
    content = lines(60, 640, [f"a{i} {words}" for i in range(12)], 12)
    content += lines(320, 647, [f"b{i} {words}" for i in range(12)], 12)
    order = [line.split()[0] for line in read(_page(content)).text.split("\n")]
    assert order == [f"{c}{i}" for c in "ab" for i in range(12)]


def test_a_tick_in_a_filled_box_is_one(read: Read) -> None:
    """A browser draws a white tick on a coloured box; bullets and badges are no boxes."""
    filled = "0.1 0.4 1 rg 72 698 10 10 re f 1 1 1 RG 1.4 w 74 703 m 76.5 700.5 l 80.5 706 l S 0 g\n"
    other = "0.1 0.4 1 rg 72 658 8 8 re f 0 g\n"
    content = filled + text(88, 700, "I agree") + "72 678 10 10 re S\n" + text(88, 680, "I refuse")
    found = read(_page(content + other + text(88, 660, "A bullet"))).text
    assert found.split("\n") == ["[x] I agree", "[ ] I refuse", "A bullet"]


@pytest.mark.parametrize(
    ("placed", "wanted"),
    [
        ([(300, 700, "ةروتافلا"), (150, 700, "INV-2024-15")], "الفاتورة INV-2024-15"),
        ([(300, 700, "םולש"), (220, 700, "1-AB/24")], "שלום 1-AB/24"),
    ],
    ids=["arabic", "hebrew"],
)
def test_numbers_with_letters_keep_their_order(read: Read, placed: list[tuple[float, float, str]], wanted: str) -> None:
    """Whatever parts the library makes of a number beside right-to-left words, its figures stand as printed."""
    assert read(_in_script(placed)).text.split() == wanted.split()


def test_marks_of_their_own_stay_in_their_line(read: Read) -> None:
    """A lowered figure with blanks around it, far below its line, begins no line."""
    content = text(72, 700, "Share") + text(106, 704, "1", size=8) + text(112, 700, "/") + text(117, 693, "2", size=8)
    assert read(_page(content + text(126, 700, "of it"))).text.split() == ["Share", "¹", "/", "₂", "of", "it"]


@pytest.mark.parametrize("turn", ["0.707 0.707 -0.707 0.707", "0.866 0.5 -0.5 0.866", "0.707 -0.707 0.707 0.707"])
def test_a_watermark_joins_no_row(read: Read, turn: str) -> None:
    """The letters of a word that runs askew stand together, and in no amount."""
    rows = [(f"Row {i}", f"{i},100.00") for i in range(20)]
    content = "".join(text(72, 700 - 16 * i, a) + text(300, 700 - 16 * i, b) for i, (a, b) in enumerate(rows))
    at = "200 420" if "-0.707 0.707 0.707" not in turn else "200 680"
    found = read(_page(content + f"0.9 g BT /F 60 Tf {turn} {at} Tm (DRAFT) Tj ET\n")).text.split("\n")
    assert found[:20] == ["\t".join(row) for row in rows]
    assert found[20:] == ["DRAFT"]


def test_text_in_a_form_without_opacity_is_hidden(read: Read) -> None:
    """The opacity is that of the form, not of the text; a half opaque form is seen."""
    pdf = Pdf()
    made = [
        pdf.stream(
            text(72, y, words).encode(),
            "/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Group << /S /Transparency >> "
            "/Resources << /Font << /F 3 0 R >> >>",
        )
        for y, words in ((650, "Account 4711"), (620, "Account 5722"))
    ]
    names = " ".join(f"/X{i} {n} 0 R" for i, n in enumerate(made))
    extra = (
        f"/Resources << /Font << /F 3 0 R >> /XObject << {names} >> "
        "/ExtGState << /G0 << /ca 0 /CA 0 >> /G1 << /ca 0.5 >> >> >>"
    )
    content = text(72, 700, "Pay to 1111") + "q /G0 gs /X0 Do Q q /G1 gs /X1 Do Q\n"
    document = read(pdf.write([Page(content, extra)]))
    assert document.text.split("\n") == ["Pay to 1111", "Account 5722"]
    assert "hidden_text" in {n.code for n in document.notes}


def test_text_that_is_clipped_in_several_cells_hides_none_of_them(read: Read) -> None:
    """Each runs to the beginning of the next, so that the file has one word for all three."""
    content = ""
    for x, edge, words in ((72, 121, "Bartholom"), (126, 175, "Llanfairpw"), (180, 230, "1,000.00")):
        content += f"q {x - 2} 690 {edge - x + 2} 20 re W n\n{text(x, 700, words)}Q\n"
    found = read(_page(content)).text
    assert "Barthol" in found
    assert "Llanfair" in found
    assert "\t1,000.00" in found


def test_text_that_runs_over_its_rule_ends_there(read: Read) -> None:
    """Where the next cell's text follows at once, and in several rows; other words cross a line in one piece."""
    content = "q 0.5 w 150 650 m 150 730 l S Q\n"
    for i, (x, words, amount) in enumerate([(100.2, "Manchest", "2,345.00"), (102.9, "Winchest", "7,800.00")]):
        content += text(x, 700 - 20 * i, words) + text(152.5, 700 - 20 * i, amount)
    found = read(_page(content)).text
    assert "st2,345" not in found
    assert "st7,800" not in found
