"""What a chart shows is read: titles, units on its axes, labels, and data that no cell shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.office_files import source_of
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source


def read(path: Path) -> Document:
    """The Document of a file."""
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(path.parent / "spool")).document


def workbook(path: Path, series: dict[str, Any], *, hidden: bool = False, own_sheet: bool = False) -> Path:
    """A workbook with two figures on a sheet, and a chart."""
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("First").write(0, 0, "Report")
    sheet = book.add_worksheet("Fees 'n more")
    sheet.write_column(0, 0, ["North", "South"])
    sheet.write_column(0, 1, [4711, 815])
    if hidden:
        sheet.hide()
    chart = book.add_chart({"type": "column"})
    chart.add_series(series)
    chart.set_title({"name": "Fees of the year"})
    chart.set_y_axis({"name": "thousands of EUR"})
    if own_sheet:
        book.add_chartsheet("Chart").set_chart(chart)
    else:
        book.get_worksheet_by_name("First").insert_chart("C3", chart)
    book.close()
    return path


CELLS = {"categories": ["Fees 'n more", 0, 0, 1, 0], "values": ["Fees 'n more", 0, 1, 1, 1]}


@pytest.mark.parametrize("own_sheet", [False, True])
def test_titles_of_a_chart_in_a_workbook_are_read(tmp_path: Path, *, own_sheet: bool) -> None:
    """The names of the chart, its axis and its series were lost; its figures stand in cells and are not told twice."""
    text = read(workbook(tmp_path / "a.xlsx", {**CELLS, "name": "Plan 2024"}, own_sheet=own_sheet)).text
    assert [word in text for word in ("Fees of the year", "thousands of EUR", "Plan 2024")] == [True] * 3
    assert text.count("4711") == 1


def test_figures_that_only_a_chart_shows_are_read(tmp_path: Path) -> None:
    """Those of a hidden sheet are seen in the chart."""
    document = read(workbook(tmp_path / "a.xlsx", CELLS, hidden=True))
    assert "North\t4711\nSouth\t815" in document.text
    assert "hidden_text" in {n.code for n in document.notes}


def test_titles_of_axes_are_read(tmp_path: Path) -> None:
    """They often state the unit of all figures."""
    slides = Presentation()
    make: Any = CategoryChartData  # the library has no types
    data = make()
    data.categories = ["North"]
    data.add_series("Fees", [4711])
    shapes = slides.slides.add_slide(slides.slide_layouts[6]).shapes
    box = (Inches(1), Inches(1), Inches(5), Inches(4))
    chart = shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *box, data).chart
    chart.chart_title.text_frame.text = "Fees of the year"
    chart.value_axis.axis_title.text_frame.text = "thousands of EUR"
    chart.plots[0].series[0].points[0].data_label.text_frame.text = "revised"
    slides.save(str(tmp_path / "a.pptx"))
    text = read(tmp_path / "a.pptx").text
    assert [word in text for word in ("Fees of the year", "thousands of EUR", "revised", "4711")] == [True] * 4
