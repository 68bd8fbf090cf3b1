"""Let a model choose between supported values, one question for each Conflict (the Policy's rule "model").

It is shown every candidate with its passage, and may only choose one of them or none. Without a choice the value of the
default rule stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Calls, Evidence
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Question
from thresher.schemas.result import Candidate, Conflict
from thresher.schemas.target import Target
from thresher.service.merging.tree import Merged
from thresher.service.prompts.answer_repair import parse_answer
from thresher.service.prompts.fence import fenced, quoted
from thresher.service.prompts.optional_questions import try_ask
from thresher.service.prompts.questions import question_of

CONFLICTS_MAX = 200  # Conflicts of one Unit; those beyond stay as the default rule chose
CANDIDATES_MAX = 12  # candidates of one Conflict
PASSAGE_MARGIN_CHARS = 240  # code points of a passage on either side of a value
ANSWER_TOKENS = 160  # tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictResolution:
    """Hold the model, the target and the Documents."""

    model: Model
    target: Target
    policy: Policy
    documents: Sequence[Document]


async def decide(resolution: ConflictResolution, merged: Merged) -> Calls:
    """Ask about every Conflict, put the choices into the whole, and return the calls."""
    conflicts = merged.conflicts[:CONFLICTS_MAX]
    answers = await asyncio.gather(*(_ask(resolution, c) for c in conflicts))
    for i, (conflict, (chosen, reason, _)) in enumerate(zip(conflicts, answers, strict=True)):
        if chosen is not None:
            merged.conflicts[i] = conflict.model_copy(
                update={"chosen": chosen.value, "rule": "model", "reason": reason}
            )
            json_pointer.put(merged.data, conflict.path, chosen.value)
            merged.evidence = [_moved(e, conflict.path, chosen) for e in merged.evidence]
    return sum((calls for _, _, calls in answers), Calls())


def _moved(evidence: Evidence, path: str, chosen: Candidate) -> Evidence:
    return chosen.evidence.moved(path) if evidence.path == path else evidence


async def _ask(resolution: ConflictResolution, conflict: Conflict) -> tuple[Candidate | None, str, Calls]:
    """Return the chosen candidate, the model's reason and the call; None as candidate without a choice or an answer."""
    shown = conflict.candidates[:CANDIDATES_MAX]
    question = decision_of(resolution, conflict.path, shown)
    reply, calls = await try_ask(resolution.model, question)
    said = (reply and parse_answer(reply)) or {}
    number = said.get("choice")
    valid = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= len(shown)
    chosen = shown[number - 1] if valid and isinstance(number, int) else None
    return chosen, str(said.get("because") or ""), calls


def decision_of(resolution: ConflictResolution, path: str, shown: Sequence[Candidate]) -> Question:
    """Return the question about one path and its candidates."""
    field = next((f for f in resolution.target.fields if f.path == json_pointer.pattern(path)), None)
    told = f"{path}: {field.description}" if field and field.description else path
    blocks = [_shown(resolution, i, c) for i, c in enumerate(shown, 1)]
    candidates = "\n\n".join(blocks)
    values = {"field": told, "candidates": candidates, "fenced": fenced(candidates, "VALUES")}
    choice: dict[str, Any] = {"type": ["integer", "null"], "enum": [*range(1, len(shown) + 1), None]}
    free = resolution.model.facts.style == "free"  # a model that may only choose gives no reasons
    members = {"choice": choice, **({"because": {"type": ["string", "null"]}} if free else {})}
    schema = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    return question_of(
        "decide", resolution.policy.prompt("decide"), values, schema, ANSWER_TOKENS, resolution.policy.temperature
    )


def _shown(resolution: ConflictResolution, number: int, candidate: Candidate) -> str:
    """Return a candidate with its position and the words around it."""
    evidence = candidate.evidence
    head = f"VALUE {number}: {_on_one_line(candidate.value)}"
    if evidence.start is None or evidence.end is None:
        return f"{head}\n(it stands nowhere in the text)"
    document = next((d for d in resolution.documents if d.source.path == evidence.source), resolution.documents[0])
    where = [quoted(document.source.name or "unnamed"), *([f"page {evidence.page}"] if evidence.page else [])]
    return f"{head}\n({', '.join(where)}) {passage(document.text, evidence.start, evidence.end)}"


def _on_one_line(value: Any) -> str:
    """Return a value on one line; text that would take several, as JSON."""
    text = str(value)
    return quoted(text) if len(text.splitlines()) > 1 else text


def passage(text: str, start: int, end: int) -> str:
    """Return the whole words around a range, on one line.

    >>> passage("a" * 300 + " The total is 12 today.", 314, 316)
    'The total is 12 today.'
    """
    first, last = max(0, start - PASSAGE_MARGIN_CHARS), min(len(text), end + PASSAGE_MARGIN_CHARS)
    before, behind = text[first:start], text[end:last]
    before = before.partition(" ")[2] if first and " " in before else before
    behind = behind.rpartition(" ")[0] if last < len(text) and " " in behind else behind
    return " ".join(f"{before}{text[start:end]}{behind}".split())
