"""Keep from answers about leftover lines only the records that were missed; nothing is changed or taken away.

Such a record stands in the lines that were asked about. It is not a total, a heading or the rest of a wrapped label, and
it does not stand where an earlier record stands. Everything else of the answer is dropped, single facts included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.target import Target
from thresher.service.records.completeness import LineIndex
from thresher.service.records.record_lines import record_lines_of, record_of
from thresher.service.records.suspicious.dismissed_lines import FoundRecords, remaining_groups, without_totals

ASKED_MIN_SHARE = 0.5  # share of a record's values that must stand in the lines that were asked about

Range = tuple[int, int]
Place = tuple[int, str]  # number of the answer, pointer of the record


@dataclass(slots=True)
class _Record:
    """The evidence of one record of an answer."""

    evidence: list[Evidence] = field(default_factory=list)
    lost: int = 0  # values without evidence in the text

    @property
    def places(self) -> frozenset[int]:
        """Return where its values begin."""
        return frozenset(e.start for e in self.evidence if e.start is not None)


def missed_records_of(
    again: Sequence[Extraction], found: Sequence[Extraction], target: Target, index: LineIndex, left: Iterable[Range]
) -> list[Extraction]:
    """Return the answers about leftover lines, reduced to the records that had been missed.

    `again`: these answers; `found`: all earlier ones; `index`: the lines of the Document; `left`: the leftover lines.
    """
    if not any(x.data for x in again):
        return list(again)
    asked = {bisect_right(index.starts, a) - 1 for a, _ in left}
    held = _places_by_offset(found, target)
    lines = {
        place: _lines(record, index.starts)
        for place, record in _records(again, target)
        if _is_asked(record, asked, index.starts) and not _is_covered(record, held)
    }
    known = FoundRecords(
        index.document, index.starts, record_lines_of(found, target, index.starts, index.known), found, target
    )
    kept = remaining_groups(known, sorted(set(lines.values()))).groups
    lines = {place: group for place, group in lines.items() if group in kept}
    whole = [*found, *(_reduced_to(x, i, lines, target) for i, x in enumerate(again))]
    known = FoundRecords(
        index.document, index.starts, record_lines_of(whole, target, index.starts, index.known), whole, target
    )
    kept = without_totals(known, sorted(set(lines.values())))
    lines = {place: group for place, group in lines.items() if group in kept}
    return [_reduced_to(x, i, lines, target) for i, x in enumerate(again)]


def lines_with_values(found: Iterable[Extraction], target: Target, index: LineIndex) -> frozenset[int]:
    """Return the offsets of the lines on which values of found records begin."""
    records = (record for _, record in _records(found, target))
    return frozenset(index.starts[i] for record in records for i in _lines(record, index.starts))


def _records(extractions: Iterable[Extraction], target: Target) -> Iterator[tuple[Place, _Record]]:
    """Yield the records of answers, each by its innermost list."""
    for number, extraction in enumerate(extractions):
        records: dict[str, _Record] = defaultdict(_Record)
        for e in extraction.evidence:
            if e.start is not None and (record := record_of(e.path, target)):
                records[record[1]].evidence.append(e)
        for u in extraction.unsupported:
            if record := record_of(u.path, target):
                records[record[1]].lost += not isinstance(u.value, bool)
        yield from (((number, path), record) for path, record in records.items())


def _places_by_offset(found: Iterable[Extraction], target: Target) -> dict[int, list[frozenset[int]]]:
    """Return for each offset where a value begins the value offsets of the records that have it."""
    places: dict[int, list[frozenset[int]]] = defaultdict(list)
    for _, record in _records(found, target):
        own = record.places
        for start in own:
            places[start].append(own)
    return places


def _is_covered(record: _Record, held: dict[int, list[frozenset[int]]]) -> bool:
    """Whether all values of a record begin where values of one earlier record do."""
    own = record.places
    return any(own <= other for other in held.get(min(own), ()))


def _is_asked(record: _Record, asked: set[int], starts: Sequence[int]) -> bool:
    """Whether most of a record stands in the lines that were asked about."""
    inside = sum(bisect_right(starts, e.start or 0) - 1 in asked for e in record.evidence)
    return inside > 0 and inside >= ASKED_MIN_SHARE * (len(record.evidence) + record.lost)


def _lines(record: _Record, starts: Sequence[int]) -> tuple[int, ...]:
    """Return the numbers of the lines on which values of a record begin, sorted."""
    begun = Counter(bisect_right(starts, e.start or 0) - 1 for e in record.evidence)
    return tuple(sorted(begun))


def _reduced_to(extraction: Extraction, number: int, kept: dict[Place, Any], target: Target) -> Extraction:
    """Return an answer with only the kept records, all else null; the outer records of a kept one stay with it."""
    paths = {path for i, path in kept if i == number}
    above = {path[:i] for path in paths for i, c in enumerate(path) if c == "/" and i} | paths

    def stays(path: str) -> bool:
        record = record_of(path, target)
        return record is not None and record[1] in above

    return extraction.model_copy(
        update={
            "data": _reduced(extraction.data, "", above, paths),
            "evidence": tuple(e for e in extraction.evidence if stays(e.path)),
            "unsupported": tuple(u for u in extraction.unsupported if stays(u.path)),
        }
    )


def _reduced(value: Any, path: str, above: set[str], kept: set[str]) -> Any:
    """Return a value without anything but kept records.

    A dropped item is null, so that other items keep their indices.
    """
    if path in kept and not _holds_records(path, above):
        return value
    if isinstance(value, dict):
        return {k: _reduced(v, json_pointer.join(path, k), above, kept) for k, v in value.items()}
    if isinstance(value, list):
        return [
            _reduced(v, at, above, kept) if (at := json_pointer.join(path, i)) in above else None
            for i, v in enumerate(value)
        ]
    return value if path.rpartition("/")[0] in above else None


def _holds_records(path: str, above: set[str]) -> bool:
    return any(other.startswith(f"{path}/") for other in above)
