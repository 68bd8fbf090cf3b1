"""A page that lies upside down is told from one that lies right, by what is read on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.Image import Image

pytest.importorskip("rapidocr")

from thresher.service.ocr import orientation
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.quads import Quad
from thresher.service.ocr.rapidocr import RapidOcr

BOX = (0.0, 0.0, 90.0, 10.0)
FIGURES = PrintedLine((PrintedWord("1475", BOX, 0.95),), BOX)
NOTHING = PrintedLine((), BOX)
LOW = PrintedLine((PrintedWord("nr sroey", BOX, 0.6),), BOX)
Reading = Callable[[list[PrintedLine], int], tuple[int, list[PrintedLine]]]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Return how often a page is read that comes out as given, and what comes out at last."""

    def read(lines: list[PrintedLine], quarters: int) -> tuple[int, list[PrintedLine]]:
        count = 0

        def level_lines(_: RapidOcr, __: Image, ___: list[Quad]) -> list[PrintedLine]:
            nonlocal count
            count += 1
            return lines

        quad = np.array([[0, 0], [90, 0], [90, 10], [0, 10]], np.float32)
        monkeypatch.setattr(RapidOcr, "_find", lambda *_: [quad])
        monkeypatch.setattr(RapidOcr, "_level_lines", level_lines)
        monkeypatch.setattr(orientation, "quarters_of", lambda *_: quarters)
        found = RapidOcr(threads=1).read(Pillow.new("RGB", (100, 100)))
        return count, found

    return read


def test_a_page_of_which_only_figures_are_read_is_voted_on(reading: Reading) -> None:
    """Figures are read with confidence upside down, too: such a page was kept as 1475, and its words were lost."""
    count, lines = reading([FIGURES, NOTHING, NOTHING], 2)
    assert count == 2
    assert lines[0].box == pytest.approx((10.0, 90.0, 100.0, 100.0))


def test_a_page_that_reads_well_is_not_voted_on(reading: Reading) -> None:
    """One line among ten that is not read changes nothing."""
    assert reading([FIGURES] * 9 + [NOTHING], 2)[0] == 1


def test_a_page_that_reads_badly_and_lies_right_is_read_once(reading: Reading) -> None:
    """It was read twice, with the same outcome."""
    assert reading([LOW], 0) == (1, [LOW])
