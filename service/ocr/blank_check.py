"""A quick look at a picture: whether it can hold text at all, before an engine is asked, which costs a hundred times more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOOK_DPI = 100  # resolution of the picture that is looked at
EDGE = 28  # of 255: change of grey between two neighbours from which there is an edge
LEAST_EDGES = 7  # in a row: about three letters
LEAST_ROWS = 4  # in a band: letters lower than this at 100 dpi can not be read
WIDTH = 70  # columns in which the edges of a row are counted: a few words at this resolution

Grey = npt.NDArray[np.uint8]


def may_hold_text(grey: Grey) -> bool:
    """Whether a grey picture at 100 dpi has, in some band of rows or columns, as many edges as a few letters have.

    Plain areas, gradients, rules, and most logos and icons have fewer; a picture that passes is not yet text.

    >>> may_hold_text(np.full((40, 200), 255, np.uint8))
    False
    >>> may_hold_text(np.tile(np.array([255, 255, 0, 0], np.uint8), (40, 50)))
    True
    """
    return _has_band(grey) or _has_band(grey.T)


def _has_band(grey: Grey) -> bool:
    if grey.shape[0] < LEAST_ROWS or grey.shape[1] < LEAST_EDGES:
        return False
    edges = np.abs(np.diff(grey.astype(np.int16), axis=1)) > EDGE
    ends = edges[:, 1:] & ~edges[:, :-1]  # one for each change, however soft
    total = np.cumsum(np.pad(ends, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    width = min(WIDTH, total.shape[1] - 1)
    busy = (total[:, width:] - total[:, :-width] >= LEAST_EDGES).any(axis=1)
    runs = np.cumsum(np.pad(busy, (1, 0)), dtype=np.int32)
    return bool(len(runs) > LEAST_ROWS and (runs[LEAST_ROWS:] - runs[:-LEAST_ROWS] == LEAST_ROWS).any())
