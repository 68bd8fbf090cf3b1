"""Apply a heading from the previous part to the first rows of the next part, until another heading comes.

A part that begins below a heading does not contain it, so its first rows lack that value. They get the value that the last
row of the previous part has from a line of its own, if only rows stand between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.target import Target
from thresher.service.records.headers_footers import furniture
from thresher.service.review.evaluation.likely_passages import Range, evidence_of, line_of
from thresher.service.review.evaluation.supported_by_record import lines_of

_LINE = re.compile(r"\S(?:[^\n]*\S)?")


@dataclass(frozen=True, slots=True)
class _Row:
    """An item of a list, and the lines that it stands on."""

    path: str
    value: dict[str, Any]
    lines: Range
    evidence: dict[str, Evidence]  # of its single values, by name


@dataclass(frozen=True, slots=True)
class _Heading:
    """A label and its line."""

    value: Any
    place: Range


def with_carried_headings(
    extractions: Sequence[Extraction], documents: Sequence[Document], target: Target
) -> list[Extraction]:
    """Return the Extractions, in document order, with headings from the previous part for first rows without one."""
    lists = [x for x in target.lists if "*" not in x]
    found = list(extractions)
    apart: dict[int, list[Range]] = {}
    for i in range(1, len(found)):
        before, here = found[i - 1], found[i]
        if before.document == here.document and before.chunk != here.chunk:
            number = here.document
            for name in lists:
                if number not in apart:
                    apart[number] = furniture(documents[number])
                found[i] = here = _continued(before, here, _Text(documents[number], apart[number]), name)
    return found


@dataclass(frozen=True, slots=True)
class _Text:
    """A Document and its page furniture."""

    document: Document
    apart: list[Range]

    def between(self, start: int, end: int) -> list[Range]:
        """Return the lines between two offsets that are neither blank nor furniture."""
        text = self.document.text
        lines = [(start + m.start(), start + m.end()) for m in _LINE.finditer(text[start:end])]
        return [r for r in lines if not any(a <= r[0] and r[1] <= b for a, b in self.apart)]


def _continued(before: Extraction, here: Extraction, text: _Text, name: str) -> Extraction:
    if not _begins_bare(json_pointer.get(here.data, name)):
        return here
    above, rows = _rows(before, text.document, name), _rows(here, text.document, name)
    if not above or not rows:
        return here
    added: list[Evidence] = []
    data = here.data
    for key, heading in _headings(above[-1], text.document):
        for row, own in _run(above[-1], rows, (key, heading), text):
            data = json_pointer.copied(data) if data is here.data else data
            path = json_pointer.join(row.path, key)
            json_pointer.put(data, path, own.value)
            found = evidence_of(text.document, own.place, here, path)
            added.append(found.model_copy(update={"match": "judged", "method": "judged"}))
    if not added:
        return here
    return here.model_copy(update={"data": data, "evidence": (*here.evidence, *added)})


def _begins_bare(items: Any) -> bool:
    """Whether the first item of a list lacks a value."""
    first = items[0] if isinstance(items, list) and items else None
    return isinstance(first, dict) and None in first.values()


def _rows(extraction: Extraction, document: Document, name: str) -> list[_Row]:
    """Return the located items of a list, in their order."""
    items = json_pointer.get(extraction.data, name)
    known: dict[str, dict[str, Evidence]] = {}
    for e in extraction.evidence:
        above, _, key = e.path.rpartition("/")
        if e.start is not None and above.rpartition("/")[0] == name:
            known.setdefault(above, {})[key] = e
    found = []
    for i, item in enumerate(items if isinstance(items, list) else ()):
        path = json_pointer.join(name, i)
        own = {k: e for k, e in known.get(path, {}).items() if not _is_heading(e, document)}
        if isinstance(item, dict) and own:
            found.append(_Row(path, item, lines_of(document, list(own.values())), known[path]))
    return found


def _is_heading(evidence: Evidence, document: Document) -> bool:
    """Whether a value is a whole line."""
    start, end = line_of(document, evidence.start or 0)
    return document.text[start:end].strip(" \t:#*-–—") == evidence.quote.strip(" :#*-–—")


def _headings(last: _Row, document: Document) -> Iterator[tuple[str, _Heading]]:
    """Yield values that a row has from a line of its own above it."""
    for key, e in last.evidence.items():
        if e.start is not None and e.end is not None and e.end <= last.lines[0] and _is_heading(e, document):
            yield key, _Heading(last.value.get(key), (e.start, e.end))


def _run(last: _Row, rows: list[_Row], begun: tuple[str, _Heading], text: _Text) -> Iterator[tuple[_Row, _Heading]]:
    """Yield the first rows that lack a value, with their heading; a single line between rows is the next heading."""
    (key, heading), end = begun, last.lines[1]
    for row in rows:
        lines = text.between(end, row.lines[0]) if end <= row.lines[0] else []
        if row.value.get(key, key) is not None or end > row.lines[0] or len(lines) > 1:
            return
        if lines:
            shown = text.document.text[slice(*lines[0])]
            if str(heading.value) != text.document.text[slice(*heading.place)] or any(c.isdigit() for c in shown):
                return
            heading = _Heading(shown, lines[0])
        yield row, heading
        end = row.lines[1]
