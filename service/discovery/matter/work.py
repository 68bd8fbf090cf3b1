"""Keep the work of an import beside the records: SOURCEs, the files received, and units that are done or not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from thresher.schemas.discovery.matter import MatterContainer
from thresher.service.discovery.matter.rows import Records
from thresher.service.discovery.matter.store import MatterStore


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A SOURCE as the Matter knows it. `state`: new, open (units are left), finished."""

    number: int
    label: str
    path: str
    custodian: str
    state: str
    kind: str = "collection"


@dataclass(frozen=True, slots=True)
class InputRow:
    """A file as it was received: its path in the SOURCE as a key, size, time of its last change, SHA-256."""

    path: str
    size: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A piece of work: its place, and what is to be done, as JSON says it."""

    source: int
    place: str
    task: dict[str, Any]


@dataclass(slots=True)
class UnitResult:
    """What a unit gave: rows, further units, files read, and for containers how many items came out or failed."""

    records: Records = field(default_factory=Records)
    units: list[WorkUnit] = field(default_factory=list)
    inputs: list[InputRow] = field(default_factory=list)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)  # for the log

    def add(self, other: UnitResult) -> None:
        """Add what another gave."""
        self.records.add(other.records)
        self.units += other.units
        self.inputs += other.inputs
        for name, (emitted, failed) in other.counts.items():
            before = self.counts.get(name, (0, 0))
            self.counts[name] = (before[0] + emitted, before[1] + failed)
        for name, fact in other.facts.items():
            self.facts[name] = self.facts.get(name, 0) + fact if isinstance(fact, int) else fact


class WorkStore:
    """The work of a Matter, in the same file as its records."""

    def __init__(self, store: MatterStore) -> None:
        """Work on an open store."""
        self._store = store
        self._connection = store.connection

    def source(
        self,
        path: str,
        custodian: str,
        label: str,
        kind: str = "collection",
        is_meant: Callable[[SourceRow], bool] = lambda _: True,
    ) -> SourceRow:
        """Return the SOURCE of a kind at a path for a custodian, made with a label of its own where it is not known yet.

        `is_meant`: tells apart what lies at one path, as productions with load files of their own.
        """
        for row in self.sources():
            if (row.path, row.custodian, row.kind) == (path, custodian, kind) and is_meant(row):
                return row
        taken = {
            row[0] for row in self._connection.execute("SELECT label FROM sources WHERE custodian = ?", (custodian,))
        }
        number = 1 + int(self._one("SELECT COALESCE(MAX(number), 0) FROM sources")[0])
        made = next(name for name in chain((label,), (f"{label}~{n}" for n in count(2))) if name not in taken)
        self._connection.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?, 'new')", (number, made, path, custodian, kind)
        )
        return SourceRow(number, made, path, custodian, "new", kind)

    def _one(self, statement: str, *values: Any) -> Any:
        return self._connection.execute(statement, values).fetchone()

    def set_state(self, source: int, state: str) -> None:
        """Set the state of a SOURCE."""
        self._connection.execute("UPDATE sources SET state = ? WHERE number = ?", (state, source))

    def sources(self) -> list[SourceRow]:
        """Return all SOURCEs, by number."""
        rows = self._connection.execute(
            "SELECT number, label, path, custodian, state, kind FROM sources ORDER BY number"
        )
        return [SourceRow(*row) for row in rows]

    def input(self, source: int, path: str) -> InputRow | None:
        """Return a received file; None where it was not received yet."""
        row = self._one(
            "SELECT path, size, modified_ns, sha256 FROM inputs WHERE source = ? AND path = ?", source, path
        )
        return InputRow(*row) if row else None

    def inputs(self, source: int) -> Iterator[InputRow]:
        """Yield the received files of a SOURCE, by path."""
        statement = "SELECT path, size, modified_ns, sha256 FROM inputs WHERE source = ? ORDER BY path"
        for row in self._connection.execute(statement, (source,)).fetchall():
            yield InputRow(*row)

    def plan(self, source: int, units: Iterable[WorkUnit], event: dict[str, Any]) -> int:
        """Add the units of a SOURCE's inventory and open it, with the event that says so; return how many units."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            added = self._add_units(self._connection, units)
            self._connection.execute("UPDATE sources SET state = 'open' WHERE number = ?", (source,))
            self._store.add_to_events(event)
        return added

    @staticmethod
    def _add_units(connection: sqlite3.Connection, units: Iterable[WorkUnit]) -> int:
        rows = ((u.source, u.place, json.dumps(u.task, separators=(",", ":"))) for u in units)
        return connection.executemany("INSERT INTO units VALUES (?, ?, ?, 0)", rows).rowcount

    def waiting(self, source: int, taken: set[str], most: int) -> list[WorkUnit]:
        """Return up to `most` units of a SOURCE that are neither done nor `taken`, in order."""
        statement = "SELECT place, task FROM units WHERE source = ? AND done = 0 ORDER BY place LIMIT ?"
        rows = self._connection.execute(statement, (source, most + len(taken)))
        return [WorkUnit(source, place, json.loads(task)) for place, task in rows if place not in taken][:most]

    def finish(self, unit: WorkUnit, result: UnitResult, event: dict[str, Any], received: tuple[str, str]) -> None:
        """Write what a unit gave and mark it as done, in one transaction; `received`: when and by whom files came."""

        def also(connection: sqlite3.Connection) -> None:
            self._add_units(connection, result.units)
            rows = [(unit.source, i.path, i.size, i.modified_ns, i.sha256, *received) for i in result.inputs]
            connection.executemany("INSERT OR REPLACE INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            for name, counts in result.counts.items():
                count_items(connection, name, counts)
            connection.execute(
                "UPDATE units SET done = 1, task = '' WHERE source = ? AND place = ?", (unit.source, unit.place)
            )

        self._store.write(result.records, event, also)


def count_items(connection: sqlite3.Connection, container: str, counts: tuple[int, int]) -> None:
    """Add to the emitted and failed items of a container."""
    row = connection.execute("SELECT record FROM containers WHERE id = ?", (container,)).fetchone()
    record = MatterContainer.from_json(row[0])
    changed = {"emitted": record.emitted + counts[0], "failed": record.failed + counts[1]}
    line = record.model_copy(update=changed).to_json()
    connection.execute("UPDATE containers SET record = ? WHERE id = ?", (line, container))
