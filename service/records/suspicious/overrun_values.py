"""Find values that run across a line that reads like the first line of another record.

Where two records are taken for one, a value of the first continues over the lines of the second: no text is left over, and
no line is without a value. So a line that a value only passes is a missed record if it looks like lines on which records
of that list have most of their values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.records.line_shapes import shape
from thresher.service.records.record_lines import record_of

TELLING_MIN_FIGURES = 2  # dates, times and amounts from which a line hardly looks like a record by chance
INDENT_CHARS = 12  # characters of indentation that make another look
QUOTE_MAX_CHARS = 60  # code points of a line that are quoted in the message

Range = tuple[int, int]
Record = tuple[str, str]  # pattern of its list, its pointer
Look = tuple[str, int]  # the shape of a line, and its level of indentation


class Overrun(NamedTuple):
    """A value, by its pointer, and a line that it passes."""

    path: str
    line: Range


def overruns(text: str, evidence: Iterable[Evidence], target: Target) -> Iterator[Overrun]:
    """Yield values of records that pass lines that look like lines of their list. `evidence`: of one text.

    A line on which another value of the same record begins belongs to that record.
    """
    known = list(evidence)
    passing = [(e, line) for e in known for line in _passed_lines(text, e)]
    lists = {record[0] for e, _ in passing if (record := record_of(e.path, target))}
    begun = _lines_begun(text, known, target, lists) if lists else {}
    looks = _looks(text, begun)
    for e, line in passing:
        record = record_of(e.path, target)
        if record is not None and line[0] not in begun[record] and _look(text, line) in looks[record[0]]:
            yield Overrun(e.path, line)


def overrun_lines(text: str, extractions: Iterable[Extraction], target: Target, starts: Sequence[int]) -> set[int]:
    """Return the numbers of the lines that are passed in this way. `starts`: where lines begin."""
    lines = (line for x in extractions for _, line in overruns(text, x.evidence, target))
    return {bisect_right(starts, start) - 1 for start, _ in lines}


def overrun_errors(documents: Sequence[Document], evidence: Iterable[Evidence], target: Target) -> list[FieldError]:
    """Return a FieldError for each such value of a Unit, whose own Document is the first."""
    by_source: dict[str | None, list[Evidence]] = {}
    for e in evidence:
        by_source.setdefault(e.source, []).append(e)
    texts = {d.source.path if i else None: d.text for i, d in enumerate(documents)}
    known = ((texts[source], some) for source, some in by_source.items() if source in texts)
    found = {path: text[slice(*line)] for text, some in known for path, line in overruns(text, some, target)}
    return [
        FieldError(
            path=path,
            message=f"not sure: it runs over a line that reads as a record: {line.strip()[:QUOTE_MAX_CHARS]!r}",
        )
        for path, line in found.items()
    ]


def _passed_lines(text: str, evidence: Evidence) -> Iterator[Range]:
    """Yield the lines that a value runs into from the line above, if they have enough figures."""
    if evidence.start is None or evidence.end is None:
        return
    at = text.find("\n", evidence.start, evidence.end - 1)
    while at >= 0:
        end = text.find("\n", at + 1)
        line = at + 1, len(text) if end < 0 else end
        if len(shape(text[slice(*line)]).partition(" ")[2]) >= TELLING_MIN_FIGURES:
            yield line
        at = text.find("\n", at + 1, evidence.end - 1)


def _lines_begun(
    text: str, evidence: Iterable[Evidence], target: Target, lists: set[str]
) -> dict[Record, Counter[int]]:
    """Return for each record of some lists the starts of lines on which its values begin, with their counts."""
    records: dict[Record, Counter[int]] = {}
    for e in evidence:
        record = record_of(e.path, target)
        if record is not None and record[0] in lists and e.start is not None:
            records.setdefault(record, Counter())[text.rfind("\n", 0, e.start) + 1] += 1
    return records


def _looks(text: str, begun: dict[Record, Counter[int]]) -> dict[str, set[Look]]:
    """Return for each list the looks of the lines on which records have most of their values."""
    looks: dict[str, set[Look]] = {name: set() for name, _ in begun}
    for (name, _), lines in begun.items():
        start, values = lines.most_common(1)[0]
        end = text.find("\n", start)
        if values >= TELLING_MIN_FIGURES:
            looks[name].add(_look(text, (start, len(text) if end < 0 else end)))
    return looks


def _look(text: str, line: Range) -> Look:
    written = text[slice(*line)]
    return shape(written), (len(written) - len(written.lstrip())) // INDENT_CHARS
