"""Claims: what the records that were found hold of a text, list by list."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.target import Target
from thresher.service.records.structure import Structure

CROWDED = 1.5  # records on a line
MOST = 0.5  # of a record's values that stand on its home


@dataclass(slots=True)
class Claim:
    """What the records of one list hold."""

    homes: set[int] = field(default_factory=set)  # lines on which records have most of their values
    records: set[int] = field(default_factory=set)  # numbers, by the Structure, of records that found ones stand in
    places: Counter[int] = field(default_factory=Counter)  # records by the line with most of their values
    values: dict[int, set[int]] = field(default_factory=dict)  # for each home of one record, where its values begin
    found: int = 0
    seen: dict[int, int] = field(
        default_factory=dict
    )  # hash of the places of a record's values: the answer that gave it

    @property
    def crowded(self) -> bool:
        """Whether records share lines: then they are rather cells than lines."""
        return self.found > CROWDED * len(self.places)


@dataclass(slots=True)
class Claims:
    """What all records hold."""

    lines: set[int] = field(default_factory=set)  # that any value stands on
    values: Counter[int] = field(default_factory=Counter)  # places where any begins, by line
    lists: dict[str, Claim] = field(default_factory=dict)  # by the pattern of the list

    @property
    def found(self) -> int:
        """Records."""
        return sum(c.found for c in self.lists.values())

    @property
    def homes(self) -> set[int]:
        """Of records of every list."""
        return {i for c in self.lists.values() for i in c.homes}

    @property
    def records(self) -> set[int]:
        """Of every list."""
        return {n for c in self.lists.values() for n in c.records}


def claims_of(extractions: Iterable[Extraction], target: Target, starts: Sequence[int], known: Structure) -> Claims:
    """The Claims of what was extracted from one Document. `starts`: where its lines begin."""
    claims = Claims()
    begun: dict[int, int] = {}  # the line on which a value begins, by its place
    for number, extraction in enumerate(extractions):
        records: dict[tuple[str, str], list[Evidence]] = {}
        for evidence in extraction.evidence:
            if evidence.start is None or evidence.end is None:
                continue
            last = max(evidence.end - 1, evidence.start)
            begun[evidence.start] = line = bisect_right(starts, evidence.start) - 1
            claims.lines.update(range(line, bisect_right(starts, last)))
            record = record_of(evidence.path, target)
            if record is not None:
                records.setdefault(record, []).append(evidence)
        for (pattern, _), values in records.items():
            claim = claims.lists.setdefault(pattern, Claim())
            if claim.seen.setdefault(hash(tuple(e.start for e in values)), number) == number:
                _note(claim, values, starts, known)
    claims.values.update(begun.values())
    return claims


def _note(claim: Claim, values: list[Evidence], starts: Sequence[int], known: Structure) -> None:
    """Add one record, given by the evidence of its values."""
    line, share = _most(bisect_right(starts, e.start or 0) - 1 for e in values)
    claim.records.add(_most(known.record(e.start or 0) for e in values)[0])
    if (share > MOST and len(values) > 1) or not known.starts:
        claim.homes.add(line)
    claim.places[line] += 1
    if line in claim.homes:
        claim.values[line] = set() if line in claim.values else {e.start or 0 for e in values}
    claim.found += 1


def _most(places: Iterable[int]) -> tuple[int, float]:
    """The most common place, the first of equals, and its share."""
    counts = Counter(places)
    place, count = counts.most_common(1)[0]
    return place, count / counts.total()


def record_of(path: str, target: Target) -> tuple[str, str] | None:
    """The list and the innermost list item that a path lies in, if that is a record of the target."""
    parts = path.split("/")
    for i in range(len(parts) - 1, 0, -1):
        if parts[i].isdigit():
            pattern = "/".join("*" if p.isdigit() else p for p in parts[:i])
            if pattern in target.lists:
                return pattern, "/".join(parts[: i + 1])
    return None
