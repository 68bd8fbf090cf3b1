"""Layout: rows, columns, tables, turned and skewed pages, on made-up words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.layout import write_page
from thresher.service.ocr.base import PrintedLine, PrintedWord

WIDTH, HEIGHT = 800.0, 1000.0


def line(text: str, x: float, y: float, tall: float = 10.0) -> PrintedLine:
    """A level line, letters half as wide as tall."""
    words, at = [], x
    for word in text.split():
        end = at + len(word) * tall / 2
        words.append(PrintedWord(word, (at, y, end, y + tall), 0.9))
        at = end + tall / 2
    return PrintedLine(tuple(words), (x, y, words[-1].box[2], y + tall))


def turned(one: PrintedLine, angle: float) -> PrintedLine:
    """The line on a page turned clockwise by an angle (radians) about the middle; boxes are hulls."""

    def hull(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        cos, sin = math.cos(angle), math.sin(angle)
        corners = [(x - WIDTH / 2, y - HEIGHT / 2) for x in (box[0], box[2]) for y in (box[1], box[3])]
        xs = [x * cos - y * sin + WIDTH / 2 for x, y in corners]
        ys = [x * sin + y * cos + HEIGHT / 2 for x, y in corners]
        return min(xs), min(ys), max(xs), max(ys)

    words = tuple(PrintedWord(w.text, hull(w.box), w.confidence) for w in one.words)
    return PrintedLine(words, hull(one.box))


def written(lines: list[PrintedLine], scale: float = 1.0) -> Document:
    """The Document of one page."""
    builder = DocumentBuilder(Source(path="p", blob="p", sha256="", size=0), kind="image")
    builder.page(WIDTH * scale, HEIGHT * scale, ocr=True)
    write_page(builder, lines, width=WIDTH, height=HEIGHT, scale=scale)
    return builder.build()


RECEIPT = [
    line("Corner Grocery Sample Shop", 200, 50),
    line("1 Example Street", 220, 66),
    line("Tea 2 boxes", 100, 110),
    line("4.00", 500, 111),
    line("Milk", 100, 126),
    line("1.20", 500, 126),
    line("TOTAL", 100, 142),
    line("5.20", 500, 141),
]
RECEIPT_TEXT = "Corner Grocery Sample Shop\n1 Example Street\nTea 2 boxes\t4.00\nMilk\t1.20\nTOTAL\t5.20"


@pytest.mark.parametrize("degrees", [0, 1, 3, -6, 12, 90, 180, 270, 93])
def test_label_and_value_share_a_line_however_the_page_lies(degrees: int) -> None:
    """Turn and skew change the boxes, never the text."""
    lines = [turned(one, math.radians(degrees)) for one in RECEIPT]
    assert written(lines[::-1]).text == RECEIPT_TEXT


def test_a_table_has_cells_that_are_ranges_of_the_text() -> None:
    """Rows of a label and an amount are a table of two columns."""
    document = written(RECEIPT)
    table = document.tables[0]
    cells = [[document.text[a:b] for a, b, _ in table.cells(r)] for r in range(len(table))]
    assert cells == [["Tea 2 boxes", "4.00"], ["Milk", "1.20"], ["TOTAL", "5.20"]]


def test_a_header_row_is_words_over_numbers() -> None:
    """Three columns with a header."""
    lines = [
        line(text, x, 100 + 16 * row)
        for row, cells in enumerate([("Item", "Count", "Price"), ("Pen", "2", "3.00"), ("Ink", "1", "7.50")])
        for text, x in zip(cells, (100, 300, 500), strict=True)
    ]
    assert [(len(t), t.header_rows) for t in written(lines).tables] == [(3, 1)]


def test_two_amounts_side_by_side_are_never_one_cell() -> None:
    """A wide cell in the rows above spans the columns of both."""
    above = [("1 Pen", "D 15.00 SR of the week and of the month"), ("1 Ink", "D 10.00 SR"), ("TOTAL", "25.00")]
    lines = [
        line(text, x, 100 + 16 * row)
        for row, cells in enumerate(above)
        for text, x in zip(cells, (60, 300), strict=True)
    ]
    lines += [line(text, x, 148) for text, x in (("SR (@ 0%)", 60), ("52.00", 330), ("0.00", 480))]
    assert written(lines).text.split("\n")[-2:] == ["TOTAL\t25.00", "SR (@ 0%)\t52.00\t0.00"]


def test_an_anchor_gives_the_box_of_its_own_words_in_points() -> None:
    """Boxes narrow to the words, scaled from pixels."""
    document = written(RECEIPT, scale=0.5)
    at = document.text.index("5.20")
    anchor = document.anchor(at, at + 4)
    assert anchor.page == 1
    assert anchor.boxes == ((250.0, 70.5, 260.0, 76.0),) or anchor.boxes[0][0] == 250.0


def test_a_skewed_line_is_cut_so_that_boxes_stay_low() -> None:
    """No box of a line tilted by six degrees is taller than two words' hulls."""
    text = "eleven words that run across the page and keep on running"
    document = written([turned(line(text, 50, 500, 12), math.radians(6))])
    boxes = document.boxes(0, len(document.text))
    assert len(boxes) > 2
    assert max(b[3] - b[1] for b in boxes) < 36


def columns_page() -> list[PrintedLine]:
    """A title over two columns of prose that stand level with each other."""
    left = [line(f"left line number {i} has some words", 60, 120 + 16 * i) for i in range(8)]
    right = [line(f"right line number {i} has some words", 420, 120 + 16 * i) for i in range(8)]
    title = line("A title that is set across both of the columns of this page", 120, 60, 14)
    return [title, *(one for pair in zip(left, right, strict=True) for one in pair)]


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    """Title, left column, right column."""
    text = written(columns_page()).text
    assert text.index("A title") < text.index("left line number 7") < text.index("right line number 0")


def test_headings_and_list_items_are_told_from_paragraphs() -> None:
    """Larger words are a heading, a bullet starts an item."""
    lines = [line("Terms of sale", 60, 40, 18)]
    lines += [line(f"Some ordinary text of the page, row {i}", 60, 90 + 14 * i) for i in range(4)]
    lines += [line("1. The first of the terms", 60, 170), line("2. The second of the terms", 60, 184)]
    kinds = [kind for _, _, kind, _ in written(lines).blocks]
    assert kinds == [BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.LIST_ITEM]


def test_margin_text_on_its_side_comes_last() -> None:
    """A stamp that runs up the margin does not break the rows."""
    stamp = turned(line("stamped along the margin", 400, 20), math.radians(270))
    text = written([stamp, *RECEIPT]).text
    assert text == f"{RECEIPT_TEXT}\nstamped along the margin"


def test_an_empty_page_writes_nothing() -> None:
    """No lines, no text, no error."""
    assert written([]).text == ""


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 950), st.integers(6, 40)), max_size=25))
def test_no_word_is_lost_and_every_range_is_right(places: list[tuple[int, int, int]]) -> None:
    """Whatever the boxes, each word is written once and recorded where it stands."""
    document = written([line(f"w{i} x{i}", x, y, tall) for i, (x, y, tall) in enumerate(places)])
    expected = sorted(word for i in range(len(places)) for word in (f"w{i}", f"x{i}"))
    assert sorted(document.text.split()) == expected
    recorded = [document.text[a:b] for a, b in zip(document.words.start, document.words.end, strict=True)]
    assert recorded == document.text.split()
    assert list(document.lines.start) == sorted(document.lines.start)


def right_to_left(text: str, right: float, y: float) -> PrintedLine:
    """A level line whose words are read from the right edge on, as an engine returns it."""
    words, at = [], right
    for word in text.split():
        start = at - 5.0 * len(word)
        words.append(PrintedWord(word, (start, y, at, y + 10), 0.9))
        at = start - 5
    return PrintedLine(tuple(words), (words[-1].box[0], y, right, y + 10))


def test_lines_from_right_to_left_stand_in_their_order() -> None:
    """The page is not upside down; labels come before their amounts, words of other scripts keep their order."""
    rows = ["חשבונית מס מספר 4711", "סכום לתשלום כולל", "נא לשלם תוך שלושים יום"]
    lines = [right_to_left(text, 700, 100 + 20 * i) for i, text in enumerate(rows)]
    amount = line("EUR 1250.00", 300, 120)
    document = written([*lines, amount, line("Total due 1250.00 by bank transfer", 300, 160)])
    assert document.text.split("\n") == [
        rows[0],
        f"{rows[1]}\tEUR 1250.00",
        rows[2],
        "Total due 1250.00 by bank transfer",
    ]
    at = document.text.index("4711")
    assert document.anchor(at, at + 4).boxes[0][2] <= 620
    upside = written([turned(one, math.pi) for one in lines])
    assert upside.text.split("\n") == rows


def test_a_table_from_right_to_left_begins_on_the_right() -> None:
    """Its first column is the rightmost one."""
    rows = [("פריט", "כמות", "מחיר"), ("תה", "2", "4.00"), ("חלב", "1", "1.20"), ("לחם", "3", "9.60")]
    lines = [
        right_to_left(text, right, 100 + 20 * r)
        for r, row in enumerate(rows)
        for text, right in zip(row, (700, 500, 300), strict=True)
    ]
    document = written(lines)
    assert document.text.split("\n") == ["\t".join(row) for row in rows]
