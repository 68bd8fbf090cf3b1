"""The rules by which the PDF reader judges text layers, margins and tables."""

from __future__ import annotations

import numpy as np
import pytest

from thresher.schemas.document import BlockKind, Blocks
from thresher.service.readers.pdf.forms.attachments_and_facts import iso_date
from thresher.service.readers.pdf.layout.baseline_rows import SegmentBox, clustered_rows
from thresher.service.readers.pdf.layout.repeated_margins import MarginBlocks, body_range
from thresher.service.readers.pdf.tables.table_regions import table_region_of
from thresher.service.readers.pdf.text.garbage_text import is_garbage

SENTENCE = "The parties agree that the price is payable in thirty days, and that it is final. " * 4


def _units(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    return np.frombuffer(text.encode("utf-16-le"), np.uint16)


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "1.1 Definitions " + "." * 200 + " 7",
        "4.711,00 12 19% " * 30,
        "日本語の文書です。" * 20,
        "Привет, мир " * 30,
        "",
    ],
    ids=["prose", "leaders", "figures", "japanese", "russian", "nothing"],
)
def test_sound_text_is_no_garbage(text: str) -> None:
    """Other scripts, dot leaders and columns of figures are text."""
    assert not is_garbage(_units(text))


@pytest.mark.parametrize(
    "text",
    [
        "\ufffd" * 50 + "abc",
        "\ue001\ue002 \ue003" * 20,
        "".join(chr(ord(c) - 29) for c in SENTENCE),
        "\x01\x04\x1e" * 10,
    ],
    ids=["no map", "private use", "shifted codes", "control characters"],
)
def test_text_without_meaning_is_garbage(text: str) -> None:
    """Fonts without a Unicode map give signs, private codes or nothing."""
    assert is_garbage(_units(text))


def _body(tops: list[float], size: float = 10) -> tuple[int, int]:
    return body_range(tops, [top + size for top in tops], 792)


def test_margins_are_what_stands_apart_at_the_edges() -> None:
    """A row that touches the body is body."""
    assert _body([30, 100, 112, 760]) == (1, 3)
    assert _body([30, 42, 54]) == (0, 3)
    assert _body([700, 712, 724, 770]) == (0, 3)
    assert _body([]) == (0, 0)


def test_a_header_in_small_type_may_be_close_to_the_body() -> None:
    """A browser prints date and title in small type, right above the text of a second page."""
    body = [27.6 + 13.5 * i for i in range(50)]
    feet = [y + 13.3 for y in body]
    assert body_range([15.1, *body], [24.4, *feet], 792.0) == (1, 51)
    assert body_range([11.1, *body], [24.4, *feet], 792.0) == (0, 51)  # a first line of the body itself


def test_only_what_repeats_becomes_a_header() -> None:
    """Numbers do not count as differences; a text of one page stays a paragraph."""
    blocks, margins = Blocks(), MarginBlocks()
    for i, text in enumerate(["Report 2023, page 1", "Report 2023, page 2", "Annex"]):
        blocks.add(i, i + 1)
        margins.add(i, text, top=True)
    margins.mark(blocks, 3)
    assert [k for _, _, k, _ in blocks] == [BlockKind.HEADER, BlockKind.HEADER, BlockKind.PARAGRAPH]


def test_a_low_last_cell_belongs_to_its_row() -> None:
    """Invoices print the line's total a little lower than the rest of the line."""
    columns = (50.0, 150.0, 300.0)
    strips = [
        SegmentBox(3 * r + c, x, 100 + 40 * r, x + 30, 110 + 40 * r) for r in range(3) for c, x in enumerate(columns)
    ]
    strips += [SegmentBox(20 + r, 450, 110 + 40 * r, 480, 120 + 40 * r) for r in range(3)]
    assert [[column for column, _ in row] for row in table_region_of(clustered_rows(strips)).rows] == [[0, 1, 2, 3]] * 3


def test_pdf_dates_become_iso_dates() -> None:
    """What is given is kept, no more; what is no date stays as it is."""
    assert iso_date("D:20240131093000+01'00'") == "2024-01-31T09:30:00+01:00"
    assert [iso_date(d) for d in ("D:2024", "20240131", "last week")] == ["2024", "2024-01-31", "last week"]
