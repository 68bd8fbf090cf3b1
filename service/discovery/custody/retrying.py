"""Try again what may come out otherwise: with further passwords, after a timeout, on a machine with more memory.

    open exceptions that say so -> the items that they stand in -> units, done as in an import -> records replaced

An item is done again as a whole: the family of a document, the container of a member, or a production. Ids stay, for they depend on
bytes and places alone; what later passes said of a document stays with it. What was asked of a model is only marked as
not processed: the next extraction asks it again.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument, MatterException
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.items import Origin
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.tasks import unit_of
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.collection.units import UnitSetting
from thresher.service.discovery.custody.retried_items import RetriedItem, retried_items
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.matter.later_facts import with_later
from thresher.service.discovery.matter.rows import SEPARATOR, Records
from thresher.service.discovery.matter.work import SourceRow, UnitResult, WorkStore, WorkUnit, count_items
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.repeated_load import kept_choices

OF_IMPORTS, OF_EXTRACTION = ("inventory", "expand", "parse"), ("ocr", "chunk", "extract", "merge")  # stages
_BELOW = "place = ? OR (place > ? AND place < ?)"


@dataclass(slots=True)
class Retried:
    """What trying again gave."""

    tried: int = 0  # exceptions
    gone: int = 0  # of them, those that are not there any more
    asked_again: int = 0  # documents that the next extraction asks again
    left: list[str] = field(default_factory=list)  # paths whose bytes can not be had


def retry_options(matter: Matter, passwords: tuple[str, ...]) -> CollectionOptions:
    """Return the options of the last import, with further passwords."""
    try:
        facts: dict[str, Any] = json.loads((matter.folder / "manifest.json").read_bytes())["options"]
    except (OSError, ValueError, KeyError):
        facts = {}
    return CollectionOptions(
        timezone=matter.store.get("timezone") or "UTC",
        passwords=passwords,
        denist=tuple(one["path"] for one in facts.get("denist", ())),
        denist_mode=facts.get("denist_mode", "exclude"),
        bcc=facts.get("bcc", True),
        embedded=facts.get("embedded", False),
    )


def retry(
    matter: Matter, options: CollectionOptions, pool: UnitPool, *, known: str | None = None, code: str | None = None
) -> Retried:
    """Try all open exceptions again that say that it may help, or those of one code."""
    found = [
        e for e in matter.store.exceptions(code=code)
        if e.resolution == "open" and (e.retryable or code is not None)
    ]  # fmt: skip
    retried = Retried(tried=len(found))
    sources = {row.number: row for row in WorkStore(matter.store).sources()}
    of_imports = [fault for fault in found if fault.stage in OF_IMPORTS]
    produced = {fault.source for fault in of_imports if sources[fault.source].kind == "production"}
    retried.gone += sum(_load_again(matter, sources[number], retried) for number in sorted(produced))
    of_imports = [fault for fault in of_imports if fault.source not in produced]
    for item in retried_items(matter, of_imports, retried.left):
        retried.gone += _Retry(matter, options, pool, known, sources[item.source]).run(item)
    _ask_again(matter, [e for e in found if e.stage in OF_EXTRACTION], retried)
    return retried


def _load_again(matter: Matter, source: SourceRow, retried: Retried) -> int:
    """Load a production again, as it lies there now; return how many exceptions are gone."""
    try:
        production, options = kept_choices(matter, source)
        return import_production(matter, production, options, source.custodian, apart=True).resolved
    except InputProblem:
        retried.left.append(source.path)
        return 0


# --- doing one again


class _Retry:
    """One item done again."""

    def __init__(
        self, matter: Matter, options: CollectionOptions, pool: UnitPool, known: str | None, row: SourceRow
    ) -> None:
        self.matter, self.pool, self.row = matter, pool, row
        self.origin = Origin(number=row.number, label=row.label, custodian=row.custodian)
        self.setting = UnitSetting(self.origin, options, matter.originals, known)

    def run(self, item: RetriedItem) -> int:
        """Replace all that stands at and below a place by what comes out now; return how many exceptions are gone."""
        old = self._rows(item.place)
        result = self._done(item)
        result.records.documents[:] = with_later(result.records.documents, old.documents.get)
        faults = _with_history(old.exceptions, result.records)
        found = int(result.facts.get("discovered", 0))
        facts = {"place": item.place.split(SEPARATOR), "discovered": found - old.inside, "gone": faults.gone}
        event = self.matter.event("retried", source=item.source, **facts)
        self.matter.store.write(Records(), event, lambda c: self._replace(c, item.place, result, faults.settled))
        return faults.gone

    def _rows(self, place: str) -> _OldRows:
        """Return what stands at and below a place now."""
        run, bounds = self.matter.store.connection.execute, _bounds(place)
        documents, faults, *others = (
            run(f"SELECT record FROM {table} WHERE {_BELOW}", bounds).fetchall()  # noqa: S608 - our own names
            for table in ("documents", "exceptions", "containers", "suppressed")
        )
        known = [MatterDocument.from_json(row[0]) for row in documents]
        said = [MatterException.from_json(row[0]) for row in faults]
        inside = (
            len(known) + sum(map(len, others)) + sum(e.unread for e in said) - 1
        )  # the item itself was found before
        return _OldRows({d.id: d for d in known}, {e.id: e for e in said}, inside)

    def _done(self, item: RetriedItem) -> UnitResult:
        """Do the item and all units that come out of it."""
        whole = UnitResult()
        waiting = [unit_of(self.origin, item.place, item.task)]
        while waiting:
            unit: WorkUnit = waiting.pop()
            result = self.pool.result_of(unit, self.pool.submit(unit, self.setting), self.setting)
            waiting += result.units
            result.units = []
            whole.add(result)
        return whole

    def _replace(
        self, connection: sqlite3.Connection, place: str, result: UnitResult, settled: list[MatterException]
    ) -> None:
        """Put what came out in the place of what stood there; exceptions stay, as what became of them is told."""
        for table in ("documents", "containers", "suppressed"):
            connection.execute(f"DELETE FROM {table} WHERE {_BELOW}", _bounds(place))  # noqa: S608 - our own names
        self.matter.store.put(result.records)
        for name, counts in result.counts.items():
            count_items(connection, name, counts)
        connection.executemany("UPDATE exceptions SET record = ? WHERE id = ?", ((e.to_json(), e.id) for e in settled))


@dataclass(frozen=True, slots=True)
class _OldRows:
    documents: dict[str, MatterDocument]
    exceptions: dict[str, MatterException]
    inside: int  # items that had been found inside the item


@dataclass(frozen=True, slots=True)
class _History:
    settled: list[MatterException]
    gone: int


def _bounds(place: str) -> tuple[str, str, str]:
    return place, place + SEPARATOR, place + chr(ord(SEPARATOR) + 1)


def _with_history(old: dict[str, MatterException], records: Records) -> _History:
    """Note when an exception was tried last; one that is not found again is resolved, and no item is unread for it."""
    at, fresh = now(), set()
    for i, row in enumerate(records.exceptions):
        before = old.get(str(row[0]))
        fresh.add(str(row[0]))
        if before is not None:
            tried = {"first_attempt": before.first_attempt, "last_attempt": at}
            records.exceptions[i] = (
                *row[:-1],
                MatterException.from_json(str(row[-1])).model_copy(update=tried).to_json(),
            )
    said = {"resolution": "resolved", "resolved_by": "retry", "resolved_why": "tried again, and not found any more"}
    gone = [e for e in old.values() if e.id not in fresh]
    settled = [
        e.model_copy(update={"unread": 0, "last_attempt": at, **(said if e.resolution == "open" else {})}) for e in gone
    ]
    return _History(settled, sum(e.resolution == "open" for e in gone))


# --- what models were asked


def _ask_again(matter: Matter, faults: list[MatterException], retried: Retried) -> None:
    """Mark documents as not processed whose questions failed; the next extraction asks them again."""
    documents = [matter.store.document(e.document_id) for e in faults if e.document_id]
    again = {
        d.id: d.model_copy(update={"state": "new"}) for d in documents if d and d.state in {"exception", "partial"}
    }
    retried.asked_again = len(again)
    if again:
        matter.store.update(again.values(), matter.event("asked_again", documents=sorted(again)))
        matter.write_log()
