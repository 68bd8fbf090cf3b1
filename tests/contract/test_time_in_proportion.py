"""Rules over long texts and hostile mails take time in proportion to their length: they are timed, so they are no unit tests."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from tests.unit.test_records import plain
from thresher.schemas.target import Field
from thresher.service.readers.mail.replies import classify
from thresher.service.rules.spans.line_pieces import lay_out
from thresher.service.rules.spans.span_finder import candidates
from thresher.service.rules.tables.table_items import find_items
from thresher.service.rules.tables.tax_rows import tax_rows
from thresher.service.targets.loading import load_target

FACTOR, SLACK = 4, 3  # times as many lines, and times more than in proportion that a busy machine may make of it


def fees(lines: int) -> str:
    """Lines of a long statement of fees."""
    rows = (f"{n:05}  2024-03-{n % 28 + 1:02}  Berth fee {n}  {n % 90 + 3}.50" for n in range(lines))
    return "\n".join(rows)


@pytest.mark.parametrize("path", ["/total", "/date", "/number"])
def test_candidates_take_time_in_proportion_to_the_text(path: str) -> None:
    """Four times as many lines take about four times the processor time, not sixteen times."""
    kind = "date" if path == "/date" else "number" if path == "/total" else "text"
    seconds = []
    for lines in (300, 300 * FACTOR):
        layout = lay_out(document := plain(fees(lines)), 0, len(document.text))
        begun = time.process_time()
        candidates(layout, Field(path=path, kind=cast("Any", kind)))
        seconds.append(time.process_time() - begun)
    assert seconds[1] < SLACK * FACTOR * seconds[0] + 0.5


def pieces_of_one_line(count: int) -> str:
    """Amounts in one line, as many as are wanted, apart by tabs."""
    return "\t".join(f"{n}.50" for n in range(count))


LIST = {
    "title": "Statement",
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "payment_method": {"type": "string"},
        "entries": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": "string"},
                    "vat_rate": {"type": "number"},
                    "amount": {"type": "number"},
                },
            },
        },
    },
}


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(lambda n: " ".join(fees(n).split("\n")), id="one line"),
        pytest.param(lambda n: "\n".join(["Anna Smith   Hamburg   Engineer"] * n), id="rows of words"),
        pytest.param(
            lambda n: "\n".join(["Description   Rate   Amount", *["Berth   19   3.50"] * 9] * (n // 10)), id="heads"
        ),
        pytest.param(lambda n: '{"items": [' + ", ".join(f'{{"amount": {i}.5}}' for i in range(n)) + "]}", id="JSON"),
        pytest.param(pieces_of_one_line, id="one row"),
        pytest.param(lambda n: "Tax summary   Net amount\n" + "  ".join(f"{i}.50" for i in range(n // 4)), id="taxes"),
    ],
)
def test_rules_take_time_in_proportion_whatever_the_shape(lines: Any) -> None:
    """A line without end, rows that may all be headers, and rows of very many amounts take no square of their length."""
    target, seconds = load_target(LIST), []
    for count in (100, 100 * FACTOR):
        layout = lay_out(document := plain(lines(count)), 0, len(document.text))
        begun = time.process_time()
        find_items(layout, target)
        tax_rows(layout)
        for field in target.fields:
            candidates(layout, field)
        seconds.append(time.process_time() - begun)
    assert seconds[1] < SLACK * FACTOR * seconds[0] + 0.5


@pytest.mark.parametrize(
    "line", ["", "From: x", "On Monday 12:00", "_____", "Thanks,", ">" * 500, "wrote" + " " * 300 + "x", "Sent: y"]
)
def test_hostile_mails_take_linear_time(line: str) -> None:
    """Many lines of anything take a moment."""
    began = time.process_time()
    assert len(classify([line] * 4_000)) == 4_000
    assert time.process_time() - began < 3
