"""Which way up a page is, told from its text lines, without a separate model for pages.

Lines of a page agree: where most of their length stands tall the page lies on its side, and a classifier that
errs on every fifth line alone is nearly never wrong when the longest lines vote together.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from service.ocr.quads import Pixels, Quad, cut, size, turned

TALL = 1.5  # height / width from which a box may be a line that stands upright
VOTERS = 24  # longest lines that are asked

Votes = Callable[[list[Pixels]], list[tuple[bool, float]]]


def upright(pixels: Pixels, found: list[Quad], votes: Votes) -> list[Quad]:
    """The quads with their corners in reading order: lying and standing lines are voted on apart."""
    standing = [_stands(quad, found) for quad in found]
    lying_turn = 2 * _flipped(pixels, [q for q, s in zip(found, standing, strict=True) if not s], votes)
    sides = [turned(q, 1) for q, s in zip(found, standing, strict=True) if s]
    side_turn = 1 + 2 * _flipped(pixels, sides, votes)
    turns = [side_turn if stands else lying_turn for stands in standing]
    return [turned(quad, by) for quad, by in zip(found, turns, strict=True)]


def _stands(quad: Quad, found: list[Quad]) -> bool:
    """Whether a quad is a line on its side: tall, and longer than the page's lines are thick."""
    width, height = size(quad)
    thickness = median(min(size(q)) for q in found)
    return height > TALL * width and height > TALL * thickness


def _flipped(pixels: Pixels, found: list[Quad], votes: Votes) -> bool:
    """Whether these lines are upside down, by a vote weighted with length and sureness."""
    asked = sorted(found, key=lambda quad: -size(quad)[0])[:VOTERS]
    if not asked:
        return False
    answers = votes([cut(pixels, quad) for quad in asked])
    weights = [size(quad)[0] * (sure - 0.5) for quad, (_, sure) in zip(asked, answers, strict=True)]
    return sum(w if down else -w for w, (down, _) in zip(weights, answers, strict=True)) > 0
