"""Ask: what one Chunk states, asked of a model, repaired when it does not fit, and located in the text.

A Chunk may give several Extractions: when an answer is cut short its complete items are kept and only the rest of the
Chunk is asked for, in smaller parts, so that no question is ever sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.chunk import Chunk
from schemas.document import Document
from schemas.errors import InputProblem, ModelProblem
from schemas.extraction import Attempt, Evidence, Extraction, Unresolved, Unsupported
from schemas.policy import Policy
from schemas.result import FieldError
from schemas.target import Target
from service import pointers
from service.dialects.asked import Asked
from service.ground import NOT_FOUND, Grounded, Grounder
from service.lists.parts import rest
from service.lists.records import Structure
from service.llm.base import Message, Model, Question
from service.llm.reading import replied
from service.page_pictures import pictures_for
from service.planning.joining import Keys, joined
from service.prompts import load_prompt
from service.repair import ask_again, is_cut, parse
from service.seen import seen
from service.telemetry import tracing

BARREN = 2  # smallest parts of a Chunk whose answers were cut without a single item: the rest of it is not asked
MOST_QUOTES = 20  # values for which a passage is asked at once
MOST_TOLD = 3  # fields named where a question for some of them failed
QUOTE_TOKENS = 80  # of answer for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What stays the same over all Chunks of one Document."""

    model: Model
    target: Target
    asked: Asked
    policy: Policy
    answer_tokens: int
    structure: Structure | None = None  # of the Document, where it is known
    turn: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  # one answer is grounded at a time, so that questions go out
    beside: tuple[Asked, ...] = ()  # the other parts of a list item that is too wide for one question
    keys: Keys = field(default_factory=dict)  # what they share
    fields: tuple[str, ...] | None = None  # what is asked for, where it is not all of the target
    sample: int = 0  # number of the draw: lines asked once more are another question, not the stored answer again


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What asking gave: data that fits the asked schema as far as it goes, and why it does not go further."""

    data: dict[str, Any] | None
    attempts: tuple[Attempt, ...]
    cut: bool = False
    failure: str = ""


async def extract_chunk(ask: Ask, document: Document, chunk: Chunk, index: int = 0) -> list[Extraction]:
    """Extractions of one Chunk of the `index`th Document of a Unit, in text order.

    A cut answer that gave items is followed by a question about the text behind them; one that gave none by questions
    about halves, `Policy.splits` deep at most.
    """
    found: list[Extraction] = []
    todo = [(chunk, ask.policy.splits)]
    barren, fruitful = 0, False
    while todo:
        part, splits = todo.pop(0)
        extraction, rest = await _extract_part(ask, document, part, index)
        gained = bool(_ends(extraction.evidence))
        fruitful |= gained
        if rest and (splits or gained):
            todo = [(r, splits if gained else splits - 1) for r in rest] + todo
        elif rest is not None and not (gained and not rest):
            extraction, barren = _cut_off(extraction, part), barren + 1
        found.append(extraction)
        if barren == BARREN and not fruitful:
            break
    return found


async def _extract_part(
    ask: Ask, document: Document, chunk: Chunk, index: int
) -> tuple[Extraction, list[Chunk] | None]:
    """One Extraction, and the parts of the Chunk that a cut answer left to be asked; None of an answer that is whole."""
    with tracing.span("ask", {"thresher.chunk": chunk.index}):
        answer = await _whole_answer(ask, document, chunk)
        return await _located(ask, document, (chunk, answer), index)


async def _located(
    ask: Ask, document: Document, told: tuple[Chunk, Answer], index: int
) -> tuple[Extraction, list[Chunk] | None]:
    """What was told of a Chunk, with its Evidence."""
    chunk, answer = told
    data = answer.data or {}
    async with ask.turn:
        await asyncio.sleep(0)
        with tracing.span("ground", {"thresher.chunk": chunk.index}):
            grounder = Grounder(
                document, chunk, ask.target, fuzzy=ask.policy.least_similarity, own=index == 0, structure=ask.structure
            )
            grounded = grounder.ground(data)
    quoted, attempts = await _quotes(ask, grounder, chunk, grounded)
    grounded.evidence += quoted
    unsupported = [u for u in grounded.unsupported if u.path not in {e.path for e in quoted}]
    looked = [u for u in unsupported if u.reason == NOT_FOUND]
    pointed, more = await seen(ask.model, (document, chunk), looked, ask.policy)
    grounded.evidence += pointed
    unsupported = [u for u in unsupported if u.path not in {e.path for e in pointed}]
    extraction = Extraction(
        chunk=chunk.index,
        document=index,
        data=data,
        evidence=tuple(grounded.evidence + _marked(ask.policy, unsupported, chunk)),
        unsupported=() if ask.policy.ungrounded == "keep" else tuple(unsupported),
        attempts=answer.attempts + attempts + more,
        unresolved=_unresolved(ask, chunk, answer, document),
    )
    return extraction, list(rest(document, chunk, _ends(grounded.evidence))) if answer.cut else None


def _ends(evidence: Iterable[Evidence]) -> list[int]:
    """Where values of list items end."""
    return [e.end for e in evidence if e.end is not None and any(k.isdigit() for k in _keys(e.path))]


async def _whole_answer(ask: Ask, document: Document, chunk: Chunk) -> Answer:
    """The answer about a Chunk; where a list item is asked for in parts, one answer of those about the parts."""
    asks = [replace(ask, asked=asked, beside=()) for asked in (ask.asked, *ask.beside)]
    answers = await asyncio.gather(*(_answer(one, _question(one, document, chunk)) for one in asks))
    if len(answers) == 1:
        return answers[0]
    cut = [i for i, a in enumerate(answers) if a.cut]
    return Answer(
        data=joined([a.data for a in answers], ask.keys, cut),
        attempts=tuple(attempt for a in answers for attempt in a.attempts),
        cut=bool(cut),
        failure=next((a.failure for a in answers if a.failure), ""),
    )


def _marked(policy: Policy, unsupported: list[Unsupported], chunk: Chunk) -> list[Evidence]:
    """Where the Policy keeps what has no evidence, the mark that says so."""
    if policy.ungrounded == "drop":
        return []
    return [Evidence(path=u.path, quote="", start=None, end=None, match="none", chunk=chunk.index) for u in unsupported]


def _question(ask: Ask, document: Document, chunk: Chunk) -> Question:
    prompt = load_prompt("extract")
    system, text = prompt.turns(
        document=describe(document, chunk),
        context=f"CONTEXT:\n{chunk.context}\n" if chunk.context else "",
        text=chunk.text,
    )
    pictured = pictures_for(document, chunk, ask.policy, ask.model.facts)
    user = Message(role="user", content=text + pictured.sentence, images=pictured.images)
    return Question(
        prompt=prompt.name,
        fingerprint=prompt.fingerprint,
        messages=(Message(role="system", content=system), user),
        schema=ask.asked.schema,
        answer_tokens=ask.answer_tokens,
        temperature=ask.policy.temperature,
        sample=ask.sample,
        purpose="reask" if chunk.ranges else "ask",
    )


def describe(document: Document, chunk: Chunk | None = None) -> str:
    """A Document's name and the pages in hand, on one line: never its whole path, which differs between machines."""
    before = document.pages.first - 1
    first, last = (n - before for n in chunk.pages) if chunk and chunk.pages else (0, 0)
    pages = f", pages {first} to {last} of {len(document.pages)}" if first else ""
    return f"{document.source.name or 'unnamed'}{pages}"


async def _answer(ask: Ask, question: Question) -> Answer:
    """Ask, and let the model repair its answer as often as the Policy allows. What still fits is never thrown away."""
    attempts: list[Attempt] = []
    data: dict[str, Any] | None = None
    errors: list[FieldError] = []
    for _ in range(ask.policy.repairs + 1):
        try:
            reply = await ask.model.ask(question)
        except (ModelProblem, InputProblem) as problem:
            return Answer(data=data, attempts=tuple(attempts), failure=f"{problem.code}: {problem.message}")
        attempts.append(replied(question, reply))
        if reply.finish == "refusal":
            return Answer(data=data, attempts=tuple(attempts), failure="model_refused: the model refused to answer")
        data, errors = _fit(ask, parse(reply))
        cut = is_cut(reply)
        if cut or not errors:
            return Answer(data=_prune(data, errors), attempts=tuple(attempts), cut=cut)
        question = ask_again(question, reply, errors)
    failure = "model_misbehaved: " + "; ".join(f"{e.path or '/'} {e.message}" for e in errors[:3])
    return Answer(data=_prune(data, errors), attempts=tuple(attempts), failure=failure)


def _fit(ask: Ask, found: dict[str, Any] | None) -> tuple[dict[str, Any] | None, list[FieldError]]:
    if found is None:
        return None, [FieldError(path="", message="this is not a JSON object")]
    data = ask.asked.read(found)
    return data, ask.asked.check(data)


def _prune(data: dict[str, Any] | None, errors: list[FieldError]) -> dict[str, Any] | None:
    """The data without the values that do not fit; a missing value is null either way."""
    for error in errors:
        if data is not None and error.path:
            pointers.put(data, error.path, None)
    return data


async def _quotes(
    ask: Ask, grounder: Grounder, chunk: Chunk, grounded: Grounded
) -> tuple[list[Evidence], tuple[Attempt, ...]]:
    """For single facts that the text does not spell out (a yes or no, a class), the passage that shows them."""
    wanted = [u for u in grounded.unsupported if u.reason == NOT_FOUND and not any(k.isdigit() for k in _keys(u.path))]
    if not wanted or len(wanted) > MOST_QUOTES or not ask.policy.quotes:
        return [], ()
    question = _quote_question(ask, chunk, wanted)
    try:
        reply = await ask.model.ask(question)
    except (ModelProblem, InputProblem):
        return [], ()
    passages = parse(reply) or {}
    found = [(grounder.quote(u.path, str(passages.get(str(i)) or "")), u) for i, u in enumerate(wanted)]
    evidence = [e.model_copy(update={"match": "fuzzy"}) for e, _ in found if e is not None]
    return evidence, (replied(question, reply),)


def _keys(path: str) -> list[str]:
    return path.split("/")


def _quote_question(ask: Ask, chunk: Chunk, wanted: list[Unsupported]) -> Question:
    prompt = load_prompt("quote")
    values = "\n".join(f"{i}: {u.path} = {u.value}" for i, u in enumerate(wanted))
    system, text = prompt.turns(text=chunk.text, values=values)
    members = {str(i): {"type": ["string", "null"]} for i in range(len(wanted))}
    return Question(
        prompt=prompt.name,
        fingerprint=prompt.fingerprint,
        messages=(
            Message(role="system", content=system),
            Message(role="user", content=text),
        ),
        schema={"type": "object", "properties": members, "required": list(members), "additionalProperties": False},
        answer_tokens=QUOTE_TOKENS * len(wanted),
        temperature=ask.policy.temperature,
        purpose="evaluate",
    )


def _unresolved(ask: Ask, chunk: Chunk, answer: Answer, document: Document) -> Unresolved | None:
    if not answer.failure:
        return None
    source = document.source.path if document.source.parent else None
    reason = f"{answer.failure}{_of_fields(ask.fields)}"
    return Unresolved(chunk=chunk.index, pages=chunk.pages, reason=reason, attempts=len(answer.attempts), source=source)


def _of_fields(fields: tuple[str, ...] | None) -> str:
    """Which fields a failure is about, where it is not about all of the target."""
    if not fields:
        return ""
    more = f" and {len(fields) - MOST_TOLD} more" if len(fields) > MOST_TOLD else ""
    return f" (asked for {', '.join(fields[:MOST_TOLD])}{more})"


def _cut_off(extraction: Extraction, chunk: Chunk) -> Extraction:
    reason = "model_misbehaved: the answer was cut short however small the part"
    left = Unresolved(chunk=chunk.index, pages=chunk.pages, reason=reason, attempts=len(extraction.attempts))
    return extraction.model_copy(update={"unresolved": left})
