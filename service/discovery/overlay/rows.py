"""Make exactly one row for each document of a Matter: also for exceptions, duplicates, and what was held back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument, MatterException
from thresher.schemas.discovery.matter_codes import upper
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.overlay.columns import OverlayColumns, OverlayField
from thresher.service.discovery.overlay.field_cells import CONFIDENCES, FieldCells, ResultCells
from thresher.service.discovery.results_of_matter import MatterResults
from thresher.service.exports.rows import reasons_text

STATUSES = {
    "new": "NOT_PROCESSED",
    "extracted": "OK",
    "partial": "PARTIAL",
    "exception": "EXCEPTION",
    "held": "HELD",
    "skipped": "SKIPPED",
}


@dataclass(frozen=True, slots=True)
class DocumentKeys:
    """The key of each document: its Bates number, else its id; also its id where another has the same Bates number."""

    shared: frozenset[str]
    name: str  # of the key's column

    def of(self, document: MatterDocument) -> str:
        """Return the key of a document."""
        bates = document.bates_begin
        return bates if bates and bates not in self.shared else document.id


def document_keys(matter: Matter) -> DocumentKeys:
    """Return the keys of a Matter; their column is BEGBATES where every document has a number of its own."""
    run = matter.store.connection.execute
    shared = frozenset(
        row[0]
        for row in run("SELECT bates_begin FROM documents WHERE bates_begin IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1")
    )
    numbered = run("SELECT COUNT(*) > 0 AND COUNT(*) = COUNT(bates_begin) FROM documents").fetchone()[0]
    return DocumentKeys(shared, "BEGBATES" if numbered and not shared else "DOCID")


@dataclass(slots=True, kw_only=True)
class OverlayRows:
    """The rows of an overlay, in the order of the Matter."""

    matter: Matter
    results: MatterResults
    columns: OverlayColumns
    keys: DocumentKeys
    run: str
    _codes: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Gather what went wrong, by document."""
        for fault in self.matter.store.exceptions():
            if fault.document_id and _stands(fault):
                codes = self._codes.setdefault(fault.document_id, [])
                codes += [code for code in (upper(fault.code),) if code not in codes]

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield the cells of each document, as JSON values in the order of the columns."""
        for document in self.matter.store.documents():
            yield self._row(document)

    def _row(self, document: MatterDocument) -> list[Any]:
        given = (
            {one.result.target.fingerprint: one for one in self.results.reviewed(document)}
            if _may_show(document)
            else {}
        )
        cells = {fingerprint: ResultCells(document, one) for fingerprint, one in given.items()}
        made = [self._field(document, one, cells.get(one.fingerprint)) for one in self.columns.fields]
        reasons = "; ".join(filter(None, (reasons_text(one.result.reasons, []) for one in given.values())))
        own = [
            self.keys.of(document),
            STATUSES[document.state],
            _lowest(made),
            "; ".join(one.result.target.name for one in given.values()) or None,
            reasons or document.extra.get("skipped") or None,
            self.run,
            self._master(document),
            self._codes.get(document.id, []),
        ]
        return [*own, *(cell for one in made for cell in (one.value, one.cites, one.confidence, one.status))]

    def _field(self, document: MatterDocument, one: OverlayField, cells: ResultCells | None) -> FieldCells:
        if cells is not None:
            return cells.of(one.path)
        known = document.state in {"extracted", "partial"}
        return FieldCells(None, [], "", "OTHER_TARGET" if known else STATUSES[document.state])

    def _master(self, document: MatterDocument) -> str | None:
        master = self.matter.store.document(document.dup_of) if document.dup_of else None
        return self.keys.of(master) if master else document.dup_of


def _may_show(document: MatterDocument) -> bool:
    """Whether values may stand in a document's row: never where it is held or withheld, whatever a copy of it gave."""
    return document.state in {"extracted", "partial"} and not (document.held or document.withheld)


def _stands(fault: MatterException) -> bool:
    return fault.resolution != "resolved"


def _lowest(cells: list[FieldCells]) -> str:
    """Return the least confidence of the values in a row."""
    found = [one.confidence for one in cells if one.confidence]
    return min(found, key=CONFIDENCES.index) if found else ""
