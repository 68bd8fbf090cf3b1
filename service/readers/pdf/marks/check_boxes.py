"""Write check boxes and radio buttons, of forms and drawn ones, as [x] and [ ] before their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.marks.added_words import AddedWord
from thresher.service.readers.pdf.marks.drawn_lines import CHECK_BOX_MIN_POINTS, MAX_SMALL_SHAPES, DrawnShapes
from thresher.service.readers.pdf.text.words import PageWords

_SQUARE_MAX_RATIO = 1.25  # longer side / shorter side
_MARK_MAX_SHARE = 0.78  # of the side: a larger drawing inside is a second outline, not a mark
_MARK_MIN_SHARE = 0.25  # of the side: a smaller drawing inside is no mark
_LABEL_MAX_GAP = 3.0  # in heights of the box: distance of its label
_TOUCHING_MAX_POINTS = 2.6  # nearer squares are fields for single characters
_TICKS = frozenset("xX×✓✔✗✘✕✖☑☒■●•◆★l4n8\uf0fc\uf0fb\uf0fe\uf0fd\u2713\u2714")


@dataclass(frozen=True, slots=True)
class CheckBox:
    """A check box or a radio button."""

    box: tuple[float, float, float, float]  # as displayed
    ticked: bool  # or chosen
    label: str = ""  # its label in the form

    @property
    def sign(self) -> str:
        """Return the text written for it."""
        return "[x]" if self.ticked else "[ ]"


def drawn_check_boxes(drawn: DrawnShapes, words: PageWords, known: Sequence[CheckBox]) -> list[CheckBox]:
    """Return drawn check boxes and radio buttons, without those at the place of a form's."""
    box = drawn.small
    if not 0 < len(box) <= MAX_SMALL_SHAPES:
        return []
    rules = drawn.rules
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    side = np.maximum(width, height)
    square = (
        (np.minimum(width, height) >= CHECK_BOX_MIN_POINTS)
        & (side <= _SQUARE_MAX_RATIO * np.minimum(width, height))
        & ((drawn.outline & ~drawn.stroke) | drawn.solid)
    )
    found: list[CheckBox] = []
    for i in np.flatnonzero(square).tolist():
        here = tuple(box[i].tolist())
        if (
            any(_overlap(here, one.box) for one in [*known, *found])
            or _touches(i, box, square)
            or _is_cell(box[i], rules)
        ):
            continue
        inside = words_within(words.box, here)
        if drawn.solid[i] and not (_is_stroked_over(drawn, i, float(side[i])) and not len(inside)):
            continue  # a bullet, a button or the mark in a box
        if any(words.text[words.start[w] : words.end[w]] not in _TICKS for w in inside):
            continue
        marks = _marks(drawn, i, float(side[i]))
        found.append(CheckBox(here, bool(len(inside) or marks)))
    return found


def _marks(drawn: DrawnShapes, square: int, side: float) -> bool:
    """Whether a mark is drawn inside a square: smaller than the square, and larger than a dot."""
    box = drawn.small
    size = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    own = box[square]
    middle_x, middle_y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    within = (middle_x > own[0]) & (middle_x < own[2]) & (middle_y > own[1]) & (middle_y < own[3])
    near = (size > _MARK_MIN_SHARE * side) & (size < 1.5 * side)
    outline = (
        (np.abs(box - own).max(axis=1) < (1 - _MARK_MAX_SHARE) * side) & (size > _MARK_MAX_SHARE * side) & ~drawn.stroke
    )
    outline[square] = True
    return bool((within & near & ~outline).any())


def _is_stroked_over(drawn: DrawnShapes, square: int, side: float) -> bool:
    """Whether a single stroke, a tick, is drawn on a filled square."""
    box, own = drawn.small, drawn.small[square]
    size = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    middle = (box[:, :2] + box[:, 2:]) / 2
    within = (middle > own[:2]).all(axis=1) & (middle < own[2:]).all(axis=1)
    return bool((within & drawn.stroke & (size > _MARK_MIN_SHARE * side) & (size < _SQUARE_MAX_RATIO * side)).any())


def _touches(i: int, box: Floats, square: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bool:
    """Whether a square has another one right beside it, as fields for single characters and cells have."""
    others = np.flatnonzero(square)
    others = others[others != i]
    level = np.abs(box[others, 1] - box[i, 1]) < _TOUCHING_MAX_POINTS
    left, right = (
        np.abs(box[others, 2] - box[i, 0]) < _TOUCHING_MAX_POINTS,
        np.abs(box[others, 0] - box[i, 2]) < _TOUCHING_MAX_POINTS,
    )
    upright = np.abs(box[others, 0] - box[i, 0]) < _TOUCHING_MAX_POINTS
    above, below = (
        np.abs(box[others, 3] - box[i, 1]) < _TOUCHING_MAX_POINTS,
        np.abs(box[others, 1] - box[i, 3]) < _TOUCHING_MAX_POINTS,
    )
    return bool(((level & (left | right)) | (upright & (above | below))).any())


def _is_cell(box: Floats, rules: Floats) -> bool:
    """Whether a rule continues from an edge of a square, which is then a cell of a table."""
    x0, y0, x1, y1 = box.tolist()
    level = (np.abs(rules[:, 1] - y0) < _TOUCHING_MAX_POINTS) | (np.abs(rules[:, 3] - y1) < _TOUCHING_MAX_POINTS)
    meets = (rules[:, 0] < x1 + _TOUCHING_MAX_POINTS) & (rules[:, 2] > x0 - _TOUCHING_MAX_POINTS)
    beyond = (rules[:, 0] < x0 - _TOUCHING_MAX_POINTS) | (rules[:, 2] > x1 + _TOUCHING_MAX_POINTS)
    return bool((level & meets & beyond).any())


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def words_within(boxes: Floats, box: Sequence[float]) -> list[int]:
    """Return the indices of the words whose middle is in a box."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    found: list[int] = np.flatnonzero((x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])).tolist()
    return found


def mark_words(words: PageWords, ticks: Iterable[CheckBox]) -> list[int]:
    """Return the words that are marks in boxes."""
    return [i for tick in ticks for i in words_within(words.box, tick.box) if words.end[i] - words.start[i] <= 1]


def placed_check_boxes(
    words: PageWords, ticks: Iterable[CheckBox], offset: int = 0
) -> tuple[list[AddedWord], list[CheckBox]]:
    """Return the signs of ticks among a page's words, and the ticks that have no word beside them.

    `offset` is the number of words before those of the page.
    """
    extras, alone = [], []
    for tick in ticks:
        beside = _label(words, tick)
        if beside is None:
            alone.append(tick)
        else:
            word, before = beside
            extras.append(AddedWord(tick.sign, tick.box, word + offset + (not before), word + offset))
    return extras, alone


def _label(words: PageWords, tick: CheckBox) -> tuple[int, bool] | None:
    """Return the word nearest to a box on its line, and whether the box comes before it.

    A word on its right is preferred. Returns None where there is no near word.
    """
    x0, y0, x1, y1 = tick.box
    middle, reach = (y0 + y1) / 2, _LABEL_MAX_GAP * (y1 - y0)
    level = np.flatnonzero((words.box[:, 1] < middle) & (words.box[:, 3] > middle))
    right = level[(words.box[level, 0] >= (x0 + x1) / 2) & (words.box[level, 0] - x1 < reach)]
    if len(right):
        return int(right[words.box[right, 0].argmin()]), True
    left = level[(words.box[level, 2] <= (x0 + x1) / 2) & (x0 - words.box[level, 2] < reach)]
    return (int(left[words.box[left, 2].argmax()]), False) if len(left) else None
