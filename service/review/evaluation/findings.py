"""Apply an evaluator's answer to a value: evidence, removal as unsupported, or a mark that it is unproved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from thresher.chunkers.table_heads import TableHeads
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction, Unsupported, Verdict
from thresher.service.grounding.number_spans import scale_heads
from thresher.service.grounding.searchable_range import habits_of
from thresher.service.grounding.typed_spans import Habits
from thresher.service.review.evaluation.doubtful_values import DoubtfulValue
from thresher.service.review.evaluation.likely_passages import PASSAGE, Range, evidence_of
from thresher.service.review.evaluation.proof_in_passage import SearchedPassages, likeness, may_prove, place_in
from thresher.service.review.evaluation.supported_by_record import unproved

_LINE = re.compile(r"[^\n]*\S[^\n]*")
Finding = Literal["supported", "contradicted", "not_found"]
MIN_LIKENESS = 70.0  # likeness (0..100) from which a line shows a text that an evaluator supports
REASONS: dict[Finding, str] = {
    "supported": "an evaluator found it",
    "contradicted": "the text states something else",
    "not_found": "neither code nor an evaluator found it in the text",
}


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """An evaluator's finding, with the lines that it names, and the passage that ranks as likeliest."""

    finding: Finding
    lines: tuple[Range, ...]
    likeliest: Range | None = None
    excerpt: bool = False  # whether the evaluator was shown less than the whole text


@dataclass(frozen=True, slots=True)
class ValueFinding:
    """A value and what was found about it; None where there was no answer."""

    value: DoubtfulValue
    found: LocatedFinding | None = None
    evaluator: str = ""


def with_findings(
    index: int, extraction: Extraction, document: Document, answers: Sequence[ValueFinding]
) -> Extraction:
    """Return the `index`th Extraction with the findings about its values applied."""
    evidence: list[Evidence] = []
    lost: dict[str, Unsupported] = {u.path: u for u in extraction.unsupported}
    verdicts: list[Verdict] = []
    for answer in answers:
        for path in (p for i, p in answer.value.homes if i == index):
            found = answer.found
            if found:
                verdicts.append(
                    Verdict(path=path, finding=found.finding, reason=REASONS[found.finding], evaluator=answer.evaluator)
                )
            if found and found.finding != "supported" and not (_is_open(answer.value, found) or _is_absent(answer)):
                lost[path] = lost[path].model_copy(update={"reason": REASONS[found.finding]})
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


def _shown(extraction: Extraction, document: Document, answer: ValueFinding, path: str) -> Evidence | None:
    """Return evidence of a supported value: the lines that show it.

    None where they do not contain what they should show.
    """
    value, found = answer.value, answer.found
    if _is_absent(answer):
        return unproved(path, extraction.chunk, "judged").model_copy(update={"match": "judged"})
    if found is None or found.finding != "supported":
        return None
    lines = [r for r in found.lines if _may_show(document, r, value, path)]
    if value.method == "judged":
        lines = lines or ([found.likeliest] if found.likeliest else [])
    elif not lines and found.likeliest:
        lines = [r for r in _alike(document, found.likeliest, value.value) if not _is_of_another(r, value, path)]
    if not lines:
        return None
    if value.method == "judged":
        return _judged(extraction, document, lines, answer).moved(path)
    whole, guessed = "\n".join(document.text[a:b] for a, b in lines), _is_guessed(document, lines[0])
    passage = document.once(SearchedPassages).of(whole, guessed=guessed, habits=_habits(document, lines))
    if not may_prove(passage, value.value):
        return None
    return _read(extraction, document, lines, answer).moved(path)


def _habits(document: Document, lines: Sequence[Range]) -> Habits:
    """Return how figures are written on some lines: scaled by the headings of their tables."""
    heads = document.once(TableHeads)
    powers = scale_heads("\n".join(document.text[a:b] for start, _ in lines for a, b in heads.at(start)))
    return habits_of(document, powers)


def _is_absent(answer: ValueFinding) -> bool:
    """Whether a judgement says that a document has nothing of a kind, and the evaluator found nothing of it either."""
    found = answer.found
    return (
        found is not None
        and found.finding == "not_found"
        and answer.value.value is False
        and answer.value.method == "judged"
    )


def is_unseen(answer: ValueFinding) -> bool:
    """Whether a judgement that is no "no" was not found in passages that are not the whole text."""
    return answer.found is not None and answer.value.value is not False and _is_open(answer.value, answer.found)


def _is_open(value: DoubtfulValue, found: LocatedFinding) -> bool:
    """Whether a judgement is neither shown nor refuted.

    The evaluator saw only passages of the text, while the model that gave the judgement read all of its part.
    """
    return value.method == "judged" and found.finding == "not_found" and found.excerpt


def _may_show(document: Document, line: Range, value: DoubtfulValue, path: str) -> bool:
    """Whether a line may be among those that show a value: it is not another record's, or it shows the value by itself."""
    alone = not value.is_elsewhere and _is_alone(document, line, value.value)
    return alone or not _is_of_another(line, value, path)


def _is_of_another(line: Range, value: DoubtfulValue, path: str) -> bool:
    """Whether values of other records begin on a line, and none of the record of a path, nor of one in or around it."""
    above = path.rpartition("/")[0]
    there = {record for a, record in value.apart.items() if line[0] <= a < line[1]}
    return bool(there) and not any(f"{above}/".startswith(f"{r}/") or r.startswith(f"{above}/") for r in there)


def _alike(document: Document, passage: Range, value: object) -> list[Range]:
    """Return the line of a passage most similar to a text, if similar enough.

    Used where the evaluator named no line.
    """
    start, end = passage
    lines = [(start + m.start(), start + m.end()) for m in _LINE.finditer(document.text[start:end])]
    best = max(lines, key=lambda r: likeness(document.text[r[0] : r[1]], value), default=None)
    return [best] if best and likeness(document.text[best[0] : best[1]], value) >= MIN_LIKENESS else []


def _is_guessed(document: Document, place: Range) -> bool:
    return document.confidence(*place) is not None


def _judged(extraction: Extraction, document: Document, lines: Sequence[Range], answer: ValueFinding) -> Evidence:
    found = evidence_of(document, _joined(lines), extraction, answer.value.path)
    return found.model_copy(update={"match": "judged", "method": "judged"})


def _read(extraction: Extraction, document: Document, lines: Sequence[Range], answer: ValueFinding) -> Evidence:
    """Return evidence of a read value.

    It is the value's characters where a line contains them, else the only line that shows it, else all lines.
    """
    path, value, home = answer.value.path, answer.value.value, answer.value.wanted.home
    near = sorted(lines, key=lambda r: _distance(r, home))
    for start, end in near:
        guessed, habits = _is_guessed(document, (start, end)), _habits(document, [(start, end)])
        passage = document.once(SearchedPassages).of(document.text[start:end], guessed=guessed, habits=habits)
        place = place_in(passage, value)
        if place:
            found = evidence_of(document, (start + place[0], start + place[1]), extraction, path)
            return found.model_copy(update={"match": place[2]})
    one = next((r for r in near if _is_alone(document, r, value)), None)
    found = evidence_of(document, one or _joined(lines), extraction, path)
    return found.model_copy(update={"match": "fuzzy"})


def _is_alone(document: Document, line: Range, value: object) -> bool:
    """Whether one line shows a value by itself: all its figures, or words similar to it."""
    text = document.text[line[0] : line[1]]
    if any(c.isdigit() for c in str(value)):
        return may_prove(document.once(SearchedPassages).of(text), value)
    return likeness(text, value) >= MIN_LIKENESS


def _distance(line: Range, home: Range | None) -> int:
    """Return the distance of a line from the record of its value, in code points."""
    return max(home[0] - line[1], line[0] - home[1], 0) if home else 0


def _joined(lines: Sequence[Range]) -> Range:
    """Return one range for several lines, or the first line where they are far apart."""
    first, last = lines[0], lines[-1]
    return (first[0], last[1]) if last[1] - first[0] <= PASSAGE else first
