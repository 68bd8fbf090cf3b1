"""List the values that are checked again: those that grounding did not find, each once, with its context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction, Method, Unsupported
from thresher.schemas.target import Field
from thresher.service.grounding.record_items import ELSEWHERE
from thresher.service.review.evaluation.likely_passages import PassageQuery, Range
from thresher.service.review.evaluation.supported_by_record import UNKNOWN, Fields, standing_records

MAX_CHOICES = 12  # choices of an enum that are shown
_NAME = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+")  # the words of a field's name
Place = tuple[int, str]  # index of an Extraction and a path there


@dataclass(slots=True)
class DoubtfulValue:
    """One value that was not found, with all places in the answers that gave it."""

    path: str
    value: Any
    document: int
    method: Method
    wanted: PassageQuery
    record: dict[str, Any] = field(default_factory=dict)  # single values of its record
    homes: list[Place] = field(default_factory=list)  # where it was given
    apart: Mapping[int, str] = field(
        default_factory=dict
    )  # where values of records begin: lines of others prove nothing
    own: str | None = None  # pointer of its record
    is_elsewhere: bool = False  # whether the text has it, and only in other records


def known_elsewhere(extractions: Sequence[Extraction], fields: Fields) -> list[Extraction]:
    """Return the Extractions without doubts about single values that another Extraction of the Unit settles.

    It located the same value or, for a judged field, any value: the opinion of a part without the passage is dropped.
    A no is dropped where another part says yes.
    """
    located: dict[str, set[str]] = {}
    for x in extractions:
        for e in x.evidence:
            if e.start is not None and not _in_list(e.path):
                located.setdefault(e.path, set()).add(_same(json_pointer.get(x.data, e.path)))
    yes = {u.path for x in extractions for u in x.unsupported if u.value is True and not _in_list(u.path)}
    return [_without(x, located, yes, fields) for x in extractions]


def _without(extraction: Extraction, located: dict[str, set[str]], yes: set[str], fields: Fields) -> Extraction:
    known = [u for u in extraction.unsupported if u.path in located]
    other = {u.path for u in known if _same(u.value) not in located[u.path]}
    other |= {u.path for u in extraction.unsupported if u.value is False and u.path in yes}
    other = {path for path in other if fields.method(path) == "judged"}
    gone = other | {u.path for u in known if _same(u.value) in located[u.path]}
    if not gone:
        return extraction
    data = json_pointer.copied(extraction.data) if other else extraction.data
    for path in other:
        json_pointer.put(data, path, None)
    left = tuple(u for u in extraction.unsupported if u.path not in gone)
    return extraction.model_copy(update={"data": data, "unsupported": left})


def doubtful_values(extractions: Sequence[Extraction], fields: Fields) -> list[DoubtfulValue]:
    """Return the values to be checked, each once, in the order of the answers that gave them.

    A value that many records of an answer have in common, and that none of them shows, is one value: it may stand above or next
    to them all. Left out are values that another answer located differently, and judged values of a record that has read ones:
    these stay or go with the record.
    """
    located = {e.path for x in extractions for e in x.evidence if e.start is not None and not _in_list(e.path)}
    found: dict[tuple[int, str, str, int], DoubtfulValue] = {}
    for i, extraction in enumerate(extractions):
        lost = [u for u in _unknown(extraction, fields) if u.path not in located]
        answer = _Answer.of(extraction, fields) if lost else None
        for u in lost:
            key = (extraction.document, *_place(i, u))
            if answer and key not in found:
                found[key] = answer.doubted(u)
            found[key].homes.append((i, u.path))
    return list(found.values())


def _place(index: int, u: Unsupported) -> tuple[str, str, int]:
    """Return what distinguishes checked values: path, value, and for a value of a record the answer that gave it."""
    if not _in_list(u.path):
        return u.path, _same(u.value), -1
    is_own = u.reason == ELSEWHERE  # only lines of its own record prove it
    return u.path if is_own else json_pointer.pattern(u.path), _same(u.value), index


def _unknown(extraction: Extraction, fields: Fields) -> Iterator[Unsupported]:
    for u in extraction.unsupported:
        if u.reason in UNKNOWN and not (fields.is_judged(u.path, u.value) and _has_read(extraction, u.path, fields)):
            yield u


def _has_read(extraction: Extraction, path: str, fields: Fields) -> bool:
    """Whether the record of a judged value has any value of a read field."""
    record = fields.record(path)
    if record is None:
        return False
    leaves = json_pointer.leaves(json_pointer.get(extraction.data, record), record)
    return any(fields.method(p) == "read" for p, _ in leaves)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An Extraction, and where its records stand."""

    extraction: Extraction
    fields: Fields
    standing: dict[str | None, list[Evidence]]
    starts: dict[int, str]  # where values of records begin, and the record

    @classmethod
    def of(cls, extraction: Extraction, fields: Fields) -> _Answer:
        located = [(e.start, fields.record(e.path)) for e in extraction.evidence if e.start is not None]
        starts = {start: record for start, record in located if record}
        return cls(extraction, fields, standing_records(extraction, fields), starts)

    def doubted(self, u: Unsupported) -> DoubtfulValue:
        """Return a value with its context."""
        known, record = self.fields.at(u.path), self.fields.record(u.path)
        members = json_pointer.get(self.extraction.data, record) if record else None
        method = known.method if known else "read"
        whole = record is None and method == "judged"
        name, within = _names(u.path) if known else ("", "")
        return DoubtfulValue(
            path=u.path,
            value=u.value,
            document=self.extraction.document,
            method=method,
            wanted=PassageQuery(
                "" if isinstance(u.value, bool) else str(u.value),
                field_description(known),
                name,
                within,
                home=self._home(record),
                whole=whole,
            ),
            record={k: v for k, v in members.items() if _is_single(v)} if isinstance(members, dict) else {},
            apart=self.starts if record else {},
            own=record,
            is_elsewhere=u.reason == ELSEWHERE,
        )

    def _home(self, record: str | None) -> Range | None:
        """Return the range in which a record stands, as far as it was found."""
        own = self.standing.get(record, []) if record else []
        places = [(e.start, e.end) for e in own if e.start is not None and e.end is not None]
        return (min(a for a, _ in places), max(b for _, b in places)) if places else None


def _names(path: str) -> tuple[str, str]:
    """Return the words of the two last names of a path, and those of the names before them.

    >>> _names("/balance_sheet/totalDebt/0/value")
    ('total Debt value', 'balance sheet')
    """
    told = [" ".join(_NAME.findall(key)) for key in json_pointer.parts(path) if not key.isdigit()]
    return " ".join(told[-2:]), " ".join(told[:-2])


def field_description(known: Field | None) -> str:
    """Return a description of a field on one line: its own, and the choices of an enum.

    >>> field_description(Field(path="/basis", kind="enum", choices=("flat", "per_day")))
    'one of flat, per_day'
    """
    if known is None:
        return ""
    description_text = " ".join((known.description or known.title).split())
    if known.kind != "enum":
        return description_text
    choices = f"one of {', '.join(map(str, known.choices[:MAX_CHOICES]))}"
    return f"{description_text}; {choices}" if description_text else choices


def _is_single(value: Any) -> bool:
    return value is not None and not isinstance(value, (dict, list))


def _in_list(path: str) -> bool:
    return any(p.isdigit() for p in path.split("/"))


def _same(value: Any) -> str:
    return " ".join(str(value).casefold().split())
