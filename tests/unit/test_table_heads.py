"""What stands above a table's rows goes along with each later part of it, told by place."""

from __future__ import annotations

import pytest

from thresher.chunkers import table_heads
from thresher.chunkers.base import Records
from thresher.chunkers.members import CHUNKERS
from thresher.chunkers.table_heads import TableHeads
from thresher.schemas.document import BlockKind, Document, DocumentBuilder, Table
from thresher.schemas.source import Source
from thresher.service.records.chunk_parts import chunk_of_records, unanswered_parts
from thresher.service.records.question_windows import windows

SOURCE = Source(path="a", blob="a", sha256="", size=0)


def words(text: str) -> int:
    """Count the words of a text, as its tokens."""
    return len(text.split())


def statement(rows: int, header_rows: int = 1) -> Document:
    """A heading, a line with the unit, column heads in two rows, a group's name, and rows of figures."""
    builder = DocumentBuilder(SOURCE, kind="text")
    builder.block("Goodwill by segment was tested in May.")
    builder.block("3. Goodwill", BlockKind.HEADING, level=2)
    builder.block("Movements of the period (in millions):")
    heads = [["", "Balance at", "Balance at"], ["", "2025", "2024"], ["Regions", "", ""]]
    builder.table([*heads, *([f"Region {n}", f"{n},100", f"{n},200"] for n in range(rows))], header_rows=header_rows)
    return builder.build()


def test_heads_are_told_by_place() -> None:
    """The lines above, both rows of column heads (years are no figures), and the group that the row is in."""
    document = statement(30)
    start, _ = document.tables[0].row_range(20)
    told = [document.text[a:b].strip() for a, b in TableHeads(document).at(start)]
    assert told == [
        "3. Goodwill",
        "Movements of the period (in millions):",
        "Balance at\tBalance at",
        "2025\t2024",
        "Regions",
    ]


def test_the_first_row_has_only_the_lines_above() -> None:
    """A part that begins where the table does shows the table's own heads, and lacks what stands above it."""
    document = statement(3)
    places = TableHeads(document).at(document.tables[0].span()[0])
    assert [document.text[a:b] for a, b in places] == ["3. Goodwill", "Movements of the period (in millions):"]


def test_later_parts_carry_the_heads() -> None:
    """Each later part of a long table carries unit and column heads, whoever cut it."""
    document = statement(120, header_rows=0)
    chunks = list(CHUNKERS["sections"].chunk(document, 120, words))
    assert len(chunks) > 2
    for chunk in chunks[1:]:
        assert "in millions" in chunk.context
        assert "2025\t2024" in chunk.context


def test_windows_and_rests_carry_the_heads() -> None:
    """A window of a Chunk that begins within a table, and the rest of one whose answer was cut, carry them, too."""
    document = statement(120)
    chunk = next(CHUNKERS["plain"].chunk(document, 5_000, words))
    starts = [document.tables[0].row_range(r)[0] for r in range(3, 123)]
    for part in windows(document, chunk, starts, 30)[1:]:
        assert "in millions" in part.context
        assert "Balance at" in part.context
    end = document.tables[0].row_range(60)[1]
    (left,) = unanswered_parts(document, chunk, [end])
    assert "in millions" in left.context


def test_a_short_table_is_not_cut() -> None:
    """A table that fits a part is whole in one, though each of its rows may be a record; lines above go with it."""
    builder = DocumentBuilder(SOURCE, kind="text")
    starts: list[int] = []
    for n in range(12):
        builder.block("The notes that follow say how amounts were found and who found them. " * 2)
        builder.block(f"Table {n} (in thousands):")
        builder.table([["Item", "2025"], *([f"Row {i}", f"{i},000"] for i in range(8)), ["Total", "28,000"]])
    document = builder.build()
    starts = [t.row_range(r)[0] for t in document.tables for r in range(1, len(t))]
    chunks = list(CHUNKERS["plain"].chunk(document, 130, words, 0, Records(starts, 100)))
    assert len(chunks) > 3
    for table in document.tables:
        first, last = table.span()
        assert any(c.start <= first and last <= c.end for c in chunks)
    assert all("Table" not in c.text.rstrip().rpartition("\n")[2] for c in chunks)


def test_no_cut_between_a_label_and_its_row() -> None:
    """A row of one cell goes with the row below it: it is a group's name, or the first line of a label."""
    builder = DocumentBuilder(SOURCE, kind="text")
    rows = [["Line", "Amount"]]
    for n in range(60):
        rows += [[f"Change in the value of holding {n} and"], [f"its tax {n}", f"{n}.50"]]
    builder.table(rows, header_rows=1)
    document = builder.build()
    starts = [document.tables[0].row_range(r)[0] for r in range(1, 121)]
    for chunk in CHUNKERS["tables"].chunk(document, 90, words, 0, Records(starts, 0)):
        assert not chunk.text.startswith("its tax")


def test_heads_that_end_the_table_above() -> None:
    """Column heads that a reader took for the last rows of the table above head the one below, and go with it."""
    builder = DocumentBuilder(SOURCE, kind="text")
    rows = [[f"Bond {n}", f"{n},100", f"{n},200"] for n in range(20)]
    builder.table(
        [["", "Cost", "Value"], *rows, *rows[:4], ["", "Gross", "Gross"], ["July 27, 2024", "Cost", "Losses"]]
    )
    builder.table(rows)
    document = builder.build()
    start, _ = document.tables[1].row_range(5)
    told = [document.text[a:b].strip() for a, b in TableHeads(document).at(start)]
    assert told == ["Gross\tGross", "July 27, 2024\tCost\tLosses"]
    starts = [t.row_range(r)[0] for t in document.tables for r in range(20)]
    first, second = CHUNKERS["plain"].chunk(document, 165, words, 0, Records(starts, 0))
    assert first.text.endswith("3,200")
    assert second.text.startswith("Gross")


def test_a_table_that_goes_on_over_pages_carries_the_first_one_s_heads() -> None:
    """Without heads of its own, as many columns, and only a page's edge between; another table begins anew."""
    builder = DocumentBuilder(SOURCE, kind="pdf")
    for page in range(3):
        builder.page(100, 100)
        if not page:
            builder.block("Loans (in thousands)")
        heads = [["Loan", "2025", "Rate"]] if not page else []
        rows = [[f"Loan {page}{n}", f"{n},500", "4.5"] for n in range(9)]
        builder.table([*heads, *rows], header_rows=1 - bool(page))
        builder.block(f"{page + 1}")
    builder.page(100, 100)
    builder.table([[f"Pen {n}", f"{n},500"] for n in range(9)])
    document = builder.build()
    known = TableHeads(document)
    for table in document.tables[1:3]:
        told = [document.text[a:b] for a, b in known.at(table.row_range(4)[0])]
        assert told[:2] == ["Loans (in thousands)", "Loan\t2025\tRate"]
    assert not any("Loan" in document.text[a:b] for a, b in known.at(document.tables[3].row_range(4)[0]))


def test_a_list_over_pages_is_cut_at_its_records() -> None:
    """Where a record runs over a page's edge no cut is made there, however short the page; no record is carried as a head."""
    builder = DocumentBuilder(SOURCE, kind="pdf")
    starts: list[int] = []
    for page in range(6):
        builder.page(100, 100)
        builder.block(f"Statement of account, page {page + 1}")
        rows = [["", "", f"rest of payment {page - 1}", f"{page}.00"]] if page else []
        rows += [[f"-{n}.50", "May 7", f"Payment {page}{n} of the", f"{n},5{n}0.10"] for n in range(8)]
        rows += [[f"-{page}.75", "May 8", f"Payment {page} is the", ""]]
        builder.table(rows)
        table = builder.document.tables[-1]
        starts += [table.row_range(r)[0] for r in range(bool(page), len(rows))]
    document = builder.build()
    chunks = list(CHUNKERS["pages"].chunk(document, 160, words, 0, Records(starts, 0)))
    assert len(chunks) > 2
    for chunk in chunks[1:]:
        assert chunk.start in starts
        assert "Payment" not in chunk.context
        assert "payment" not in chunk.context


def test_a_table_is_analysed_once_for_all_questions_about_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question about missed rows looks at the heads of the table; a long table has hundreds of such questions."""
    document = statement(40)
    looks, kinds = list[int](), table_heads._kinds

    def noted(one: Document, table: Table) -> tuple[bytes, bytes]:
        looks.append(len(table))
        return kinds(one, table)

    monkeypatch.setattr(table_heads, "_kinds", noted)
    chunk = next(CHUNKERS["plain"].chunk(document, 10_000, words))
    rows = [document.tables[0].row_range(r) for r in range(10, 30)]
    asked = [chunk_of_records(document, chunk, [[row]]) for row in rows]
    assert len({part.text for part in asked}) == len(rows)
    assert all(part.around for part in asked)
    assert looks == [len(document.tables[0])]
