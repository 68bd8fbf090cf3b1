"""Labels of merged cells: which rows get one, and what is none."""

from __future__ import annotations

import numpy as np

from thresher.service.readers.pdf.layout.baseline_rows import SegmentBox
from thresher.service.readers.pdf.layout.regions import TableRegion
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.tables.row_labels import joined_rules, with_repeated_labels

_STEP = 20.0  # points from row to row


def _strip(index: int, row: float, x0: float, x1: float) -> SegmentBox:
    top = 100 + _STEP * row
    return SegmentBox(index, x0, top, x1, top + 10)


def _rules(*lines: tuple[float, float, float]) -> Floats:
    """Lines from x to x, each below so many rows."""
    return np.array([(x0, 95 + _STEP * row, x1, 95 + _STEP * row) for x0, x1, row in lines], np.float32)


def _indices(grid: TableRegion) -> list[list[tuple[int, list[int]]]]:
    return [[(column, [strip.index for strip in strips]) for column, strips in row] for row in grid.rows]


def test_underlined_lines_of_a_table_of_contents_keep_their_own_page_numbers() -> None:
    """A line under a title is as wide as the title; it does not part the rows that a page number stands beside."""
    titles = [_strip(2 * i, i, 50, 150 + 30 * i) for i in range(4)]
    pages = [_strip(2 * i + 1, i, 500, 510) for i in range(4)]
    grid = TableRegion([[(0, [title]), (1, [page])] for title, page in zip(titles, pages, strict=True)])
    underlines = [(title.x0, title.x1, i + 0.9) for i, title in enumerate(titles)]
    before = _indices(grid)
    assert _indices(with_repeated_labels(grid, _rules((40, 560, -0.5), *underlines, (40, 560, 4.5)))) == before


def test_underlined_page_numbers_are_not_repeated() -> None:
    """Where the whole of each line of a table of contents is underlined, too."""
    grid = TableRegion([[(0, [_strip(2 * i, i, 50, 200)]), (1, [_strip(2 * i + 1, i, 500, 510)])] for i in range(4)])
    before = _indices(grid)
    lines = [line for i in range(-1, 4) for line in ((50, 200, i + 0.9), (500, 510, i + 0.9))]
    assert _indices(with_repeated_labels(grid, _rules((40, 560, -1), *lines, (40, 560, 5)))) == before


def test_a_column_beside_ruled_rows_is_no_label() -> None:
    """What has a line of its own in more than one of the rows belongs to those rows."""
    grid = TableRegion([[(0, [_strip(2 * i, i, 50, 90)]), (1, [_strip(2 * i + 1, i, 200, 250)])] for i in range(3)])
    before = _indices(grid)
    inner = [(190.0, 560.0, float(i)) for i in (1, 2)]
    assert _indices(with_repeated_labels(grid, _rules((40, 560, 0), *inner, (40, 560, 3)))) == before


def test_a_label_stands_with_each_row_that_its_cell_reaches_over() -> None:
    """Rules that end before it part its rows."""
    rows = [[(1, [_strip(i + 1, i, 200, 250)])] for i in range(3)]
    rows[1].insert(0, (0, [_strip(0, 1, 50, 90)]))
    inner = [(190.0, 560.0, float(i)) for i in (1, 2)]
    found = _indices(with_repeated_labels(TableRegion(rows), _rules((40, 560, 0), *inner, (40, 560, 3))))
    assert found == [[(0, [0]), (1, [i + 1])] for i in range(3)]


def test_a_column_of_the_labels_of_a_form_is_not_repeated() -> None:
    """A frame around all of them, and lines in another part of the form, make no merged cell of them."""
    grid = TableRegion([[(0, [_strip(3 * i, i, 50, 90)]), (1, [_strip(3 * i + 1, i, 200, 250)])] for i in range(4)])
    grid.rows[1].append((2, [_strip(12, 1, 400, 450)]))
    grid.rows[2].append((2, [_strip(13, 2, 400, 450)]))
    before = _indices(grid)
    assert (
        _indices(with_repeated_labels(grid, _rules((40, 560, 0), (390, 560, 1), (390, 560, 2), (40, 560, 4)))) == before
    )


def test_lines_under_titles_part_no_rows() -> None:
    """An amount below two rows of titles, each title with a line of its own beneath it, is no label of theirs."""
    titles = [[(1, [_strip(2 * i, i, 200, 250)]), (2, [_strip(2 * i + 1, i, 300, 350)])] for i in range(2)]
    grid = TableRegion([*titles, [(0, [_strip(4, 2, 50, 150)]), (3, [_strip(5, 2, 400, 450)])]])
    before = _indices(grid)
    lines = [line for i in (1, 2) for line in ((190.0, 260.0, float(i)), (290.0, 360.0, float(i)))]
    assert _indices(with_repeated_labels(grid, _rules((40, 560, 0), *lines, (40, 560, 3)))) == before


def test_what_stands_in_two_places_of_a_cell_is_no_label() -> None:
    """A signature beside the first row, and another one beside the last."""
    grid = TableRegion([[(0, [_strip(i, i, 50, 90)])] for i in range(5)])
    grid.rows[0].append((1, [_strip(5, 0, 300, 380)]))
    grid.rows[4].append((1, [_strip(6, 4, 300, 380)]))
    before = _indices(grid)
    inner = [(40.0, 200.0, float(i)) for i in range(1, 5)]
    assert _indices(with_repeated_labels(grid, _rules((40, 560, 0), *inner, (40, 560, 5)))) == before


def test_sides_of_cells_that_touch_are_one_rule() -> None:
    """Each cell is drawn with its own upper side."""
    rows = [[(1, [_strip(2 * i, i, 200, 250)]), (2, [_strip(2 * i + 1, i, 300, 350)])] for i in range(2)]
    rows[0].insert(0, (0, [_strip(9, 0, 50, 90)]))
    sides = [line for i in range(3) for line in ((190.0, 280.0, float(i)), (280.0, 560.0, float(i)))]
    found = _indices(with_repeated_labels(TableRegion(rows), joined_rules(_rules((40, 190, 0), *sides, (40, 190, 2)))))
    assert [row[0] for row in found] == [(0, [9]), (0, [9])]


def test_rules_shorter_than_every_cell_change_nothing() -> None:
    """They are the sides of small boxes, and no cell ends at them."""
    grid = TableRegion([[(0, [_strip(2 * i, i, 50, 200)]), (1, [_strip(2 * i + 1, i, 300, 450)])] for i in range(3)])
    before = _indices(grid)
    assert _indices(with_repeated_labels(grid, _rules((60, 70, 0), (60, 70, 1), (60, 70, 2), (60, 70, 3)))) == before
