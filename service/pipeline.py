"""Start here: one Unit (a file with what it holds) to one Result, one sentence a stage.

Source --read--> Document --chunk--> Chunks --ask--> Extractions --ground--> --merge--> Result
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Any

from chunkers.base import NO_RECORDS, Counter, Records
from chunkers.members import choose
from schemas.chunk import Chunk
from schemas.document import Document
from schemas.extraction import Extraction
from schemas.policy import Policy
from schemas.result import Result
from schemas.target import Target
from service.ask import Ask, extract_chunk
from service.asked import Asked
from service.ledger import Ledger, ledger_of
from service.llm.base import Model
from service.merge.tree import merge
from service.outcome import Asking, has_text, outcome
from service.parts import Range, again
from service.plan import Plan
from service.records import Structure, structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What asking about one Document gave."""

    chunks: int
    extractions: list[Extraction]  # in document order
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that one run uses for every Unit."""

    model: Model
    target: Target
    asked: Asked  # the target in the shape that the model is asked for
    policy: Policy
    plan: Plan
    count: Counter  # tokens of a text, as the model will be charged for them


async def process(engine: Engine, documents: list[Document]) -> Result[Any]:
    """The Result of the Documents of one Unit, its own Document first. Raises InputProblem(budget_too_small)."""
    readable = [(i, d) for i, d in enumerate(documents) if has_text(d)]
    ask = _by_candidates if engine.model.facts.style == "candidates" else _by_chunks
    answered = await asyncio.gather(*(ask(engine, d, i) for i, d in readable))
    extractions = [x for a in answered for x in a.extractions]
    merged = merge(extractions, engine.target, engine.policy.conflict)
    ledgers = {i: a.ledger for (i, _), a in zip(readable, answered, strict=True)}
    chunks = sum(a.chunks for a in answered)
    asking = Asking(documents=documents, chunks=chunks, extractions=extractions, ledgers=ledgers)
    return outcome(asking, merged, engine.target)


def chunks_of(engine: Engine, document: Document, known: Structure | None = None) -> list[Chunk]:
    """The Chunks of one Document, as the Policy and the plan want them.

    Where lists are wanted a Chunk holds whole records, and no more of them than a model can be trusted to give at once.
    """
    policy = engine.policy
    records = NO_RECORDS
    if engine.target.lists and policy.chunk_tokens is None:
        records = Records((known or structure(document)).starts, policy.most_records)
    chunker = choose(document, policy.chunker)
    return list(chunker.chunk(document, engine.plan.chunk, engine.count, policy.overlap_tokens, records))


async def _by_chunks(engine: Engine, document: Document, index: int) -> Answered:
    """Ask every Chunk; the model's own limits decide how many are in flight. Results come in document order."""
    known = structure(document)
    ask = Ask(
        model=engine.model,
        target=engine.target,
        asked=engine.asked,
        policy=engine.policy,
        answer_tokens=engine.plan.answer,
        structure=known,
    )
    chunks = chunks_of(engine, document, known)
    found = await _all(ask, document, chunks, index)
    ledger = ledger_of(document, found, engine.target, known)
    for draw in range(1, engine.policy.reasks + 1):
        missed = _missed(document, chunks, ledger)
        if not missed:
            break
        found += await _all(replace(ask, sample=draw), document, missed, index)
        ledger = ledger_of(document, found, engine.target, known)
    return Answered(chunks=len(chunks), extractions=found, ledger=ledger)


async def _all(ask: Ask, document: Document, chunks: list[Chunk], index: int) -> list[Extraction]:
    found = await asyncio.gather(*(extract_chunk(ask, document, c, index) for c in chunks))
    return [x for some in found for x in some]


def _missed(document: Document, chunks: list[Chunk], ledger: Ledger) -> list[Chunk]:
    """For each Chunk with records that seem to be missed, a Chunk of their lines alone.

    The ledger is of the whole Document and is drawn up only when every Chunk has answered, so that what is asked again
    never depends on which answer came first.
    """
    by_chunk: dict[int, list[tuple[Range, ...]]] = {}
    starts = [c.start for c in chunks]
    for lines in ledger.unclaimed:
        by_chunk.setdefault(max(bisect_right(starts, lines[0][0]) - 1, 0), []).append(lines)
    return [again(document, chunks[i], records) for i, records in sorted(by_chunk.items())]


async def _by_candidates(engine: Engine, document: Document, index: int) -> Answered:
    """Let the model choose among spans of the whole Document: code reads all of it, the model only what it must."""
    from service.candidates.ask import ask_candidates  # noqa: PLC0415 - only for models that choose

    found = [await ask_candidates(engine.model, document, index, engine.target, engine.policy)]
    return Answered(chunks=1, extractions=found, ledger=ledger_of(document, found, engine.target))
