"""Find lines that belong to the same list as the lines of found records.

Records of a list follow each other. Where found ones do, similar lines between or beside them belong to the list; where
found ones stand alone among others that look alike (each row of a balance sheet is another figure), their neighbours do
not. So what counts is not how many are found but whether the next similar line is a record, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

GAP_MAX_POSITIONS = 3  # positions between two similar candidates that separate stretches of a list
MANY_RECORDS = 5  # records after others that make a list even where more of it are missed than found
MANY_MIN_RATIO = 0.25  # direct followers per gap that are required where there are many records
# direct followers, and direct followers per gap, from which any look is telling
SURE_MIN_STEPS, SURE_MIN_RATIO = 10, 4
TELLING_MIN_SHARE = 0.02  # share of the similar lines of a telling look that must be records
OTHER_MIN_SHARE = 0.5  # the same for any other look
CUT_MIN_LINES = 5  # entries of one look that make a list although only the first or the last of them is a record


class Candidate(NamedTuple):
    """A line that may be a record."""

    place: int  # its position: the number of the line or record in the text
    kind: Hashable  # equal for candidates that look alike
    telling: bool = True  # whether few other lines look like this
    section: int = 0  # number of headings before it
    make: Hashable = None  # layout of its table, where only rows of such tables are of its list
    entry: bool = False  # whether it begins as entries of lists do


def members_like(
    candidates: Sequence[Candidate], found: Collection[int], apart: int = GAP_MAX_POSITIONS, *, crowded: bool = False
) -> set[int]:
    """Return positions of unmatched candidates that belong to the same list as the matched ones.

    `candidates`: in text order; `found`: positions of the matched ones; `apart`: positions between two similar candidates that
    separate stretches; `crowded`: one line has several records, as figures of several years do, so no look is telling.
    """
    kinds = {c.kind for c in candidates if c.place in found}
    stretches = list(_stretches([c for c in candidates if c.kind in kinds], apart))
    held = [s for s in stretches if any(c.place in found for c in s)]
    steps, gaps = _steps_and_gaps(held, found)
    many = steps + gaps >= MANY_RECORDS and not crowded
    if not steps and not crowded:
        return {c.place for s in held if _is_cut(s, found) for c in s if c.place not in found}
    if not steps or steps < (MANY_MIN_RATIO if many else 1) * gaps:
        return set()
    makes = {s[0].make for s in held}
    near = [c for s in (stretches if many else held) for c in s if s[0].make in makes]
    own = [c.kind for c in candidates if c.place in found]
    alike = _kinds_with_share([c.kind for c in candidates], own, OTHER_MIN_SHARE)
    if not crowded:
        alike |= _kinds_with_share([c.kind for c in near if c.telling], own, TELLING_MIN_SHARE)
    sure = steps >= SURE_MIN_STEPS and steps >= SURE_MIN_RATIO * gaps
    weak = _kinds_with_share([c.kind for c in near], own, TELLING_MIN_SHARE) - alike if sure else set()
    held_in = {c.section for c in candidates if c.place in found}
    below = [c for c in near if c.place not in found and (c.telling or c.section >= min(held_in))]
    return {c.place for c in below if c.kind in alike or (c.kind in weak and c.section in held_in)}


def _is_cut(stretch: list[Candidate], found: Collection[int]) -> bool:
    """Whether the first or the last alone of many entries of one look is a record."""
    first, last = stretch[0], stretch[-1]
    of_one_list = len(stretch) >= CUT_MIN_LINES and all(c.entry and c.kind == first.kind for c in stretch)
    return of_one_list and (first.place in found or last.place in found)


def _kinds_with_share(kinds: list[Hashable], own: list[Hashable], share: float) -> set[Hashable]:
    """Return the kinds of which records have at least a share."""
    records = Counter(own)
    return {k for k, n in Counter(kinds).items() if records[k] >= max(2, share * n)}


def _stretches(candidates: list[Candidate], apart: int) -> Iterator[list[Candidate]]:
    """Yield runs of candidates that stand together."""
    stretch: list[Candidate] = []
    for candidate in candidates:
        if stretch and (candidate.place - stretch[-1].place > apart or candidate.make != stretch[-1].make):
            yield stretch
            stretch = []
        stretch.append(candidate)
    if stretch:
        yield stretch


def _steps_and_gaps(stretches: list[list[Candidate]], found: Collection[int]) -> tuple[int, int]:
    """Return how many matched candidates directly follow another in their stretch, and how many follow after a gap."""
    steps = gaps = 0
    for stretch in stretches:
        places = [i for i, c in enumerate(stretch) if c.place in found]
        direct = sum(b == a + 1 for a, b in pairwise(places))
        steps, gaps = steps + direct, gaps + len(places) - 1 - direct
    return steps, gaps
