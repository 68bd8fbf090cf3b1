"""Find columns by a recursive XY-cut that distinguishes prose from columns of a table.

A gutter is a vertical strip that few fragments cross. Fragments that do cross it (titles, captions of wide figures)
cut the page into bands. A band is read column by column where both sides are prose, or where their lines are not at
the same heights. Else it is read row by row: labels keep their values, and tables their rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from thresher.service.layout.frame import Fragment
from thresher.service.layout.tables import is_number

MIN_LINES_A_SIDE = 3
MIN_UNALIGNED_LINES_A_SIDE = 5  # where the only sign of columns is that lines are at different heights
PROSE_MIN_WORDS = 3.0  # median words of a fragment in prose
PROSE_MIN_FILL = 0.6  # median width of fragments, as a part of their side's width
GUTTER_CANDIDATES = 120  # positions tried across the page
MAX_CUT_DEPTH = 4  # cuts within cuts

Band = list[Fragment]


def regions_in_reading_order(fragments: Band, depth: int = MAX_CUT_DEPTH) -> list[Band]:
    """Return fragments in groups, in reading order; each group is to be read row by row."""
    gutter = _gutter(fragments) if depth and len(fragments) >= 2 * MIN_LINES_A_SIDE else None
    if gutter is None:
        return [fragments] if fragments else []
    found: list[Band] = []
    joined: Band = []
    for band in _bands(fragments, gutter):
        left, right = _sides(band, gutter)
        if _are_columns(left, right):
            found += [joined] if joined else []
            joined = []
            found += regions_in_reading_order(left, depth - 1) + regions_in_reading_order(right, depth - 1)
        else:
            joined += band
    return found + ([joined] if joined else [])


def _sides(band: Band, gutter: float) -> tuple[Band, Band]:
    """Return the fragments left and right of a gutter."""
    return [f for f in band if f.box[2] <= gutter], [f for f in band if f.box[0] >= gutter]


def _gutter(fragments: Band) -> float | None:
    """Return the x that parts the most text into columns; None where no x does."""
    x0, x1 = min(f.box[0] for f in fragments), max(f.box[2] for f in fragments)
    positions = [x0 + (x1 - x0) * (0.08 + 0.84 * i / GUTTER_CANDIDATES) for i in range(GUTTER_CANDIDATES + 1)]
    scored = [(score, x) for x in positions if (score := _score(fragments, x)) > 0]
    if not scored:
        return None
    best = max(score for score, _ in scored)
    ties = [x for score, x in scored if score == best]
    return ties[len(ties) // 2]


def _score(fragments: Band, x: float) -> int:
    """Return the number of lines of the smaller side, summed over all bands that are columns."""
    crossing = sum(f.box[0] < x < f.box[2] for f in fragments)
    if crossing > 0.5 * len(fragments):
        return 0
    sides = (_sides(band, x) for band in _bands(fragments, x))
    return sum(min(len(left), len(right)) for left, right in sides if _are_columns(left, right))


def _bands(fragments: Band, x: float) -> Iterator[Band]:
    """Yield groups of fragments that do not cross x, and each crossing fragment alone, from top to bottom."""
    band: Band = []
    for one in sorted(fragments, key=lambda f: f.middle):
        if one.box[0] < x < one.box[2]:
            if band:
                yield band
            yield [one]
            band = []
        else:
            band.append(one)
    if band:
        yield band


def _are_columns(left: Band, right: Band) -> bool:
    """Whether two sides of a gutter are columns of text, not parts of a table."""
    if min(len(left), len(right)) < MIN_LINES_A_SIDE or _is_figures(left) or _is_figures(right):
        return False
    if _is_prose(left) and _is_prose(right):
        return True
    if min(len(left), len(right)) < MIN_UNALIGNED_LINES_A_SIDE:
        return False
    height = median(f.height for f in left + right)
    gap = min(f.box[0] for f in right) - max(f.box[2] for f in left)
    return gap > 1.5 * height and _level_share(left, right) < 0.35


def _is_figures(side: Band) -> bool:
    """Whether a side is a column of amounts, which is never read apart from its labels."""
    return sum(is_number(f.text) for f in side) > 0.4 * len(side)


def _is_prose(side: Band) -> bool:
    """Whether a side has long fragments that fill its width."""
    width = max(f.box[2] for f in side) - min(f.box[0] for f in side)
    filled = median(f.box[2] - f.box[0] for f in side) >= PROSE_MIN_FILL * width
    return filled and median(len(f.words) for f in side) >= PROSE_MIN_WORDS


def _level_share(left: Band, right: Band) -> float:
    """Return the share (0..1) of the shorter side's lines at the height of a line of the other side."""
    few, many = sorted((left, right), key=len)
    level = [any(abs(f.middle - g.middle) < 0.3 * min(f.height, g.height) for g in many) for f in few]
    return sum(level) / len(level)
