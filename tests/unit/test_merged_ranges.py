"""Cells under merged ones: not shown, and nothing is hidden where they repeat what is."""

from __future__ import annotations

import pytest

from thresher.service.readers.mail.outlook.rtf_bodies import to_text
from thresher.service.readers.office.sheet_rows import Cell
from thresher.service.readers.office.xlsx.xlsx_ranges import SheetRanges

ONE_ROW, TWO_ROWS = (0, 2, 1, 2), (3, 2, 3, 3)  # A2:B2 and D2:D3


@pytest.mark.parametrize("step", [1, 2])
def test_what_lies_under_a_merged_cell(step: int) -> None:
    """Its first cell is seen; others are covered, whatever rows are left out before them."""
    marks = SheetRanges(merged={2: [ONE_ROW, TWO_ROWS], 900_000: [(0, 900_000, 0, 900_001)]})
    if step == 1:
        assert not marks.covers(1, 0)
    covered = {(row, column) for row in (2, 3, 4, 900_001) for column in range(5) if marks.covers(row, column)}
    assert covered == {(2, 1), (3, 3), (900_001, 0)}


def test_a_covered_cell_that_repeats_the_one_above_hides_nothing() -> None:
    """Programs that write every cell of a range write its text many times."""
    marks = SheetRanges(merged={2: [TWO_ROWS]})
    marks.note_text(2, 3, "North")
    assert [cell.text for cell in marks.with_labels(2, [Cell(3, "North")])] == ["North"]
    assert marks.repeats(3, 3, "North")
    assert not marks.repeats(3, 3, "South")
    assert not marks.repeats(2, 3, "North")
    assert [cell.text for cell in marks.with_labels(3, [])] == ["North"]


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (r"{\rtf1\ansi Fee 1,250{\super 1} was {\strike 990} 790\par}", "Fee 1,250¹ was ~~990~~ 790"),
        (r"{\rtf1\ansi\trowd\clvmgf\cellx1\cellx2\intbl North\cell 5\cell\row\trowd\clvmrg\cellx1\cellx2\intbl\cell 6\cell\row}", "North\t5\nNorth\t6"),
        (r"{\rtf1\ansi See{\pict\pngblip 89504e47}below\par}", "Seebelow"),
        (r"{\rtf1\ansi\pard a{\*\shppict{\pict\pngblip\bin4 }{}{}}b \'80\par}", "ab €"),
    ],
    ids=["marks", "merged labels", "picture", "raw bytes"],
)  # fmt: skip
def test_bodies_of_outlook_mails(rtf: str, text: str) -> None:
    """The kinds of marks and tables of RTF files are those of mails too; their pictures are attachments."""
    assert to_text(rtf)[0].strip() == text
