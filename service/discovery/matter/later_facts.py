"""Keep what later passes said of a document when its record is made again: copies, threads, privilege, its state."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.discovery.matter.rows import Row, document_row

_LATER = (
    "dup_of", "all_custodians", "all_paths", "thread_id", "thread_parent", "thread_depth", "link_evidence", "inclusive",
    "near_duplicate_of", "privilege_flags", "held",
)  # fmt: skip
_SETTLED = ("extracted", "partial", "held", "skipped")  # states that later passes gave


def with_later(rows: Iterable[Row], known: Callable[[str], MatterDocument | None]) -> list[Row]:
    """Return the rows of documents with what later passes had said of those that are `known` by their id."""
    made = []
    for row in rows:
        document, before = MatterDocument.from_json(str(row[-1])), known(str(row[0]))
        if before is not None:
            later = {name: getattr(before, name) for name in _LATER}
            state = before.state if before.state in _SETTLED else document.state
            document = document.model_copy(update={**later, "state": state})
        made.append(document_row(document, str(row[1])))
    return made
