"""Cells: figures left out of rows whose others were told are named; columns that nobody wants, and whole rows, are not."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.source import Source
from thresher.service.records.cell_records import missed_cells
from thresher.service.records.text_lines import lines_of
from thresher.service.targets.loading import target_from_model

ROWS = [
    ["Revenue", "5,048.4", "4,668.0", "9,881.1", "9,180.3"],
    ["Costs", "2,742.5", "2,561.6", "5,376.2", "5,076.9"],
    ["Interest", "129.6", "104.9", "267.4", "196.5"],
    ["Taxes", "298.1", "265.4", "578.0", "498.8"],
    ["Shares", "407.9", "411.4", "408.0", "411.7"],
]


class Figure(BaseModel):
    """A record that is one cell."""

    value: float


class Report(BaseModel):
    """A target with a list of figures."""

    figures: list[Figure]


TARGET = target_from_model(Report)


def _document() -> Document:
    builder = DocumentBuilder(Source(path="q", blob="q", sha256="", size=0), kind="pdf")
    builder.table([["", "Q2 25", "Q2 24", "H1 25", "H1 24"], *ROWS], header_rows=1)
    return builder.build()


def _missed(left_out: set[str]) -> list[str]:
    """The labels of rows that lack a figure, if all figures are told but some."""
    document = _document()
    told = [f for row in ROWS for f in row[1:] if f not in left_out]
    evidence = [
        Evidence(
            path=f"/figures/{i}/value", quote=f, start=(at := document.text.index(f)), end=at + len(f), match="exact"
        )
        for i, f in enumerate(told)
    ]
    extraction = Extraction(chunk=0, data={}, evidence=evidence)
    lines = list(lines_of(document.text))
    found = missed_cells(document, [extraction], TARGET, [a for a, _ in lines])
    return [document.text[slice(*lines[i])].partition("\t")[0] for i in sorted(found)]


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        (set(), []),
        ({"4,668.0"}, ["Revenue"]),
        ({"9,881.1", "104.9"}, ["Revenue", "Interest"]),
        (set(ROWS[4][1:]), []),
        ({"9,180.3", "5,076.9"}, ["Revenue", "Costs"]),
        ({"9,180.3", "5,076.9", "196.5"}, []),
        ({"5,048.4", "4,668.0", "9,881.1"}, ["Revenue"]),
    ],
    ids=["all told", "one", "two", "a whole row", "two of a column", "a column that few rows tell", "most of a row"],
)
def test_figures_left_out_of_rows_that_were_told_are_named(left_out: set[str], named: list[str]) -> None:
    """Only where most rows of the table tell a figure of that column, and the row tells one at all."""
    assert _missed(left_out) == named


BALANCE = [
    ["Cash", "2,216.4", "2,913.4"],
    ["Goodwill", "3,183.9", "2,353.6"],
    ["Debt", "2,982.0", "2,991.3"],
    ["Equity", "5,078.1", "4,547.6"],
]


class Sheet(BaseModel):
    """A target with a list for each row."""

    cash: list[Figure]
    goodwill: list[Figure]
    debt: list[Figure]
    equity: list[Figure]


def _lacking(told: dict[str, list[str]], unplaced: tuple[str, ...] = ()) -> list[str]:
    """The labels of rows that lack a figure, by what each list tells; some of it is placed nowhere."""
    builder = DocumentBuilder(Source(path="q", blob="q", sha256="", size=0), kind="pdf")
    builder.table([["", "2025", "2024"], *BALANCE], header_rows=1)
    document = builder.build()
    evidence = [
        Evidence(
            path=f"/{name}/{i}/value", quote=f, start=(at := document.text.index(f)), end=at + len(f), match="exact"
        )
        if f not in unplaced
        else Evidence(path=f"/{name}/{i}/value", quote="", start=None, end=None, match="none")
        for name, figures in told.items()
        for i, f in enumerate(figures)
    ]
    data = {name: [{"value": float(f.replace(",", ""))} for f in figures] for name, figures in told.items()}
    lines = list(lines_of(document.text))
    extraction = Extraction(chunk=0, data=data, evidence=evidence)
    found = missed_cells(document, [extraction], target_from_model(Sheet), [a for a, _ in lines])
    return [document.text[slice(*lines[i])].partition("\t")[0] for i in sorted(found)]


WHOLE = {name.casefold(): figures for name, *figures in BALANCE}


def test_one_of_two_figures_is_missed_where_others_have_both() -> None:
    """A row of which its list holds one figure and no other lacks the second."""
    assert _lacking(WHOLE | {"debt": ["2,982.0"]}) == ["Debt"]


def test_a_figure_that_was_told_and_placed_nowhere_is_not_missed() -> None:
    """What a record says counts as told, whether or not it was found in the text."""
    assert _lacking(WHOLE, unplaced=("2,991.3",)) == []


def test_a_list_that_stands_in_one_column_does_not_run_along_rows() -> None:
    """Two records, each alone in a row of another kind, tell nothing of what is beside them."""
    assert _lacking(WHOLE | {"debt": ["2,982.0", "5,078.1"], "equity": []}) == []
