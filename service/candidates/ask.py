"""Ask: a Document's values chosen from its own spans. Code ranks; the model decides only between near equals.

The model never writes a value: it may name one of the spans it is shown, or null. On the tuning documents the ranking
alone was right far more often than the small model choosing among the best five, so the model is asked only where the
ranking can not tell two different values apart, and its word counts only if it is the same in both orders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from schemas.document import Document
from schemas.errors import ModelProblem
from schemas.extraction import Attempt, Evidence, Extraction, Unresolved
from schemas.policy import Policy
from schemas.target import Field, Target
from service.candidates.find import candidates
from service.candidates.items import find_items
from service.candidates.layout import Layout, lay_out
from service.candidates.lists import several
from service.candidates.rank import ENOUGH
from service.candidates.span import Span
from service.candidates.values import Found, assemble
from service.candidates.wording import words_of
from service.llm.base import Message, Model, Question, Reply
from service.prompts import load_prompt

CLOSE = 0.01  # points of the ranking; only rivals as near as that are put to the model
SHOWN = 60  # characters of the words beside a span that the model sees
LEAST = {"precision": ENOUGH + 0.15, "balanced": ENOUGH, "recall": ENOUGH - 0.2}  # score by stance


@dataclass(slots=True)
class Asked:
    """What asking about one Document has come to."""

    model: Model
    policy: Policy
    found: list[Found] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def ask_candidates(model: Model, document: Document, index: int, target: Target, policy: Policy) -> Extraction:
    """One Extraction of the whole of the `index`th Document of a Unit: every value a span of its text, or null."""
    layout = lay_out(document, 0, len(document.text))
    asked = Asked(model, policy)
    for leaf in target.fields:
        if "*" not in leaf.path:
            asked.found += await _single(asked, layout, leaf)
        elif leaf.path.endswith("/*") and leaf.path.count("*") == 1:
            asked.found += [Found(f"{leaf.path[:-1]}{i}", s) for i, s in enumerate(several(candidates(layout, leaf)))]
    for pattern, items in find_items(layout, target).items():
        for i, item in enumerate(items):
            asked.found += [Found(path.replace(f"{pattern}/*", f"{pattern}/{i}", 1), s) for path, s in item.items()]
    return _extraction(asked, document, index, target)


def _extraction(asked: Asked, document: Document, index: int, target: Target) -> Extraction:
    unresolved = None
    if asked.failures:
        unresolved = Unresolved(chunk=0, reason=asked.failures[0], attempts=len(asked.attempts))
    return Extraction(
        chunk=0,
        document=index,
        data=assemble(target, asked.found),
        evidence=tuple(_evidence(document, f, own=index == 0) for f in asked.found),
        attempts=tuple(asked.attempts),
        unresolved=unresolved,
    )


def _evidence(document: Document, found: Found, *, own: bool) -> Evidence:
    span = found.span
    anchor = document.anchor(span.start, span.end)
    return Evidence(
        path=found.path,
        quote=document.text[span.start : span.end],
        start=span.start,
        end=span.end,
        page=anchor.page,
        boxes=anchor.boxes,
        part=anchor.part,
        match="exact" if str(span.value) == span.text else "normalised",
        chunk=0,
        source=None if own else document.source.path,
        confidence=document.confidence(span.start, span.end),
    )


async def _single(asked: Asked, layout: Layout, leaf: Field) -> list[Found]:
    """The value of a field that occurs once, if a span is good enough."""
    least = LEAST[asked.policy.stance]
    good = [s for s in candidates(layout, leaf) if s.score >= least]
    if not good:
        return []
    rival = next((s for s in good[1:] if s.value != good[0].value), None)
    if rival is None or good[0].score - rival.score >= CLOSE or not await _prefers(asked, leaf, good[0], rival):
        return [Found(leaf.path, good[0])]
    return [Found(leaf.path, rival)]


async def _prefers(asked: Asked, leaf: Field, first: Span, second: Span) -> bool:
    """Whether the model takes the second span in both orders."""
    if first.text == second.text:
        return False
    for options in ((first, second), (second, first)):
        if await _choice(asked, leaf, options) != second.text:
            return False
    return True


async def _choice(asked: Asked, leaf: Field, options: tuple[Span, ...]) -> str | None:
    question = question_for(leaf, options)
    try:
        reply = await asked.model.ask(question)
    except ModelProblem as problem:
        asked.failures.append(f"{problem.code}: {problem.message}")
        return None
    asked.attempts.append(_attempt(question, reply))
    return chosen(reply.text, options)


def question_for(leaf: Field, options: tuple[Span, ...]) -> Question:
    """The question which of some spans is the value of a field, or none."""
    prompt = load_prompt("choose")
    told = f" ({leaf.description})" if leaf.description else ""
    lines = "\n".join(f"{json.dumps(s.text, ensure_ascii=False)} beside: {s.label[-SHOWN:]}" for s in options)
    system, user = prompt.turns(field=f"{words_of(leaf.name)}{told}", options=lines)
    answer = {"enum": [*(s.text for s in options), None]}
    return Question(
        prompt=prompt.name,
        fingerprint=prompt.fingerprint,
        messages=(Message(role="system", content=system), Message(role="user", content=user)),
        schema={
            "type": "object",
            "properties": {"value": answer},
            "required": ["value"],
            "additionalProperties": False,
        },
        answer_tokens=20 + max(len(s.text) for s in options),
    )


def chosen(text: str, options: tuple[Span, ...]) -> str | None:
    """The span's text that a reply names; None for null and for anything else."""
    try:
        said: Any = json.loads(text)
    except ValueError:
        return None
    value = said.get("value") if isinstance(said, dict) else None
    return next((s.text for s in options if s.text == value), None)


def _attempt(question: Question, reply: Reply) -> Attempt:
    return Attempt(
        key=reply.key,
        model=reply.model,
        prompt=question.prompt,
        fingerprint=question.fingerprint,
        finish=reply.finish,
        prompt_tokens=reply.prompt_tokens,
        answer_tokens=reply.answer_tokens,
        cached_tokens=reply.cached_tokens,
        usd=reply.usd,
        seconds=reply.seconds,
        stored=reply.stored,
    )
