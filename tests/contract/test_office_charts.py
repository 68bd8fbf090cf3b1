"""What a chart shows is read: titles, units on its axes, labels, and data that no cell shows."""

from __future__ import annotations

import zipfile
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


WATERFALL = """<cx:chartSpace xmlns:cx="{}"><cx:chartData><cx:data id="0">
<cx:strDim type="cat"><cx:f>Sheet1!$A$2:$A$3</cx:f><cx:lvl ptCount="2"><cx:pt idx="0">North</cx:pt><cx:pt idx="1">South</cx:pt></cx:lvl></cx:strDim>
<cx:numDim type="val"><cx:f>Sheet1!$B$2:$B$3</cx:f><cx:lvl ptCount="2"><cx:pt idx="0">4711</cx:pt><cx:pt idx="1">-815</cx:pt></cx:lvl></cx:numDim>
</cx:data></cx:chartData><cx:chart><cx:title><cx:tx><cx:txData><cx:v>Bridge of the year</cx:v></cx:txData></cx:tx></cx:title>
<cx:plotArea><cx:plotAreaRegion><cx:series layoutId="waterfall"><cx:tx><cx:txData><cx:f>Sheet1!$B$1</cx:f><cx:v>EUR</cx:v></cx:txData></cx:tx>
<cx:dataId val="0"/></cx:series></cx:plotAreaRegion></cx:plotArea></cx:chart></cx:chartSpace>"""
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


def presentation(path: Path) -> Path:
    """A slide with a chart."""
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
    slides.save(str(path))
    return path


def test_titles_of_axes_are_read(tmp_path: Path) -> None:
    """They often state the unit of all figures."""
    text = read(presentation(tmp_path / "a.pptx")).text
    assert [word in text for word in ("Fees of the year", "thousands of EUR", "revised", "North\t4711")] == [True] * 4


def test_charts_of_newer_kinds_are_read(tmp_path: Path) -> None:
    """A waterfall or a funnel is another part of the file, which the library for slides does not know."""
    space = "http://schemas.microsoft.com/office/drawing/2014/chartex"
    old = presentation(tmp_path / "old.pptx")
    with zipfile.ZipFile(old) as kept, zipfile.ZipFile(tmp_path / "a.pptx", "w") as made:
        for name in kept.namelist():
            data = kept.read(name)
            if name.startswith("ppt/slides/"):
                data = data.replace(b"http://schemas.openxmlformats.org/drawingml/2006/chart", space.encode())
                data = data.replace(b"/officeDocument/2006/relationships/chart", b"/office/2014/relationships/chartEx")
            made.writestr(name, WATERFALL.format(space) if name.startswith("ppt/charts/chart") else data)
    text = read(tmp_path / "a.pptx").text
    assert "Bridge of the year" in text
    assert "\tEUR\nNorth\t4711\nSouth\t-815" in text
