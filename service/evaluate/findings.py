"""Findings: what an evaluator's answer makes of a value: evidence, a place among the unsupported, or a mark of doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from schemas.document import Document
from schemas.extraction import Evidence, Extraction, Unsupported, Verdict
from service.evaluate.passages import PASSAGE, Range, evidence_of
from service.evaluate.proving import may_prove, place_in
from service.evaluate.resting import unproved
from service.evaluate.values import Doubted

Finding = Literal["supported", "contradicted", "not_found"]
SAID: dict[Finding, str] = {
    "supported": "an evaluator found it",
    "contradicted": "the text states something else",
    "not_found": "neither code nor an evaluator found it in the text",
}


@dataclass(frozen=True, slots=True)
class Found:
    """An evaluator's finding, with the lines that it names, and the passage that code thinks likeliest."""

    finding: Finding
    lines: tuple[Range, ...]
    likeliest: Range | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A value and what was found of it; None where nothing was answered."""

    value: Doubted
    found: Found | None = None
    evaluator: str = ""


def judged_by(index: int, extraction: Extraction, document: Document, answers: Sequence[Answered]) -> Extraction:
    """Return the `index`th Extraction with what was found of its values."""
    evidence: list[Evidence] = []
    lost: dict[str, Unsupported] = {u.path: u for u in extraction.unsupported}
    verdicts: list[Verdict] = []
    for answer in answers:
        for path in (p for i, p in answer.value.homes if i == index):
            found = answer.found
            if found:
                verdicts.append(
                    Verdict(path=path, finding=found.finding, reason=SAID[found.finding], evaluator=answer.evaluator)
                )
            if found and found.finding != "supported":
                lost[path] = lost[path].model_copy(update={"reason": SAID[found.finding]})
                continue
            del lost[path]
            shown = _shown(extraction, document, answer, path)
            evidence.append(shown or unproved(path, extraction.chunk, answer.value.method))
    return extraction.model_copy(
        update={
            "evidence": (*extraction.evidence, *evidence),
            "unsupported": tuple(lost.values()),
            "verdicts": (*extraction.verdicts, *verdicts),
        }
    )


def _shown(extraction: Extraction, document: Document, answer: Answered, path: str) -> Evidence | None:
    """Evidence of a supported value: the lines that show it; None where they do not hold what they are to show."""
    value, found = answer.value, answer.found
    if found is None:
        return None
    lines = [r for r in found.lines if not any(r[0] <= a < r[1] for a in value.apart)]
    if value.method == "judged":
        lines = lines or [found.likeliest] if found.likeliest else lines
    if not lines or not may_prove("\n".join(document.text[a:b] for a, b in lines), value.value):
        return None
    return (
        _judged(extraction, document, lines, path)
        if value.method == "judged"
        else _read(extraction, document, lines, answer, path)
    )


def _judged(extraction: Extraction, document: Document, lines: Sequence[Range], path: str) -> Evidence:
    found = evidence_of(document, _joined(lines), extraction, path)
    return found.model_copy(update={"match": "judged", "method": "judged"})


def _read(extraction: Extraction, document: Document, lines: Sequence[Range], answer: Answered, path: str) -> Evidence:
    """Evidence of a read value: the characters themselves where one line holds them, else the lines."""
    for start, end in lines:
        place = place_in(document.text[start:end], answer.value.value)
        if place:
            found = evidence_of(document, (start + place[0], start + place[1]), extraction, path)
            return found.model_copy(update={"match": place[2]})
    found = evidence_of(document, _joined(lines), extraction, path)
    return found.model_copy(update={"match": "fuzzy"})


def _joined(lines: Sequence[Range]) -> Range:
    """One range for several lines, or the first of them where they stand far apart."""
    first, last = lines[0], lines[-1]
    return (first[0], last[1]) if last[1] - first[0] <= PASSAGE else first
