"""Read: the records and the facts of a shown text, by the kind of document it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.simulation.generator.kinds import KINDS
from tests.simulation.reader.furniture import facts_in
from tests.simulation.reader.records import Record
from tests.simulation.reader.tables import table_records
from tests.simulation.reader.talk import letters, utterances

GLANCE = 6_000  # characters by which a kind is told where the question does not tell it
_READ: dict[str, Callable[[str], list[Record]]] = {
    **{name: partial(table_records, kind=name) for name in ("statement", "claims", "register")},
    "transcript": utterances,
    "thread": letters,
}


@dataclass(slots=True)
class Seen:
    """What a text states."""

    kind: str
    records: list[Record] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)


def read(text: str, kind: str, context: str = "") -> Seen:
    """Records of the text, and facts of the text and of its context."""
    return Seen(kind, _READ[kind](text), {**facts_in(context, kind), **facts_in(text, kind)})


def records_in(text: str, kind: str) -> list[Record]:
    """Records alone."""
    return _READ[kind](text)


def kind_of(text: str) -> str:
    """The kind of document that a text looks most like."""
    glance = text[:GLANCE]

    def whole(kind: str) -> tuple[float, int]:
        records = _READ[kind](glance)
        known = [sum(v is not None for v in r.values.values()) / len(KINDS[kind].columns) for r in records]
        return sum(known), len(facts_in(glance, kind))

    return max(KINDS, key=whole)
