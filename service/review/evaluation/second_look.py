"""Show an evaluator each value that grounding did not find, with the likeliest passages, before it is removed.

Only values that the evaluator contradicts or does not find are removed from the data, with its Verdict. For a value that it
supports, the lines it names become evidence, if they contain what they should show. A value without an answer stays, without
evidence.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.extraction import Calls, Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Question
from thresher.schemas.target import Target
from thresher.service.prompts.answer_repair import parse_answer
from thresher.service.prompts.fence import fenced, numbered, quoted
from thresher.service.prompts.optional_questions import try_ask
from thresher.service.prompts.questions import question_of
from thresher.service.review.evaluation.carried_headings import with_carried_headings
from thresher.service.review.evaluation.doubtful_values import DoubtfulValue, doubtful_values, known_elsewhere
from thresher.service.review.evaluation.findings import LocatedFinding, ValueFinding, is_unseen, with_findings
from thresher.service.review.evaluation.likely_passages import PassageQuery, Passages
from thresher.service.review.evaluation.supported_by_record import (
    Fields,
    unproved,
    with_record_evidence,
    without_unfound_records,
)

MAX_VALUES = 20  # values of one question
MAX_CALLS = 5  # calls for one Unit; values beyond them stay unanswered
TOKENS_PER_VALUE = 40  # tokens of answer for each value
VALUE_MAX_CHARS = 300  # characters of a value that are shown
FINDINGS = ["supported", "contradicted", "not_found"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """The model that is asked, and the Unit that it is asked about."""

    model: Model
    target: Target
    policy: Policy
    documents: Sequence[Document]

    async def over(self, extractions: Sequence[Extraction]) -> tuple[list[Extraction], Calls]:
        """Return the Extractions of a Unit with the results of the second look, and its calls."""
        if not extractions:
            return [], Calls()
        fields = Fields.of(self.target)
        known = known_elsewhere(with_carried_headings(extractions, self.documents, self.target), fields)
        known = [with_record_evidence(x, self.documents[x.document], self.target) for x in known]
        if self.policy.ungrounded == "keep":
            return [_kept(x, fields) for x in known], Calls()
        if not self.policy.quotes:
            return [without_unfound_records(x, fields) for x in known], Calls()
        answers, calls = await self._answers(doubtful_values(known, fields))
        looked = [self._looked(i, x, answers) for i, x in enumerate(known)]
        looked = [
            without_unfound_records(with_record_evidence(x, self.documents[x.document], self.target), fields)
            for x in looked
        ]
        return looked, calls

    def _looked(self, index: int, extraction: Extraction, answers: list[ValueFinding]) -> Extraction:
        own = [a for a in answers if any(i == index for i, _ in a.value.homes)]
        return with_findings(index, extraction, self.documents[extraction.document], own) if own else extraction

    async def _answers(self, values: list[DoubtfulValue]) -> tuple[list[ValueFinding], Calls]:
        """Return the answers about all values, and the calls."""
        batches = [(d, of[n : n + MAX_VALUES]) for d, of in _by_document(values) for n in range(0, len(of), MAX_VALUES)]
        passages = {d: Passages(self.documents[d]) for d, _ in batches}
        made = await asyncio.gather(*(self._ask(passages[d], b) for d, b in batches[:MAX_CALLS]))
        unasked = [ValueFinding(v) for _, b in batches[MAX_CALLS:] for v in b]
        answers = [a for answered, _ in made for a in answered]
        return [*answers, *unasked], sum((calls for _, calls in made), Calls())

    async def _ask(self, passages: Passages, values: list[DoubtfulValue]) -> tuple[list[ValueFinding], Calls]:
        """Return what is found about some values; judgements that the first passages do not bear out get further ones."""
        answers, calls = await self._look(passages, values)
        again = [i for i, answer in enumerate(answers) if answer.value.wanted.whole and is_unseen(answer)]
        if again:
            further, more = await self._look(passages, [values[i] for i in again], further=True)
            answers = [*answers]
            for i, answer in zip(again, further, strict=True):
                answers[i] = answer if answer.found else answers[i]
            calls += more
        return answers, calls

    async def _look(
        self, passages: Passages, values: list[DoubtfulValue], *, further: bool = False
    ) -> tuple[list[ValueFinding], Calls]:
        wanted = [v.wanted for v in values]
        shown = passages.shown(wanted, further=further)
        question = evaluation_question(passages, shown, values, self.policy.temperature)
        reply, calls = await try_ask(self.model, question)
        if reply is None:
            return [ValueFinding(v) for v in values], calls
        said = parse_answer(reply) or {}
        found = [_found(said.get(str(i)), v.wanted, passages, shown) for i, v in enumerate(values, 1)]
        return [ValueFinding(v, f, question.prompt) for v, f in zip(values, found, strict=True)], calls


def _kept(extraction: Extraction, fields: Fields) -> Extraction:
    """Return the Extraction with all unsupported values kept and marked as unproved."""
    marks = [unproved(u.path, extraction.chunk, fields.method(u.path)) for u in extraction.unsupported]
    return extraction.model_copy(update={"evidence": (*extraction.evidence, *marks), "unsupported": ()})


def _by_document(values: Iterable[DoubtfulValue]) -> Iterator[tuple[int, list[DoubtfulValue]]]:
    groups: dict[int, list[DoubtfulValue]] = {}
    for value in values:
        groups.setdefault(value.document, []).append(value)
    yield from sorted(groups.items())


def _found(said: Any, wanted: PassageQuery, passages: Passages, shown: list[int]) -> LocatedFinding | None:
    """Return a finding as answered, with the ranges of its lines; None where the answer is invalid."""
    if not isinstance(said, dict) or said.get("finding") not in FINDINGS:
        return None
    named = said.get("lines")
    numbers = [n for n in (named if isinstance(named, list) else ()) if isinstance(n, int) and 1 <= n <= len(shown)]
    lines = tuple(passages.lines[shown[n - 1]] for n in dict.fromkeys(numbers))
    likeliest = passages.likeliest(wanted, shown) if shown else None
    return LocatedFinding(said["finding"], tuple(sorted(lines)), likeliest, excerpt=len(shown) < len(passages.lines))


def evaluation_question(
    passages: Passages, shown: Sequence[int], values: Sequence[DoubtfulValue], temperature: float = 0.0
) -> Question:
    """Return the question about some values; its answer has a finding for each by its number from 1."""
    document = passages.document
    parts = {
        "document": _named(document, [passages.lines[n] for n in shown]),
        "passages": fenced(_numbered(passages, shown), "PASSAGES"),
        "values": "\n".join(f"{i}: {_told(v)}" for i, v in enumerate(values, 1)),
    }
    finding = {
        "type": "object",
        "properties": {
            "finding": {"type": "string", "enum": FINDINGS},
            "lines": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["finding", "lines"],
        "additionalProperties": False,
    }
    members = {str(i): finding for i in range(1, len(values) + 1)}
    schema = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    return question_of("look", "look", parts, schema, TOKENS_PER_VALUE * len(values) + TOKENS_PER_VALUE, temperature)


def _named(document: Document, lines: Iterable[tuple[int, int]]) -> str:
    """Return a Document's name, and whether OCR read all or some of the lines."""
    read = [document.confidence(start, end) is not None or _is_scan(document, start) for start, end in lines]
    ocr = ", its text read by OCR" if all(read) else ", some of its text read by OCR" if any(read) else ""
    return quoted(document.source.name or "unnamed") + (ocr if read else "")


def _is_scan(document: Document, offset: int) -> bool:
    page = document.page_at(offset)
    return page is not None and bool(document.pages.ocr[page - document.pages.first])


def _numbered(passages: Passages, shown: Sequence[int]) -> str:
    """Return lines with their numbers, and a line of dots where others are left out."""
    text, lines, written = passages.document.text, passages.lines, []
    for n, i in enumerate(shown, 1):
        if n > 1 and shown[n - 2] != i - 1:
            written.append("…")
        start, end = lines[i]
        written.append(numbered([" ".join(text[start:end].split("\n"))], n))
    return "\n".join(written)


def _told(value: DoubtfulValue) -> str:
    """Return a value and its path on one line, with its field and record below."""
    shown = " ".join(str(value.value).split())
    shown = shown if len(shown) <= VALUE_MAX_CHARS else f"{shown[:VALUE_MAX_CHARS]}…"
    lines = [f"{value.path} = {shown}"]
    lines += [f"   field: {value.wanted.about}"] if value.wanted.about else []
    lines += [f"   record: {json.dumps(value.record, ensure_ascii=False)[:VALUE_MAX_CHARS]}"] if value.record else []
    lines += [f"   {len(value.homes) - 1} more records have the same"] if len(value.homes) > 1 and value.own else []
    return "\n".join(lines)
