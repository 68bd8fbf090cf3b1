"""Tables of PDFs: header rows, cells that stand close together, labels that are no columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemas.document import BlockKind, Document
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Spool
from service.readers.pdf import PdfReader
from tests.pdf_maker import Page, Pdf, lines, text

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
