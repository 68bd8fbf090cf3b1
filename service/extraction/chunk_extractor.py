"""Ask a model what one Chunk states, have it repair what does not fit, and locate the values in the text.

A Chunk may give several Extractions. When an answer is cut short, its complete items are kept, and only the rest of the
Chunk is asked about, in smaller parts: no question is ever sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem, ModelProblem, note
from thresher.schemas.extraction import Attempt, Evidence, Extraction, Unresolved
from thresher.schemas.policy import Policy
from thresher.schemas.question import Kind, Message, Model, Question, attempt_of_reply
from thresher.schemas.target import Target
from thresher.service.extraction.answer_so_far import Answer, AnswerSoFar
from thresher.service.extraction.kind_question import asks_kind, with_kind
from thresher.service.extraction.missed_records import lines_shown
from thresher.service.extraction.picture_values import evidence_in_pictures
from thresher.service.extraction.planning.group_join import Keys, joined
from thresher.service.grounding.grounder import NOT_FOUND, Grounder
from thresher.service.llm.page_images import images_of_chunk
from thresher.service.prompts.answer_repair import is_cut, parse_with_repair, repair_question
from thresher.service.prompts.part_description import about, shown
from thresher.service.prompts.questions import question_of
from thresher.service.provider_schemas.request_schema import RequestSchema
from thresher.service.records.chunk_parts import unanswered_parts
from thresher.service.records.structure import Structure
from thresher.service.telemetry import tracing

EMPTY_CUT_ANSWERS_MAX = 2  # after so many cut answers without an item the rest of a Chunk is not asked
NAMED_FIELDS_MAX = 3  # fields named where a question for some of them failed


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkExtractor:
    """What one group of fields is asked with, for all Chunks of one Document."""

    model: Model
    target: Target
    asked: RequestSchema
    policy: Policy
    answer_tokens: int
    structure: Structure | None = None  # of the Document, where it is known
    turn: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  # one answer is grounded at a time, so that questions go out
    beside: tuple[RequestSchema, ...] = ()  # the other parts of a list item that is too wide for one question
    keys: Keys = field(default_factory=dict)  # what they share
    fields: tuple[str, ...] | None = None  # what is asked for, where it is not all of the target
    of_kind: bool = False  # whether its first question also asks what the document is
    sample: int = 0  # number of the draw: lines asked once more are another question, not the stored answer again
    found_lines: frozenset[int] = frozenset()  # where lines of found records begin, for lines asked once more
    homes: frozenset[int] = frozenset()  # those of them that are a record's own


def is_empty(chunk: Chunk) -> bool:
    """Whether a Chunk holds no letter and no figure: nothing can be read in it.

    >>> is_empty(Chunk(index=0, start=0, end=9, text="---- * --", count=len))
    True
    """
    return not any(c.isalnum() for c in chunk.text)


async def extract_chunk(extractor: ChunkExtractor, document: Document, chunk: Chunk) -> list[Extraction]:
    """Return the Extractions of one Chunk of a Document, in text order.

    A cut answer that gave items is followed by a question about the text behind them; one that gave none by questions
    about halves, `Policy.splits` deep at most.
    """
    if is_empty(chunk):
        return [Extraction(chunk=chunk.index, document=document.ordinal)]
    found: list[Extraction] = []
    todo = [(chunk, extractor.policy.splits)]
    empty_cuts, has_items = 0, False
    while todo:
        part, splits = todo.pop(0)
        extraction, rest = await _extract_part(extractor, document, part)
        gave_items = bool(_ends(extraction.evidence))
        has_items |= gave_items
        if rest and (splits or gave_items):
            todo = [(r, splits if gave_items else splits - 1) for r in rest] + todo
        elif rest is not None and not (gave_items and not rest):
            extraction, empty_cuts = _cut_off(extraction, part), empty_cuts + 1
        found.append(extraction)
        if empty_cuts == EMPTY_CUT_ANSWERS_MAX and not has_items:
            break
    return found


async def _extract_part(
    extractor: ChunkExtractor, document: Document, chunk: Chunk
) -> tuple[Extraction, list[Chunk] | None]:
    """Return one Extraction, and the parts of the Chunk that are left to be asked; None where the answer is complete."""
    with tracing.span("ask", {"thresher.chunk": chunk.index}):
        answer = await _whole_answer(extractor, document, chunk)
        return await _located(extractor, document, chunk, answer)


async def _located(
    extractor: ChunkExtractor, document: Document, chunk: Chunk, answer: Answer
) -> tuple[Extraction, list[Chunk] | None]:
    """Locate the values in the text; ask the model about those not found, where pictures went along.

    Return the Extraction, and the parts that are left to be asked (None: complete).
    """
    data = answer.data or {}
    async with extractor.turn:
        await asyncio.sleep(0)
        with tracing.span("ground", {"thresher.chunk": chunk.index}):
            grounder = Grounder(
                document,
                chunk,
                extractor.target,
                fuzzy=extractor.policy.least_similarity,
                structure=extractor.structure,
                others=extractor.homes,
            )
            grounded = grounder.ground(data)
    looked = [u for u in grounded.unsupported if u.reason == NOT_FOUND]
    pointed, calls = await evidence_in_pictures(extractor.model, (document, chunk), looked, extractor.policy)
    located = {e.path for e in pointed}
    extraction = Extraction(
        chunk=chunk.index,
        document=document.ordinal,
        data=data,
        evidence=(*grounded.evidence, *pointed),
        unsupported=tuple(u for u in grounded.unsupported if u.path not in located),
        other_kind=answer.other_kind,
        attempts=answer.attempts + calls.attempts,
        failed=answer.failed + calls.failed,
        unresolved=_unresolved(extractor, chunk, answer, document),
        dismissed=answer.dismissed,
    )
    return extraction, list(unanswered_parts(document, chunk, _ends(grounded.evidence))) if answer.cut else None


def _ends(evidence: Iterable[Evidence]) -> list[int]:
    """Return where values of list items end."""
    return [e.end for e in evidence if e.end is not None and any(k.isdigit() for k in _keys(e.path))]


async def _whole_answer(extractor: ChunkExtractor, document: Document, chunk: Chunk) -> Answer:
    """Return the answer about a Chunk. Where a list item is asked for in parts, join the answers about the parts."""
    others = [replace(extractor, asked=asked, beside=(), of_kind=False) for asked in extractor.beside]
    asks = [replace(extractor, beside=()), *others]
    answers = await asyncio.gather(*(_answer(one, _question(one, document, chunk), chunk) for one in asks))
    if len(answers) == 1:
        return answers[0]
    cut = [i for i, a in enumerate(answers) if a.cut]
    return Answer(
        data=joined([a.data for a in answers], extractor.keys, cut),
        attempts=tuple(attempt for a in answers for attempt in a.attempts),
        cut=bool(cut),
        failure=next((a.failure for a in answers if a.failure), None),
        failed=tuple(code for a in answers for code in a.failed),
        other_kind=answers[0].other_kind,
        dismissed=tuple(sorted({at for a in answers for at in a.dismissed})),
    )


def _question(extractor: ChunkExtractor, document: Document, chunk: Chunk) -> Question:
    values = {**shown(document, chunk), "about": about(extractor.target, extractor.policy)}
    kind: Kind = "reask" if chunk.ranges else "extract"
    if chunk.ranges:
        values["fenced"] = lines_shown(document, chunk, extractor.found_lines)
    prompt = extractor.policy.prompt(kind)
    schema = extractor.asked.schema
    if extractor.of_kind and asks_kind(document, chunk, schema):
        schema = with_kind(schema, extractor.model.facts.dialect)
    question = question_of(kind, prompt, values, schema, extractor.answer_tokens, extractor.policy.temperature)
    pictured = images_of_chunk(document, chunk, extractor.policy, extractor.model.facts)
    return replace(pictured.put_into(question), sample=extractor.sample)


async def _answer(extractor: ChunkExtractor, question: Question, chunk: Chunk) -> Answer:
    """Ask, and let the model repair its answer as often as the Policy allows. Values that fit are never thrown away.

    A repair changes what was wrong and nothing else. The same question is never asked twice.
    """
    attempts: list[Attempt] = []
    said = AnswerSoFar(extractor.asked, chunk, extractor.of_kind)
    sent: list[tuple[Message, ...]] = []
    while len(sent) <= extractor.policy.repairs and question.messages not in sent:
        sent.append(question.messages)
        try:
            reply = await extractor.model.ask(question)
        except (ModelProblem, InputProblem) as problem:
            return replace(said.answer(attempts, failure=problem.note()), failed=(problem.code,))
        attempts.append(attempt_of_reply(question, reply))
        if reply.finish == "refusal":
            return said.answer(attempts, failure=note("model_refused"))
        said.take(parse_with_repair(reply, question.schema))
        if is_cut(reply) or not said.wrong:
            return said.answer(attempts, cut=is_cut(reply))
        question = repair_question(question, reply, said.wrong)
    return said.answer(attempts)


def _keys(path: str) -> list[str]:
    return path.split("/")


def _unresolved(extractor: ChunkExtractor, chunk: Chunk, answer: Answer, document: Document) -> Unresolved | None:
    if not answer.failure:
        return None
    source = document.source.path if document.source.parent else None
    return Unresolved(
        chunk=chunk.index,
        pages=chunk.pages,
        code=answer.failure.code,
        reason=f"{answer.failure.message}{_of_fields(extractor.fields)}",
        attempts=len(answer.attempts),
        source=source,
    )


def _of_fields(fields: tuple[str, ...] | None) -> str:
    """Return words that name the fields of a failure; "" where it is about the whole target."""
    if not fields:
        return ""
    more = f" and {len(fields) - NAMED_FIELDS_MAX} more" if len(fields) > NAMED_FIELDS_MAX else ""
    return f" (asked for {', '.join(fields[:NAMED_FIELDS_MAX])}{more})"


def _cut_off(extraction: Extraction, chunk: Chunk) -> Extraction:
    reason = "the answer was cut short however small the part"
    left = Unresolved(chunk=chunk.index, pages=chunk.pages, reason=reason, attempts=len(extraction.attempts))
    return extraction.model_copy(update={"unresolved": left})
