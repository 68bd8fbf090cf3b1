"""Say what became of exceptions: resolved, waived, or open again; by whom, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from thresher.schemas.discovery.matter import MatterException, Resolution
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records

ID_MIN_CHARS = 6  # of an id that is given by its beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which exceptions are meant: by id or its beginning, by code, by document. All that are given must hold."""

    ids: tuple[str, ...] = ()
    code: str | None = None  # in lower or upper case
    document: str | None = None  # id or Bates number


def resolve(matter: Matter, chosen: Chosen, resolution: Resolution, by: str, why: str) -> int:
    """Set the resolution of exceptions, in one transaction with the event that tells of it; return how many.

    Raises InputProblem: field_invalid for a missing reason, an unknown code or resolution; not_found for no exception.
    """
    if resolution not in get_args(Resolution):
        raise InputProblem("field_invalid", f"--as {resolution}: {', '.join(get_args(Resolution))}")
    if not why.strip() and resolution != "open":
        raise InputProblem("field_invalid", "--why: say why, for whoever reads it in a year")
    found = list(chosen_exceptions(matter, chosen))
    if not found:
        raise InputProblem("not_found", "no exception is meant by that")
    said: dict[str, str | None] = {"resolution": resolution, "resolved_by": by, "resolved_why": why.strip()}
    if resolution == "open":
        said = {"resolution": "open", "resolved_by": None, "resolved_why": None}
    ids = [one.id for one in found]
    event = matter.event("exceptions_resolved", resolution=resolution, by=by, why=why.strip(), exceptions=ids)
    changed = [one.model_copy(update=said) for one in found]
    replace_exceptions(matter, changed, event)
    return len(found)


def chosen_exceptions(matter: Matter, chosen: Chosen) -> Iterator[MatterException]:
    """Yield the exceptions that are meant. Raises InputProblem(field_invalid)."""
    code = (chosen.code or "").lower() or None
    if code and code not in EXCEPTION_CODES:
        raise InputProblem("field_invalid", f"{chosen.code} is not an exception code")
    if any(len(given) < ID_MIN_CHARS for given in chosen.ids):
        raise InputProblem("field_invalid", f"the beginning of an id has {ID_MIN_CHARS} characters at least")
    if not (chosen.ids or code or chosen.document):
        raise InputProblem("field_invalid", "name exceptions by id, --code or --document")
    document = _document_id(matter, chosen.document)
    for one in matter.store.exceptions(code=code):
        meant = not chosen.ids or one.id.startswith(chosen.ids)
        if meant and (document is None or one.document_id == document):
            yield one


def _document_id(matter: Matter, named: str | None) -> str | None:
    """Return the id of a document that is named by it or by its Bates number. Raises InputProblem(not_found)."""
    if named is None:
        return None
    row = matter.store.connection.execute(
        "SELECT id FROM documents WHERE id = ? OR bates_begin = ?", (named, named)
    ).fetchone()
    if row is None:
        raise InputProblem("not_found", f"document {named}")
    return str(row[0])


def replace_exceptions(matter: Matter, changed: Iterable[MatterException], event: dict[str, object]) -> None:
    """Replace exceptions that are there, each keeping its place."""
    connection = matter.store.connection

    def also(_: object) -> None:
        connection.executemany(
            "UPDATE exceptions SET record = ? WHERE id = ?", ((one.to_json(), one.id) for one in changed)
        )

    matter.store.write(Records(), event, also)
    matter.write_log()
