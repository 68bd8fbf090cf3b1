"""Collect the lines on which found records stand, list by list."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.target import Target
from thresher.service.records.structure import Structure

CROWDED_RECORDS_PER_LINE = 1.5  # records per line above which lines are shared
HOME_MIN_SHARE = 0.5  # share of a record's values that must stand on its home line


@dataclass(slots=True)
class ListLines:
    """The lines of the records of one list."""

    homes: set[int] = field(default_factory=set)  # lines with most values of a record
    records: set[int] = field(default_factory=set)  # numbers of the Structure's records that are matched
    places: Counter[int] = field(default_factory=Counter)  # count of records by their main line
    values: dict[int, set[int]] = field(default_factory=dict)  # for homes of one record: where its values begin
    found: int = 0
    # hash of the places of a record's values: the number of the answer that gave it
    seen: dict[int, int] = field(default_factory=dict)

    @property
    def crowded(self) -> bool:
        """Whether records share lines, so that each is a cell rather than a line."""
        return self.found > CROWDED_RECORDS_PER_LINE * len(self.places)


@dataclass(slots=True)
class RecordLines:
    """The lines of all records."""

    lines: set[int] = field(default_factory=set)  # with any value
    values: Counter[int] = field(default_factory=Counter)  # number of places where values begin, by line
    lists: dict[str, ListLines] = field(default_factory=dict)  # by the pattern of the list

    @property
    def found(self) -> int:
        """Return the number of records."""
        return sum(c.found for c in self.lists.values())

    @property
    def homes(self) -> set[int]:
        """Return the homes of records of all lists."""
        return {i for c in self.lists.values() for i in c.homes}

    @property
    def records(self) -> set[int]:
        """Return the numbers, by the Structure, of matched records of all lists."""
        return {n for c in self.lists.values() for n in c.records}


def record_lines_of(
    extractions: Iterable[Extraction], target: Target, starts: Sequence[int], known: Structure
) -> RecordLines:
    """Return the RecordLines of what was extracted from one Document. `starts`: where its lines begin."""
    claims = RecordLines()
    begun: dict[int, int] = {}  # line on which a value begins, by its offset
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
            claim = claims.lists.setdefault(pattern, ListLines())
            if claim.seen.setdefault(hash(tuple(e.start for e in values)), number) == number:
                _add_record(claim, values, starts, known)
    claims.values.update(begun.values())
    return claims


def _add_record(claim: ListLines, values: list[Evidence], starts: Sequence[int], known: Structure) -> None:
    """Add one record, given by the evidence of its values."""
    line, share = _most_common(bisect_right(starts, e.start or 0) - 1 for e in values)
    claim.records.add(_most_common(known.record(e.start or 0) for e in values)[0])
    if (share > HOME_MIN_SHARE and len(values) > 1) or not known.starts:
        claim.homes.add(line)
    claim.places[line] += 1
    if line in claim.homes:
        claim.values[line] = set() if line in claim.values else {e.start or 0 for e in values}
    claim.found += 1


def _most_common(places: Iterable[int]) -> tuple[int, float]:
    """Return the most common place (the first of equals) and its share."""
    counts = Counter(places)
    place, count = counts.most_common(1)[0]
    return place, count / counts.total()


def record_of(path: str, target: Target) -> tuple[str, str] | None:
    """Return the list pattern and the item pointer of the innermost record that a path is in.

    None outside records.
    """
    parts = path.split("/")
    for i in range(len(parts) - 1, 0, -1):
        if parts[i].isdigit():
            pattern = "/".join("*" if p.isdigit() else p for p in parts[:i])
            if pattern in target.lists:
                return pattern, "/".join(parts[: i + 1])
    return None
