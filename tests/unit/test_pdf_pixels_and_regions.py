"""Sums over pixels and cells of a page give what the plain definitions of them give."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from thresher.service.ocr.blank_check import may_contain_text
from thresher.service.readers.pdf.pictures.picture_text import _grey
from thresher.service.readers.pdf.pictures.recognised_words import _median_colour
from thresher.service.readers.pdf.pictures.textless_regions import _labelled
from thresher.service.readers.pdf.tables.table_cells import _quantile

Cells = NDArray[np.bool_]
shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(arrays.arrays(np.bool_, shapes))
def test_cells_that_touch_by_a_side_have_one_number_in_order_of_the_first_cell(taken: Cells) -> None:
    """Compare with a flood from each cell that no earlier flood reached."""
    assert _labelled(taken).tolist() == _flooded(taken).tolist()


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 6).map(lambda n: 2 * n), st.just(3))))
def test_the_colour_around_a_word_is_the_median_of_each_channel(ring: NDArray[np.uint8]) -> None:
    """Compare with numpy's median, rounded down."""
    assert _median_colour(ring).tolist() == np.median(ring, axis=0).astype(np.uint8).tolist()


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(3))))
def test_grey_is_the_mean_of_the_channels(pixels: NDArray[np.uint8]) -> None:
    """Compare with numpy's mean, rounded down."""
    assert _grey(pixels).tolist() == pixels.mean(axis=2).astype(np.uint8).tolist()


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12), st.sampled_from((0.1, 0.5, 0.9)))
def test_a_quantile_is_that_of_numpy(values: list[float], share: float) -> None:
    """To the last bit, as a threshold depends on it."""
    assert _quantile(sorted(values), share) == np.quantile(np.array(values), share)


def test_rows_of_a_band_must_follow_each_other() -> None:
    """Three busy rows are too low for letters, and so are four of which one is a blank row away."""
    letters = np.tile(np.array([255, 255, 0, 0], np.uint8), (8, 50))
    blank = np.full((8, 200), 255, np.uint8)
    assert not may_contain_text(np.concatenate((blank, letters[:3], blank)))
    assert not may_contain_text(np.concatenate((letters[:3], blank[:1], letters[:1])))
    assert may_contain_text(np.concatenate((blank, letters[:4], blank)))


def _flooded(taken: Cells) -> NDArray[np.int64]:
    """Return the number of each cell's component, by recursion."""
    label = np.zeros(taken.shape, np.int64)

    def fill(y: int, x: int, number: int) -> None:
        if 0 <= y < taken.shape[0] and 0 <= x < taken.shape[1] and taken[y, x] and not label[y, x]:
            label[y, x] = number
            for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                fill(y + dy, x + dx, number)

    for y, x in np.argwhere(taken).tolist():
        fill(y, x, int(label.max()) + 1)
    return label
