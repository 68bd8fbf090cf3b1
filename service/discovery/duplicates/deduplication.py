"""Find the copies of documents in a Matter: each stays a record, and says of which document it is a copy.

    documents at level 1 -> their keys, sorted in a temporary table -> groups -> members of families -> records

Only documents at level 1 are compared; their children follow them. The first in the order of the Matter is the one that
the others are copies of; it names the custodians and paths of all. Memory does not grow with the Matter.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from thresher.schemas.choices import DedupScope
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.duplicates.copies import counterparts
from thresher.service.discovery.duplicates.message_id_conflicts import report_conflicts
from thresher.service.discovery.matter.document_links import DocumentLinks
from thresher.service.discovery.matter.folder import Matter

Scope = DedupScope
SETTING = "dedup"
_TABLES = """
DROP TABLE IF EXISTS temp.keyed;
DROP TABLE IF EXISTS temp.copied;
DROP TABLE IF EXISTS temp.merged;
CREATE TEMP TABLE keyed (scope TEXT NOT NULL, key TEXT NOT NULL, place TEXT NOT NULL, id TEXT NOT NULL);
CREATE TEMP TABLE copied (id TEXT PRIMARY KEY, original TEXT NOT NULL);
CREATE TEMP TABLE merged (id TEXT PRIMARY KEY, custodians TEXT NOT NULL, paths TEXT NOT NULL);
"""
_CONCERNED = """
SELECT id FROM copied UNION SELECT id FROM merged
UNION SELECT id FROM documents WHERE record LIKE '%"dup_of":%' OR record LIKE '%"all_paths":%'
"""
_FOUND = """
SELECT record, original, custodians, paths FROM documents AS d
LEFT JOIN copied AS c ON c.id = d.id LEFT JOIN merged AS m ON m.id = d.id WHERE d.id = ?
"""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Within what documents are compared. `productions`: also those received from another party."""

    scope: Scope = "global"
    productions: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the grouping as the Matter and its log keep it."""
        return {"scope": self.scope, "productions": self.productions}


@dataclass(slots=True)
class CustodianCounts:
    """What a custodian has. `documents` = `unique` + `duplicates`."""

    documents: int = 0
    unique: int = 0
    duplicates: int = 0


@dataclass(slots=True)
class Deduplicated:
    """What deduplication gave: counts by custodian, records that changed, conflicts reported for the first time."""

    grouping: Grouping
    custodians: dict[str, CustodianCounts] = field(default_factory=dict)
    changed: int = 0
    conflicts: int = 0

    def total(self) -> CustodianCounts:
        """Return the sums over all custodians."""
        found = self.custodians.values()
        return CustodianCounts(
            sum(c.documents for c in found), sum(c.unique for c in found), sum(c.duplicates for c in found)
        )


def kept_grouping(matter: Matter) -> Grouping | None:
    """Return the grouping by which the Matter was deduplicated; None before the first time."""
    kept = matter.store.get(SETTING)
    return Grouping(**json.loads(kept)) if kept else None


def chosen_grouping(matter: Matter, scope: str | None, *, productions: bool = False, again: bool = False) -> Grouping:
    """Return the grouping to use: as asked, else as before, else global without productions.

    Raises InputProblem(field_invalid) for one that is not that of before, unless `again` says that this is meant: what
    was reviewed or produced since then rests on it.
    """
    kept = kept_grouping(matter)
    if scope is None and (kept is None or not again):
        return kept or Grouping(productions=productions)
    if scope not in {"none", "custodian", "global"}:
        raise InputProblem("field_invalid", f"the scope {scope}; there are none, custodian and global")
    asked = Grouping(cast("Scope", scope), productions=productions)
    if kept not in {None, asked} and not again:
        was = f"this matter was deduplicated with {_named(kept)}; see `thresher matter dedup --again`"
        raise InputProblem("field_invalid", f"the scope {scope}: {was}")
    return asked


def _named(grouping: Grouping | None) -> str:
    return f"{grouping.scope}{', productions too' if grouping.productions else ''}" if grouping else "none"


def deduplicate(matter: Matter, grouping: Grouping) -> Deduplicated:
    """Find copies and record them, all in one transaction. Once more with the same grouping, nothing changes."""
    before, found = kept_grouping(matter), Deduplicated(grouping)
    _Groups(matter, grouping).find()
    event = matter.event("deduplicated", **grouping.shown(), before=before.shown() if before else None)
    found.custodians = _counted(matter.store.connection)
    event |= _facts(found)
    found.changed = matter.store.update(_changed(matter.store.connection), event)
    if not found.changed and before != grouping:
        matter.store.add_event(event)
    matter.store.set(SETTING, json.dumps(grouping.shown()))
    found.conflicts = report_conflicts(matter)
    matter.store.connection.executescript(_TABLES)
    matter.write_log()
    return found


def _facts(found: Deduplicated) -> dict[str, Any]:
    total = found.total()
    return {"documents": total.documents, "unique": total.unique, "duplicates": total.duplicates}


class _Groups:
    """The groups of equal documents, in temporary tables."""

    def __init__(self, matter: Matter, grouping: Grouping) -> None:
        self.store, self.grouping = matter.store, grouping
        self.connection = matter.store.connection

    def find(self) -> None:
        """Fill `copied` (copy, original) and `merged` (original, custodians and paths of all)."""
        self.connection.executescript(_TABLES)
        if self.grouping.scope == "none":
            return
        self.connection.execute("BEGIN")
        self.connection.executemany("INSERT INTO keyed VALUES (?, ?, ?, ?)", self._keyed())
        statement = (
            "SELECT scope, key, id FROM (SELECT *, COUNT(*) OVER (PARTITION BY scope, key) AS copies FROM keyed)"
            " WHERE copies > 1 ORDER BY scope, key, place"
        )
        for _, group in groupby(self.connection.execute(statement), key=itemgetter(0, 1)):
            self._add([row[2] for row in group])
        self.connection.execute("COMMIT")

    def _keyed(self) -> Iterator[tuple[str, str, str, str]]:
        for place, document in self.store.links():
            key = document.dedup_key or document.sha256
            if document.level == 1 and key and may_be_copy(document, self.grouping):
                scope = document.custodian if self.grouping.scope == "custodian" else ""
                yield scope, key, place, document.id

    def _add(self, ids: list[str]) -> None:
        original = self.store.family(ids[0])
        everyone = {member.id: [member] for member in original}
        for copy_id in ids[1:]:
            for copy, of in counterparts(original, self.store.family(copy_id)):
                self.connection.execute("INSERT INTO copied VALUES (?, ?)", (copy.id, of.id))
                everyone[of.id].append(copy)
        rows = ((name, *_merged(same)) for name, same in everyone.items())
        self.connection.executemany("INSERT INTO merged VALUES (?, ?, ?)", rows)


def may_be_copy(document: DocumentLinks, grouping: Grouping) -> bool:
    """Whether a document takes part. A redacted or withheld one never does: it equals no other.

    A produced one does by its native alone: the hash of a text or of a first page says too little.
    """
    if document.redacted or document.withheld:
        return False
    return document.produced is None or (grouping.productions and document.produced.native is not None)


def _merged(same: list[DocumentLinks]) -> tuple[str, str]:
    """Return the custodians of equal documents, each once, and the path of each, as JSON."""
    return json.dumps(list(dict.fromkeys(d.custodian for d in same))), json.dumps([d.path for d in same])


def _counted(connection: sqlite3.Connection) -> dict[str, CustodianCounts]:
    """Return the counts of all custodians."""
    statement = (
        "SELECT custodian, COUNT(*), COUNT(copied.id) FROM documents LEFT JOIN copied ON copied.id = documents.id"
        " GROUP BY custodian ORDER BY custodian"
    )
    rows = connection.execute(statement)
    return {name: CustodianCounts(count, count - copies, copies) for name, count, copies in rows}


def _changed(connection: sqlite3.Connection) -> Iterator[MatterDocument]:
    """Yield the documents whose records change: of those that are or have copies, or are said to."""
    for concerned in connection.execute(_CONCERNED).fetchall():
        record, original, custodians, paths = connection.execute(_FOUND, concerned).fetchone()
        document = MatterDocument.from_json(record)
        changed = _with_copies(document, original, (custodians, paths) if custodians else None)
        if changed is not document:
            yield changed


def _with_copies(document: MatterDocument, original: str | None, merged: tuple[str, str] | None) -> MatterDocument:
    """Return a document as it is to be recorded. Custodians and paths that a producing party gave stay as given."""
    changes: dict[str, Any] = {"dup_of": original}
    if document.produced is None:
        custodians, paths = merged or ("[]", "[]")
        changes |= {"all_custodians": tuple(json.loads(custodians)), "all_paths": tuple(json.loads(paths))}
    if all(getattr(document, name) == value for name, value in changes.items()):
        return document
    return document.model_copy(update=changes)
