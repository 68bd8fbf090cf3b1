"""Tables of PDFs: header rows, cells that stand close together, labels that are no columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.pdf_maker import Page, Pdf, lines, text
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import PdfReader

PROSE = ["the parties agree that this is a line of the running text of an agreement"] * 3


def _read(folder: Path, *content: str) -> Document:
    blob = folder / "a.pdf"
    blob.write_bytes(Pdf().write([Page(one) for one in content]))
    source = Source(path="a.pdf", blob=str(blob), sha256="", size=blob.stat().st_size, name="a.pdf")
    return PdfReader().read(source, ReadOptions(ocr="off"), Spool(folder)).document


def _table(rows: Sequence[tuple[str, ...]], columns: tuple[float, ...], top: float = 700) -> str:
    return "".join(
        text(x, top - 20 * r, cell) for r, row in enumerate(rows) for x, cell in zip(columns, row, strict=True) if cell
    )


def test_a_header_row_is_known(tmp_path: Path) -> None:
    """Names above figures; the chunkers repeat them."""
    rows = [("Item", "Quantity", "Price"), ("Red pens", "12", "3.50"), ("Paper", "1", "10.00")]
    (table,) = _read(tmp_path, _table(rows, (72, 300, 450))).tables
    assert (table.header_rows, len(table)) == (1, 3)


def test_a_table_of_figures_has_no_header(tmp_path: Path) -> None:
    """A first row like all others names nothing."""
    rows = [("Pens", "12", "3.50"), ("Ink", "7", "9.50"), ("Paper", "1", "10.00")]
    (table,) = _read(tmp_path, _table(rows, (72, 300, 450))).tables
    assert table.header_rows == 0


def test_a_wider_header_begins_another_table(tmp_path: Path) -> None:
    """The facts above an invoice's lines are not its lines."""
    facts = [("Date:", "Due:", "", ""), ("03/20/2023", "04/04/2023", "", "")]
    rows = [("Item", "Quantity", "Price", "Amount"), ("Pen", "2", "3.50", "7.00"), ("Ink", "1", "9.50", "9.50")]
    first, second = _read(tmp_path, _table([*facts, *rows], (72, 250, 350, 450))).tables
    assert (len(first), len(second), second.header_rows) == (2, 3, 1)


def test_a_row_among_single_lines_is_parted_at_every_gap(tmp_path: Path) -> None:
    """Each row is followed by the rest of its last cell: no two rows show columns together, but one gap is wide."""
    rows = [("Kavya Keane", "C23-681403", "Broken glass", "7.50"), ("", "", "at night", "")]
    document = _read(tmp_path, _table(rows * 3, (72, 160, 245, 480)))
    assert document.text.split("\n") == ["Kavya Keane\tC23-681403\tBroken glass\t7.50", "at night"] * 3


def test_one_small_gap_is_a_space(tmp_path: Path) -> None:
    """Without a wide gap in the line."""
    document = _read(tmp_path, text(72, 700, "Kavya Keane") + text(160, 700, "C23-681403"))
    assert document.text == "Kavya Keane C23-681403"


def test_cells_close_together_are_parted(tmp_path: Path) -> None:
    """Two figures with decimals are two cells, and so are the names above them."""
    rows = [("Item", "Disc.", "Tax", "Amount"), ("Pen", "0.00", "15.00%", "7.00"), ("Ink", "5.00", "15.00%", "9.50")]
    document = _read(tmp_path, _table([*rows, ("Cap", "9.00", "", "1.00")], (72, 300, 329, 450)))
    assert document.text.split("\n")[:2] == ["Item\tDisc.\tTax\tAmount", "Pen\t0.00\t15.00%\t7.00"]
    (table,) = document.tables
    assert [column for _, _, column in table.cells(1)] == [0, 1, 2, 3]


def test_labels_are_no_column(tmp_path: Path) -> None:
    """Clauses with a hanging number or letter are list items and paragraphs, not a table."""
    labels = ["2.1", "(a)", "(b)", "2.2"]
    rows = "".join(text(72, 700 - 45 * i, label) + lines(110, 700 - 45 * i, PROSE) for i, label in enumerate(labels))
    document = _read(tmp_path, rows)
    assert not document.tables
    assert [document.text[a : a + 3] for a, _, kind, _ in document.blocks if kind is not BlockKind.PARAGRAPH] == [
        "(a)",
        "(b)",
    ]


def _bookings(count: int) -> list[tuple[str, ...]]:
    return [(f"{n + 1:02}.03.2019", "Card payment", f"T{2246000 + n}", f"{n + 3}40,12") for n in range(count)]


def test_a_code_printed_in_the_cell_before_is_its_own_cell(tmp_path: Path) -> None:
    """Nothing parts the two but a blank: the rows around them have such codes in cells of their own."""
    merged = ("09.03.2019", "Old Mill Garden Centre payment T2246796", "", "140,26")
    document = _read(tmp_path, _table([*_bookings(6), merged], (72, 150, 380, 480)))
    assert document.text.split("\n")[-1] == "09.03.2019\tOld Mill Garden Centre payment\tT2246796\t140,26"


def test_a_cell_printed_in_the_one_before_is_parted_where_the_row_lacks_one(tmp_path: Path) -> None:
    """Its words are those of cells in the next column, and no cell of its own column ends so."""
    rows = [
        (f"F0{n:03}", f"{n + 2} Elm Lane, Perth", ("Ordinary A", "Preference")[n % 2], f"{n}00") for n in range(1, 9)
    ]
    merged = ("F0009", "105 Jubilee Avenue, Norwich Preference", "", "900")
    document = _read(tmp_path, _table([*rows, merged], (72, 150, 380, 480)))
    assert document.text.split("\n")[-1] == "F0009\t105 Jubilee Avenue, Norwich\tPreference\t900"


def test_a_year_at_the_end_of_a_label_is_no_cell(tmp_path: Path) -> None:
    """A row that lacks a figure keeps its label whole."""
    rows = [
        (f"Net sales {name}", f"{n}41", f"{n}17", f"{n}65")
        for n, name in enumerate(("east", "west", "north", "south"), 1)
    ]
    document = _read(tmp_path, _table([*rows, ("Backlog at end of 2024", "", "980", "870")], (72, 300, 380, 480)))
    assert document.text.split("\n")[-1] == "Backlog at end of 2024\t\t980\t870"


def test_gaps_one_below_the_other_part_columns(tmp_path: Path) -> None:
    """Two columns stand closer than a wide gap, row by row at one place; names of two words are no columns."""
    rows = [(f"F0{n:03}", f"2871{n}", f"{('Ada', 'Bo', 'Cleo')[n % 3]} Farrow", "Perth") for n in range(8)]
    document = _read(tmp_path, _table(rows, (72, 150, 195, 300)))
    assert document.text.split("\n")[1] == "F0001\t28711\tBo Farrow\tPerth"


def test_a_sign_goes_with_its_figure(tmp_path: Path) -> None:
    """However wide the gap between a currency's sign and its figure, and between a figure and its percent sign."""
    rows = [(f"Row {n}", "$", f"1,{n}10", f"{n}2", "%") for n in range(8)]
    document = _read(tmp_path, _table(rows, (72, 200, 217, 300, 318)))
    cells = document.text.split("\n")[1].split("\t")
    assert [" ".join(cell.split()) for cell in cells] == ["Row 1", "$ 1,110", "12 %"]


def test_a_lone_row_between_paragraphs_keeps_the_columns_of_its_table(tmp_path: Path) -> None:
    """It is a table of one row, with tabs between its cells."""
    table = _table(_bookings(6), (72, 150, 250, 330))
    alone = _table([("09.03.2019", "Cash", "T2246796", "140,26")], (72, 150, 250, 330), top=470)
    document = _read(tmp_path, table + lines(72, 560, PROSE) + alone + lines(72, 440, PROSE))
    assert "09.03.2019\tCash\tT2246796\t140,26" in document.text.split("\n")
    assert len(document.tables) == 2
