"""Find which way up a page is from its text lines, without a separate model for pages.

Where most of the text's length is in upright boxes, the page lies on its side. The recogniser decides which end is up:
a few pieces are read both ways. (The library's own classifier squeezes a line into four times its height, and calls
every third line of a receipt upside down.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median

import numpy as np
from PIL.Image import Image, Resampling, Transpose

from thresher.schemas.document import Box
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.quads import Pixels, Quad, cut_out, rotated_quad, size

SIDEWAYS_MIN_RATIO = 1.5  # height / width of a box that may be a line on its side
MAX_VOTES = 6  # the longest lines vote
PIECE_LENGTH = 7.0  # in thicknesses of the line: how much of it is read

Votes = Callable[[list[Pixels]], list[float]]  # by how much each crop reads better upside down, -1..1


def upright(pixels: Pixels, found: list[Quad], votes: Votes) -> list[Quad]:
    """Return the quads of an upright page, corners in reading order; lines on their side are voted on."""
    standing = _standing(found)
    sides = [rotated_quad(q, 1) for q, stands in zip(found, standing, strict=True) if stands]
    side_turn = (1 + 2 * _flipped(pixels, sides, votes)) if sides else 0
    return [rotated_quad(q, side_turn) if stands else q for q, stands in zip(found, standing, strict=True)]


def is_sideways(found: list[Quad]) -> bool:
    """Whether most of the text's length is in lines on their side."""
    lengths = [max(size(quad)) for quad in found]
    return 2 * sum(n for n, stands in zip(lengths, _standing(found), strict=True) if stands) > sum(lengths)


def quarters_of(pixels: Pixels, found: list[Quad], votes: Votes) -> int:
    """Return the quarter turns clockwise of most of the text (0..3)."""
    stands = _standing(found)
    standing = [quad for quad, side in zip(found, stands, strict=True) if side]
    lying = [quad for quad, side in zip(found, stands, strict=True) if not side]
    if is_sideways(found):
        return 1 if _flipped(pixels, [rotated_quad(q, 3) for q in standing], votes) else 3
    return 2 * _flipped(pixels, lying, votes)


def rotated_upright(image: Image, quarters: int) -> Image:
    """Return the image upright, its text being turned clockwise by `quarters`."""
    ways = {1: Transpose.ROTATE_90, 2: Transpose.ROTATE_180, 3: Transpose.ROTATE_270}
    return image.transpose(ways[quarters]) if quarters else image


def line_before_rotation(line: PrintedLine, quarters: int, size: tuple[int, int], scale: float) -> PrintedLine:
    """Return a line of the upright image in the image before the turn.

    `size` is that image's width and height in pixels; all coordinates are divided by `scale`.
    """
    words = tuple(PrintedWord(w.text, _back(w.box, quarters, size, scale), w.confidence) for w in line.words)
    return PrintedLine(words, _back(line.box, quarters, size, scale))


def skew_of(found: list[Quad]) -> float:
    """Return the angle in radians, clockwise, by which most of the horizontal text is off the level."""
    tilts = [(math.atan2(q[1][1] - q[0][1], q[1][0] - q[0][0]), size(q)) for q in found]
    long = sorted((angle, length) for angle, (length, thick) in tilts if length > 4 * thick and abs(angle) < 0.6)
    half, total = sum(length for _, length in long) / 2, 0.0
    for angle, length in long:
        total += length
        if total >= half:
            return angle
    return 0.0


def deskewed(image: Image, skew: float) -> Image:
    """Return the whole image turned so that text off by `skew` is level.

    The corners are filled with the colour of the upper left pixel.
    """
    ground = image.getpixel((0, 0))
    turned_by = image.rotate(math.degrees(skew), Resampling.BICUBIC, expand=True, fillcolor=ground)
    turned_by.info |= image.info
    return turned_by


def line_before_deskewing(line: PrintedLine, skew: float, level: tuple[int, int], size: tuple[int, int]) -> PrintedLine:
    """Return a line of the levelled image in pixels of the image before, boxes as hulls.

    `level` and `size` are width and height of the levelled image and of the image before.
    """
    words = tuple(PrintedWord(w.text, _tilted(w.box, skew, level, size), w.confidence) for w in line.words)
    if not words:
        return PrintedLine((), _tilted(line.box, skew, level, size))
    x0, y0, x1, y1 = zip(*(word.box for word in words), strict=True)
    return PrintedLine(words, (min(x0), min(y0), max(x1), max(y1)))


def _tilted(box: Box, skew: float, level: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return the hull of a box of the levelled image in the image before."""
    cos, sin = math.cos(skew), math.sin(skew)
    corners = [(x - level[0] / 2, y - level[1] / 2) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs = [x * cos - y * sin + size[0] / 2 for x, y in corners]
    ys = [x * sin + y * cos + size[1] / 2 for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _back(box: Box, quarters: int, size: tuple[int, int], scale: float) -> Box:
    """Return a box of the upright image in the image before the turn, divided by `scale`."""
    (x0, y0, x1, y1), (width, height) = box, size
    before = (
        (x0, y0, x1, y1),
        (width - y1, x0, width - y0, x1),
        (width - x1, height - y1, width - x0, height - y0),
        (y0, height - x1, y1, height - x0),
    )[quarters]
    return before[0] / scale, before[1] / scale, before[2] / scale, before[3] / scale


def _standing(found: list[Quad]) -> list[bool]:
    """Return for each quad whether it is a line on its side: tall, and longer than lines are thick."""
    sizes = [size(quad) for quad in found]
    thickness = median(map(min, sizes)) if sizes else 0.0
    return [height > SIDEWAYS_MIN_RATIO * max(width, thickness) for width, height in sizes]


def _flipped(pixels: Pixels, found: list[Quad], votes: Votes) -> bool:
    """Whether these lines are upside down, by a vote of pieces of the longest."""
    voters = sorted(found, key=lambda quad: -size(quad)[0])[:MAX_VOTES]
    if not voters:
        return False
    return sum(votes([cut_out(pixels, _piece(quad)) for quad in voters])) > 0


def _piece(quad: Quad) -> Quad:
    """Return the middle of a line, as long as a few words."""
    length, thick = size(quad)
    part = min(PIECE_LENGTH * thick / max(length, 1.0), 1.0) / 2
    top, foot = quad[1] - quad[0], quad[2] - quad[3]
    ends = [quad[0] + top * (0.5 - part), quad[0] + top * (0.5 + part)]
    return np.array([*ends, quad[3] + foot * (0.5 + part), quad[3] + foot * (0.5 - part)], dtype=np.float32)
