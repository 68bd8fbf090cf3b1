"""Let a person clear documents of privilege: who, when and why is kept, and stands in the log."""

from __future__ import annotations

from collections.abc import Iterable

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.privilege.screen import apply_holding


def find_document(matter: Matter, name: str) -> MatterDocument:
    """Return the document with an id, the beginning of one, or a first Bates number. Raises InputProblem(not_found)."""
    statement = "SELECT id FROM documents WHERE id = ? OR bates_begin = ? OR substr(id, 1, ?) = ? LIMIT 2"
    rows = matter.store.connection.execute(statement, (name, name, max(len(name), 8), name)).fetchall()
    found = matter.store.document(rows[0][0]) if len(rows) == 1 else None
    if found is None:
        raise InputProblem("not_found", f"{'several documents are' if rows else 'no document is'} called {name}")
    return found


def release(matter: Matter, names: Iterable[str], by: str, why: str) -> list[MatterDocument]:
    """Release held documents by id or Bates number; return all that are no longer held through it.

    Raises InputProblem: `not_found`, and `field_invalid` for a document that is not held, or without a name or a reason.
    """
    if not by.strip() or not why.strip():
        raise InputProblem("field_invalid", "a release needs --by and --why")
    documents = [find_document(matter, name) for name in names]
    for document in documents:
        if not document.held:
            raise InputProblem("field_invalid", f"{document.bates_begin or document.id} is not held")
    before = {d.id for d in matter.store.documents() if d.held}
    rows = [(d.id, now(), by, why) for d in documents]
    event = matter.event("released", documents=[d.id for d in documents], by=by, why=why)
    with matter.store.connection as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT OR REPLACE INTO releases VALUES (?, ?, ?, ?)", rows)
    matter.store.add_event(event)
    apply_holding(matter)
    return [d for d in matter.store.documents() if d.id in before and not d.held]
