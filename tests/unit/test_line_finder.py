"""Lines are searched where a page has ink, and every one of them keeps its place."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cv2")

from thresher.service.ocr.line_finder import LineFinder, lines_in
from thresher.service.ocr.quads import Pixels, hull
from thresher.service.ocr.text_regions import CELL_PIXELS, inked_regions

PAPER = 250


def page(*marks: tuple[int, int, int, int], ink: int = 0, size: tuple[int, int] = (1280, 960)) -> Pixels:
    """Return grey paper with stripes of ink in rectangles (left, top, right, bottom)."""
    grey = np.full(size, PAPER, np.uint8)
    for x0, y0, x1, y1 in marks:
        grey[y0:y1, x0:x1:3] = ink
    return grey


class Darkness:
    """A detector that takes whatever is dark for the middle of a line, and counts what it is shown."""

    def __init__(self) -> None:
        """Nothing shown yet."""
        self.pixels = 0

    def get_inputs(self) -> list[Any]:
        """Return the name of its one input."""
        return [SimpleNamespace(name="x")]

    def run(self, _: None, given: dict[str, Any]) -> list[Any]:
        """Return where the picture is darker than grey."""
        self.pixels += given["x"][0, 0].size
        return [(given["x"][:, :1] < 0).astype(np.float32)]


@pytest.mark.parametrize("ink", [0, 225, 238])
def test_all_ink_lies_in_a_region(ink: int) -> None:
    """Black and faint print, at the edges and alone on the page."""
    marks = [(0, 0, 90, 12), (400, 600, 408, 614), (300, 1268, 700, 1280), (940, 200, 960, 215)]
    regions = inked_regions(page(*marks, ink=ink))
    for x0, y0, x1, y1 in marks:
        assert any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in regions)


def test_white_print_on_black_lies_in_a_region() -> None:
    """Ink is what differs from its surroundings."""
    regions = inked_regions(255 - page((400, 600, 500, 620)))
    assert any(a <= 400 and b <= 600 and c >= 500 and d >= 620 for a, b, c, d in regions)


def test_blank_paper_has_no_regions_however_grainy() -> None:
    """Grain is no ink."""
    grain = np.random.default_rng(1).normal(0, 6, (1280, 960))
    assert inked_regions(page()) == []
    assert inked_regions((230 + grain).clip(0, 255).astype(np.uint8)) == []


def test_regions_leave_out_wide_blank_parts() -> None:
    """Two paragraphs far apart are two regions, whose sides the detector takes as they are."""
    regions = inked_regions(page((100, 100, 300, 200), (100, 1000, 300, 1100)))
    assert len(regions) == 2
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in regions) < 0.2 * 1280 * 960
    assert all(side % CELL_PIXELS == 0 for box in regions for side in box)


@pytest.mark.parametrize(("size", "enlarged"), [((1280, 960), True), ((2560, 1920), True), ((500, 400), False)])
def test_lines_of_each_region_keep_their_place_on_the_page(size: tuple[int, int], *, enlarged: bool) -> None:
    """Whatever the size at which they are searched."""
    detector = Darkness()
    height, width = size
    boxes = [(0.1, 0.1, 0.5, 0.12), (0.6, 0.8, 0.9, 0.83)]
    picture = np.full((*size, 3), PAPER, np.uint8)
    for x0, y0, x1, y1 in boxes:
        picture[int(y0 * height) : int(y1 * height), int(x0 * width) : int(x1 * width)] = 0
    found = sorted(map(hull, LineFinder(Path(), 1, detector).find(picture, enlarged=enlarged)), key=lambda box: box[1])
    assert detector.pixels < 0.5 * 1600 * 1200
    for box, (x0, y0, x1, y1) in zip(found, boxes, strict=True):
        middle = (x0 + x1) / 2 * width, (y0 + y1) / 2 * height
        assert (box[0] + box[2]) / 2 == pytest.approx(middle[0], abs=4)
        assert (box[1] + box[3]) / 2 == pytest.approx(middle[1], abs=4)


def test_no_line_is_lost_on_a_page_of_many() -> None:
    """The library kept a thousand of a page, and said nothing of the others."""
    probabilities = np.zeros((800, 800), np.float32)
    for y in range(0, 800, 16):
        for x in range(0, 800, 20):
            probabilities[y : y + 6, x : x + 14] = 0.9
    assert len(lines_in(probabilities)) == 2000


def test_weak_and_thin_spots_are_no_lines() -> None:
    """Neither a hair's breadth nor what the detector is not sure of."""
    probabilities = np.zeros((96, 96), np.float32)
    probabilities[20, 10:80] = 0.9
    probabilities[60:70, 10:80] = 0.4
    assert lines_in(probabilities) == []
