"""Load a production once more: with what it was loaded before, and resolving what is not wrong with it any more."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.matter.rows import Records
from thresher.service.discovery.matter.work import SourceRow, WorkStore
from thresher.service.discovery.productions.volume import Production, find_production

STAGE = "inventory"  # of exceptions that a load finds
_OF_OTHERS = ("mih_body_conflict",)  # found at the same stage by the search for copies


def source_of(matter: Matter, production: Production, custodian: str) -> SourceRow:
    """Return the SOURCE of a production: each load file of a volume has its own."""

    def is_meant(row: SourceRow) -> bool:
        kept = matter.store.get(f"production {row.number}")
        return kept is None or json.loads(kept).get("loadfile") == production.table

    root = production.root.resolve()
    return WorkStore(matter.store).source(str(root), custodian, root.name or "production", "production", is_meant)


def keep_choices(matter: Matter, source: SourceRow, production: Production, options: LoadOptions) -> None:
    """Keep with what a production was loaded."""
    kept = {"loadfile": production.table, "options": options.model_dump(mode="json", exclude_none=True)}
    matter.store.set(f"production {source.number}", json.dumps(kept))


def kept_choices(matter: Matter, source: SourceRow) -> tuple[Production, LoadOptions]:
    """Return a production as it lies there now, and with what it was loaded.

    Raises InputProblem where it is not there any more.
    """
    kept = json.loads(matter.store.get(f"production {source.number}") or "{}")
    production = find_production(Path(source.path), kept.get("loadfile"))
    return production, LoadOptions.model_validate(kept.get("options", {}))


def screen_again(matter: Matter, source: SourceRow) -> None:
    """Let the privilege screen read the documents of a production anew: their texts may be others now."""
    matter.store.connection.execute(
        "UPDATE screened SET screen = '' WHERE document_id IN (SELECT id FROM documents WHERE source = ?)",
        (source.number,),
    )


def resolve_gone(matter: Matter, source: SourceRow, found: set[str]) -> int:
    """Resolve the open exceptions of a production whose ids were not found again; return how many."""
    said = {"resolution": "resolved", "resolved_by": "import", "resolved_why": "loaded again, and not found any more"}
    gone = [
        fault.model_copy(update={**said, "last_attempt": now()})
        for fault in matter.store.exceptions(source=source.number)
        if fault.stage == STAGE
        and fault.resolution == "open"
        and fault.id not in found
        and fault.code not in _OF_OTHERS
    ]
    rows = [(fault.to_json(), fault.id) for fault in gone]
    if rows:
        event = matter.event("resolved_by_import", source=source.number, exceptions=len(rows))

        def update(connection: sqlite3.Connection) -> None:
            connection.executemany("UPDATE exceptions SET record = ? WHERE id = ?", rows)

        matter.store.write(Records(), event, update)
    return len(gone)
