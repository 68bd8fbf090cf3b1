"""Make the four cells of a field: value, citations, confidence, status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.extraction import Evidence
from thresher.service.discovery.overlay.citations import ResultCitations
from thresher.service.exports.marks import Marks, marks_of
from thresher.service.exports.reviewed_results import ReviewedResult

CONFIDENCES = ("LOW", "MEDIUM", "HIGH")
_FOUND_BY_CODE = ("exact", "normalised")  # matches that leave no room for judgement
_NOT_LOOKED_FOR = frozenset({"unread", "unresolved", "prompt_cut"})  # codes of reasons
_SURE_OCR = 0.9  # confidence of the worst character, from which a reading by OCR counts like text


@dataclass(frozen=True, slots=True)
class FieldCells:
    """What is said of one field of one document."""

    value: Any
    cites: list[str]
    confidence: str
    status: str


class ResultCells:
    """The cells of one Result."""

    def __init__(self, document: MatterDocument, reviewed: ReviewedResult) -> None:
        """Take a document and a Result that speaks for it."""
        self._result, self._marks = reviewed.result, marks_of(reviewed)
        self._cites = ResultCitations(document, reviewed.result)
        self._unsupported = {one.path for one in self._result.unsupported}

    def of(self, path: str) -> FieldCells:
        """Return the cells of the field at a pointer."""
        value = json_pointer.get(self._result.values, path)
        evidence = self._result.evidence_of(path)
        status = self._status(path, value)
        return FieldCells(value, self._cites.of(path), _confidence(status, evidence), status)

    def _status(self, path: str, value: Any) -> str:
        marks: Marks = self._marks
        if path in marks.settled or any(settled.startswith(f"{path}/") for settled in marks.settled):
            return "CORRECTED"
        if value in (None, [], {}, ""):
            return self._empty(path)
        return "DOUBTFUL" if path in marks.below else "FOUND"

    def _empty(self, path: str) -> str:
        """Return why a field has no value: given and not in the text, not looked for everywhere, or not stated."""
        if any(p == path or p.startswith(f"{path}/") for p in self._unsupported):
            return "UNSUPPORTED"
        reasons = (*self._marks.below.get(path, ()), *(r for r in self._result.reasons if not r.path))
        return "UNREAD" if any(reason.code in _NOT_LOOKED_FOR for reason in reasons) else "ABSENT"


def _confidence(status: str, evidence: list[Evidence]) -> str:
    """Return HIGH for what code found as it stands or a person settled, LOW for what has a reason against it.

    MEDIUM is the rest: read through errors, judged, seen on a picture, derived, supplied by the target.
    """
    if status == "CORRECTED":
        return "HIGH"
    if status != "FOUND":
        return "LOW" if status == "DOUBTFUL" else ""
    sure = evidence and all(e.match in _FOUND_BY_CODE and (e.ocr_confidence or 1) >= _SURE_OCR for e in evidence)
    return "HIGH" if sure else "MEDIUM"
