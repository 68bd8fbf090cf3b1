"""Several papers on one photo."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thresher.service.layout.sheets import Grey, sheets_of
from thresher.service.ocr.base import PrintedLine, PrintedWord

SIZE = (1000, 1400)  # height, width


def receipt(x: float, rows: int = 8, skew: float = 0.0, width: float = 400) -> list[PrintedLine]:
    """Lines of four words, 60 pixels apart, turned by some radians."""
    lines = []
    for i in range(rows):
        words = []
        for k in range(4):
            left = x + k * width / 4
            top = 100 + 60 * i + math.tan(skew) * k * width / 4
            words.append(PrintedWord(f"r{i}w{k}", (left, top, left + 0.8 * width / 4, top + 24), 0.9))
        box = (words[0].box[0], min(w.box[1] for w in words), words[-1].box[2], max(w.box[3] for w in words))
        lines.append(PrintedLine(tuple(words), box))
    return lines


def table(*papers: tuple[int, int], ground: int = 90, paper: int = 240) -> Grey:
    """A photo of papers, from x to x, on a ground."""
    grey = np.full(SIZE, ground, np.uint8)
    for x0, x1 in papers:
        grey[50:900, x0:x1] = paper
    return grey


@pytest.mark.parametrize("ground", [90, 150, 20])
def test_two_receipts_on_a_table_are_two(ground: int) -> None:
    """Left before right, each whole, though their rows are level."""
    left, right = receipt(100), receipt(800)
    mixed = [line for pair in zip(left, right, strict=True) for line in pair]
    assert sheets_of(mixed, table((60, 540), (760, 1260), ground=ground)) == [left, right]


def test_two_receipts_that_touch_are_two_by_their_angles() -> None:
    """Paper beside paper, one of them turned."""
    left, right = receipt(100), receipt(800, skew=0.06)
    assert sheets_of([*left, *right], table((0, 1400))) == [left, right]


def test_three_receipts_are_three() -> None:
    """Cut by cut."""
    parts = [receipt(x, width=300) for x in (50, 500, 950)]
    photo = table((30, 380), (480, 830), (930, 1280))
    assert sheets_of([line for part in parts for line in part], photo) == parts


def test_columns_of_one_page_stay_together() -> None:
    """The same paper lies between them: labels keep their values."""
    lines = [*receipt(100), *receipt(800)]
    assert sheets_of(lines, table((0, 1400))) == [lines]


def test_a_price_column_is_no_sheet() -> None:
    """Nor is a stamp of two lines on a dark ground."""
    lines = [*receipt(100), *receipt(800, rows=2)]
    assert sheets_of(lines, table((60, 540), (760, 1260))) == [lines]


def test_a_line_across_the_gutter_holds_a_page_together() -> None:
    """A title over both columns."""
    title = PrintedLine((PrintedWord("Title", (300, 20, 900, 60), 0.9),), (300, 20, 900, 60))
    lines = [title, *receipt(100), *receipt(800)]
    assert sheets_of(lines, table((60, 540), (760, 1260))) == [lines]
