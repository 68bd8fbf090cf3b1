"""The order of list items: where they stand in the text, whenever they were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.extraction import Evidence, Extraction
from service import pointers
from service.merge.identity import Part

FAR = 4000  # code points beyond the value before it at which a last value is not the item's own place


def in_order(
    groups: list[list[Part]], extractions: list[Extraction], evidence: Sequence[Mapping[str, Evidence]]
) -> list[list[Part]]:
    """Groups by where they stand; one without a place stays behind the one that came before it.

    An item stands where its last value stands: a date printed once above several records tells none of them apart.
    """
    keyed: list[tuple[tuple[int, int], list[Part]]] = []
    place = (0, -1)
    for group in groups:
        starts = _starts(group[0], evidence[group[0].origin])
        place = (extractions[group[0].origin].document, _place(starts)) if starts else place
        keyed.append((place, group))
    return [group for _, group in sorted(keyed, key=lambda k: k[0])]


def _starts(part: Part, evidence: Mapping[str, Evidence]) -> list[int]:
    found = (evidence.get(part.path + leaf) for leaf, _ in pointers.leaves(part.value))
    return sorted(e.start for e in found if e is not None and e.start is not None)


def _place(starts: list[int]) -> int:
    """The last start that is not far from the one before it.

    >>> _place([10, 40, 55]), _place([10, 40, 55, 90_000]), _place([10, 90_000])
    (55, 55, 90000)
    """
    for before, last in zip(reversed(starts[1:-1]), reversed(starts[2:]), strict=True):
        if last - before <= FAR:
            return last
    return starts[1] if len(starts) > 2 else starts[-1]
