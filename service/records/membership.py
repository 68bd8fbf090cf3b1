"""Kin: which parts of a text are of the list in which some of them were found to be records.

A list stands together. Where records of it follow each other, what stands between or beside them and looks as they do is
of that list; where they stand alone among others that look alike (each row of a balance sheet is another figure), what is
beside them is not. So what counts is not how many records there are but whether the next one is one, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

APART = 3  # places between two of a kind which part one stretch of a list from another
MANY = 5  # records behind others that make a list wherever it stands, even if more of it are missed than found
THIN = 0.25  # times as many as stand apart that must follow another directly, where there are many
SURE, FIRM = (
    10,
    4,
)  # records that follow another directly, and times as many as stand apart, with which any look is telling
SHARE, MOST = 0.02, 0.5  # of what looks alike that records must have: of what is telling, and of what is not


class Candidate(NamedTuple):
    """What may be a record."""

    place: int  # its number among all of the text
    kind: Hashable  # how it looks
    telling: bool = True  # whether few other things look so
    section: int = 0  # how many headings stand before it
    make: Hashable = None  # of the table that it is a row of, where another table is another list


def members_like(
    candidates: Sequence[Candidate], found: Collection[int], apart: int = APART, *, crowded: bool = False
) -> set[int]:
    """Places of candidates that are no found records and belong with them. `candidates` in text order; `found`: places.

    `crowded`: several records stand in one place, as figures of several years in a row; then no look is telling.
    """
    kinds = {c.kind for c in candidates if c.place in found}
    stretches = list(_stretches([c for c in candidates if c.kind in kinds], apart))
    held = [s for s in stretches if any(c.place in found for c in s)]
    steps, gaps = _followed(held, found)
    many = steps + gaps >= MANY and not crowded
    if not steps or steps < (THIN if many else 1) * gaps:
        return set()
    makes = {s[0].make for s in held}
    near = [c for s in (stretches if many else held) for c in s if s[0].make in makes]
    own = [c.kind for c in candidates if c.place in found]
    alike = _common([c.kind for c in candidates], own, MOST)
    if not crowded:
        alike |= _common([c.kind for c in near if c.telling], own, SHARE)
    sure = steps >= SURE and steps >= FIRM * gaps
    weak = _common([c.kind for c in near], own, SHARE) - alike if sure else set()
    held_in = {c.section for c in candidates if c.place in found}
    below = [c for c in near if c.place not in found and (c.telling or c.section >= min(held_in))]
    return {c.place for c in below if c.kind in alike or (c.kind in weak and c.section in held_in)}


def _common(kinds: list[Hashable], own: list[Hashable], share: float) -> set[Hashable]:
    """Kinds of which records have a share."""
    records = Counter(own)
    return {k for k, n in Counter(kinds).items() if records[k] >= max(2, share * n)}


def _stretches(candidates: list[Candidate], apart: int) -> Iterator[list[Candidate]]:
    """Candidates that stand together."""
    stretch: list[Candidate] = []
    for candidate in candidates:
        if stretch and (candidate.place - stretch[-1].place > apart or candidate.make != stretch[-1].make):
            yield stretch
            stretch = []
        stretch.append(candidate)
    if stretch:
        yield stretch


def _followed(stretches: list[list[Candidate]], found: Collection[int]) -> tuple[int, int]:
    """How many records follow one directly in their stretch, and how many do behind something else that looks alike."""
    steps = gaps = 0
    for stretch in stretches:
        places = [i for i, c in enumerate(stretch) if c.place in found]
        direct = sum(b == a + 1 for a, b in pairwise(places))
        steps, gaps = steps + direct, gaps + len(places) - 1 - direct
    return steps, gaps
