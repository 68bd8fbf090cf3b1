"""Cells: figures left out of rows whose others were told are named; columns that nobody wants, and whole rows, are not."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from schemas.document import Document, DocumentBuilder
from schemas.extraction import Evidence, Extraction
from schemas.source import Source
from service.lists.cells import missed_cells
from service.lists.text_lines import lines_of
from service.targets.loading import target_from_model

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
        ({"9,180.3", "5,076.9"}, []),
        ({"5,048.4", "4,668.0", "9,881.1"}, []),
    ],
    ids=["all told", "one figure", "two figures", "a whole row", "a column that two rows lack", "most of a row"],
)
def test_figures_left_out_of_rows_that_were_told_are_named(left_out: set[str], named: list[str]) -> None:
    """Only where other rows were told whole, and where the figure is not one of a column that several lack."""
    assert _missed(left_out) == named
