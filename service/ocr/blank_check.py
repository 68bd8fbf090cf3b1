"""Check cheaply whether a picture can hold text at all; an engine costs a hundred times more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CHECK_DPI = 100  # resolution of the checked picture
EDGE_MIN_CONTRAST = 28  # of 255: change of grey between two neighbouring pixels that is an edge
MIN_EDGES_A_ROW = 7  # about three letters
MIN_ROWS_A_BAND = 4  # lower letters cannot be read at 100 dpi
WINDOW_COLUMNS = 70  # window in which the edges of a row are counted: a few words at this resolution

Grey = npt.NDArray[np.uint8]


def may_contain_text(grey: Grey) -> bool:
    """Whether a grey picture at 100 dpi has a band of rows or columns with as many edges as a few letters.

    Plain areas, gradients, rules, and most logos and icons have fewer; a picture that passes is not yet text.

    >>> may_contain_text(np.full((40, 200), 255, np.uint8))
    False
    >>> may_contain_text(np.tile(np.array([255, 255, 0, 0], np.uint8), (40, 50)))
    True
    """
    return _has_band(grey) or _has_band(np.ascontiguousarray(grey.T))


def _has_band(grey: Grey) -> bool:
    """Whether some band of rows has enough edges within one window."""
    if grey.shape[0] < MIN_ROWS_A_BAND or grey.shape[1] < MIN_EDGES_A_ROW:
        return False
    left, right = grey[:, :-1], grey[:, 1:]
    edges = np.maximum(left, right) - np.minimum(left, right) > EDGE_MIN_CONTRAST
    ends = edges[:, 1:] & ~edges[:, :-1]  # one for each change, however soft
    busy = np.count_nonzero(ends, axis=1) >= MIN_EDGES_A_ROW
    if not _has_run(busy):  # most pictures without text end here
        return False
    total = np.cumsum(np.pad(ends[busy], ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    width = min(WINDOW_COLUMNS, total.shape[1] - 1)
    busy[busy] = (total[:, width:] - total[:, :-width] >= MIN_EDGES_A_ROW).any(axis=1)
    return _has_run(busy)


def _has_run(busy: npt.NDArray[np.bool_]) -> bool:
    """Whether enough rows that follow each other are set."""
    runs = np.cumsum(np.pad(busy, (1, 0)), dtype=np.int32)
    return bool((runs[MIN_ROWS_A_BAND:] - runs[:-MIN_ROWS_A_BAND] == MIN_ROWS_A_BAND).any())
