"""Estimate the turn and the skew of a page from the direction in which words follow each other.

Layout happens in the frame, where lines are level; the boxes written into a Document stay those of the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from thresher.schemas.document import Box
from thresher.service.layout.directions import runs_right_to_left
from thresher.service.ocr.base import PrintedLine, PrintedWord

LINE_MIN_REACH = 2.0  # in line heights, from the first word's centre to the last one's: shorter lines have no direction
TILT_MIN_REACH = 4.0  # the same, for lines that count for the change of slope
MIN_TILTED_LINES = 5  # lines needed to estimate the change of slope


@dataclass(frozen=True, slots=True)
class Word:
    """A word, its box in the frame (level), its box on the page, and the engine's confidence 0..1."""

    text: str
    box: Box
    place: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words in reading order without a wide gap between them, and their hull in the frame."""

    words: tuple[Word, ...]
    box: Box

    @property
    def text(self) -> str:
        """Return the words with single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def height(self) -> float:
        """Return the median height of the words."""
        return median(word.box[3] - word.box[1] for word in self.words)

    @property
    def middle(self) -> float:
        """Return the y of the centre."""
        return (self.box[1] + self.box[3]) / 2


def fragment_of(words: list[Word]) -> Fragment:
    """Return a Fragment of at least one word."""
    return Fragment(tuple(words), union_box([word.box for word in words]))


def union_box(boxes: list[Box]) -> Box:
    """Return the smallest box around boxes."""
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """The turn and skew of a page's text, and how the skew changes over the page.

    `quarters` are quarter turns clockwise (0..3), `skew` is the angle left after them in radians. In a photo lines fan out:
    the slope at the top of the page differs from that at its foot.
    """

    quarters: int = 0
    skew: float = 0.0
    lean: tuple[float, float] = (0.0, 0.0)  # slope left after that at height y: first + second * y

    @property
    def angle(self) -> float:
        """Return the whole angle of the reading direction, radians clockwise from left-to-right."""
        return self.quarters * math.pi / 2 + self.skew

    def level(self, box: Box) -> Box:
        """Return the level box in the frame for the hull that it has on the page.

        >>> [round(v) for v in Frame(quarters=2).level((10, 20, 30, 25))]
        [-30, -25, -10, -20]
        """
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        cx, cy = x * cos + y * sin, y * cos - x * sin
        cy -= (self.lean[0] + self.lean[1] * cy) * cx
        width, height = self._extent(box[2] - box[0], box[3] - box[1])
        return cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2

    def _extent(self, width: float, height: float) -> tuple[float, float]:
        """Return width and height of the level box in a hull: w = W cos + H sin, h = W sin + H cos, solved."""
        if self.quarters % 2:
            width, height = height, width
        cos, sin = math.cos(self.skew), abs(math.sin(self.skew))
        rest = cos * cos - sin * sin
        if rest < 0.2:  # near 45 degrees the hull does not determine the box
            return width, height
        floor = 0.2 * min(width, height)
        return max((width * cos - height * sin) / rest, floor), max((height * cos - width * sin) / rest, floor)


def frame_of(lines: list[PrintedLine]) -> Frame:
    """Return the frame that most of the text agrees on."""
    directions = [one for one in (_direction(line) for line in lines) if one is not None]
    if not directions:
        return Frame()
    shares = [0.0, 0.0, 0.0, 0.0]
    for angle, reach in directions:
        shares[_quarter(angle)] += reach
    quarters = shares.index(max(shares))
    rests = [(_rest(angle, quarters), reach) for angle, reach in directions if _quarter(angle) == quarters]
    flat = Frame(quarters, _weighted_median(rests))
    return replace(flat, lean=_lean([line for line in lines if runs_along(line, flat)], flat))


def _lean(lines: list[PrintedLine], flat: Frame) -> tuple[float, float]:
    """Return how the slope of lines changes with their height: a weighted straight fit, outliers left out."""
    tilts = [tilt for tilt in (_tilt(line, flat) for line in lines) if tilt is not None]
    for _ in range(2):
        if len(tilts) < MIN_TILTED_LINES:
            return 0.0, 0.0
        height, slope, weight = (np.array(column) for column in zip(*tilts, strict=True))
        if np.ptp(height) < 1:
            return 0.0, 0.0
        change, first = np.polyfit(height - height.mean(), slope, 1, w=np.sqrt(weight))
        first -= change * height.mean()
        off = np.abs(slope - first - change * height)
        tilts = [tilt for tilt, far in zip(tilts, off, strict=True) if far <= max(2 * float(np.median(off)), 1e-4)]
    return float(first), float(change)


def _tilt(line: PrintedLine, flat: Frame) -> tuple[float, float, float] | None:
    """Return height, slope and reach of a line in the frame; None for a short line."""
    boxes = [flat.level(word.box) for word in _outer_words(line)]
    (x0, y0), (x1, y1) = (((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in boxes)
    tall = boxes[0][3] - boxes[0][1]
    return ((y0 + y1) / 2, (y1 - y0) / (x1 - x0), x1 - x0) if x1 - x0 > TILT_MIN_REACH * tall else None


def runs_along(line: PrintedLine, frame: Frame) -> bool:
    """Whether a line runs along the frame; turned notes in the margin do not."""
    direction = _direction(line)
    return direction is None or _quarter(direction[0]) == frame.quarters


def _direction(line: PrintedLine) -> tuple[float, float] | None:
    """Return the angle of a line in radians and its reach in pixels; None for a short line."""
    if len(line.words) < 2:
        return None
    (x0, y0), (x1, y1) = map(_centre, _outer_words(line))
    reach = math.hypot(x1 - x0, y1 - y0)
    least = min(min(w.box[2] - w.box[0], w.box[3] - w.box[1]) for w in line.words)
    return (math.atan2(y1 - y0, x1 - x0), reach) if reach > LINE_MIN_REACH * least else None


def _outer_words(line: PrintedLine) -> tuple[PrintedWord, PrintedWord]:
    """Return the first and the last word of a line; of one that is read from right to left, the last and the first."""
    first, last = line.words[0], line.words[-1]
    return (last, first) if runs_right_to_left(word.text for word in line.words) else (first, last)


def _centre(word: PrintedWord) -> tuple[float, float]:
    """Return the centre of a word's box."""
    x0, y0, x1, y1 = word.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def _quarter(angle: float) -> int:
    """Return the nearest quarter turn clockwise (0..3) of an angle."""
    return round(angle / (math.pi / 2)) % 4


def _rest(angle: float, quarters: int) -> float:
    """Return an angle less quarter turns, in -pi..pi."""
    return math.remainder(angle - quarters * math.pi / 2, 2 * math.pi)


def _weighted_median(pairs: list[tuple[float, float]]) -> float:
    """Return the weighted median of (value, weight) pairs; 0 for none."""
    half, total = sum(weight for _, weight in pairs) / 2, 0.0
    for value, weight in sorted(pairs):
        total += weight
        if total >= half:
            return value
    return 0.0
