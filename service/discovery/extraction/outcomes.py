"""Keep what the extraction of each document came to: in the table of outcomes, in the document's state, in the log.

A document, its outcome, its exceptions and the event that tells of them are one transaction. What is there already is
not written again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from thresher.schemas.discovery.matter import MatterDocument, MatterException, State
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.matter.rows import Records

STAGE = "extract"
PASSED_OVER = "skipped"  # in `extra` of a document: why it is passed over


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the extraction of one document with one target came to."""

    target: str  # name of the target; "" where the document was not asked
    document_id: str
    state: State
    reason: str = ""  # one word: "privilege", "withheld", "not_of_this_kind", a code …
    results: tuple[str, ...] = ()  # files below results/
    answered_by: str | None = None  # the document whose answer it is, where it is a copy


class Outcomes:
    """The outcomes of one Matter."""

    def __init__(self, matter: Matter) -> None:
        """Write to an open Matter."""
        self._matter = matter
        self._connection = matter.store.connection

    def of(self, document_id: str) -> list[Outcome]:
        """Return the outcomes of a document, by target."""
        statement = "SELECT * FROM outcomes WHERE document_id = ? ORDER BY target"
        return [_outcome(row) for row in self._connection.execute(statement, (document_id,))]

    def get(self, target: str, document_id: str) -> Outcome | None:
        """Return one outcome; None where there is none."""
        return next((o for o in self.of(document_id) if o.target == target), None)

    def asked_before(self) -> frozenset[str]:
        """Return the documents that an extraction has looked at."""
        return frozenset(row[0] for row in self._connection.execute("SELECT DISTINCT document_id FROM outcomes"))

    def write(
        self,
        outcomes: Iterable[Outcome],
        exceptions: Iterable[MatterException] = (),
        **facts: str | int | list[str] | None,
    ) -> int:
        """Write what is new among outcomes and exceptions; return how many outcomes are."""
        changed = [o for o in outcomes if self._is_new(o)]
        records = Records()
        for exception in self._exceptions(changed, list(exceptions)):
            records.exception(exception, self._matter.store.place(exception.document_id or "") or "")
        if not changed and not records.exceptions:
            return 0
        for outcome in changed:
            document = self._matter.store.document(outcome.document_id)
            place = self._matter.store.place(outcome.document_id)
            if document is not None and place is not None:
                records.document(_with_state(document, outcome), place)
        rows = [_row(o) for o in changed]
        asked = [(o.document_id,) for o in changed if o.target]

        def also(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM outcomes WHERE target = '' AND document_id = ?", asked)
            connection.executemany("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", rows)

        told = [{"id": o.document_id, "state": o.state, "reason": o.reason, "target": o.target,
                 "results": list(o.results), "answered_by": o.answered_by} for o in changed]  # fmt: skip
        self._matter.store.write(records, self._matter.event("extracted", documents=told, **facts), also)
        return len(changed)

    def _is_new(self, outcome: Outcome) -> bool:
        """Whether an outcome is another than before, or the document's state was taken back since (it was released)."""
        if self.get(outcome.target, outcome.document_id) != outcome:
            return True
        document = self._matter.store.document(outcome.document_id)
        return document is not None and document.state in {"new", "held"} and document.state != outcome.state

    def _exceptions(self, outcomes: list[Outcome], found: list[MatterException]) -> list[MatterException]:
        """Return exceptions that are new, and earlier ones of these documents that no longer stand, as resolved."""
        known = {e.id: e for o in outcomes for e in self._known(o.document_id)}
        ids = {e.id for e in found}
        passed = {o.document_id: f"not asked any more: {o.reason}" for o in outcomes if o.state in {"held", "skipped"}}
        gone = [
            e.model_copy(
                update={
                    "resolution": "resolved",
                    "resolved_by": "thresher",
                    "resolved_why": passed.get(e.document_id or "", "extracted again"),
                }
            )
            for e in known.values()
            if e.id not in ids and e.resolution == "open"
        ]
        new = [e for e in found if e.id not in known or known[e.id].resolution != "open"]
        at = now()
        return [e.model_copy(update={"first_attempt": e.first_attempt or at, "last_attempt": at}) for e in new] + gone

    def _known(self, document_id: str) -> list[MatterException]:
        statement = "SELECT record FROM exceptions WHERE document_id = ? AND stage = ?"
        rows = self._connection.execute(statement, (document_id, STAGE))
        return [MatterException.from_json(row[0]) for row in rows]


def _with_state(document: MatterDocument, outcome: Outcome) -> MatterDocument:
    """Return the document in its new state; why it was passed over stands in its `extra`, too."""
    extra = {name: value for name, value in document.extra.items() if name != PASSED_OVER}
    if outcome.state == "skipped":
        extra[PASSED_OVER] = outcome.reason
    return document.model_copy(update={"state": outcome.state, "extra": extra})


def _outcome(row: tuple[str, str, State, str, str, str | None]) -> Outcome:
    target, document_id, state, reason, results, answered_by = row
    return Outcome(target=target, document_id=document_id, state=state, reason=reason,
                   results=tuple(json.loads(results)), answered_by=answered_by)  # fmt: skip


def _row(outcome: Outcome) -> tuple[str, str, str, str, str, str | None]:
    return (outcome.target, outcome.document_id, outcome.state, outcome.reason, json.dumps(outcome.results),
            outcome.answered_by)  # fmt: skip
