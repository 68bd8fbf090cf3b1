"""Start here: one Unit (a file with what it holds) to one Result, one sentence a stage.

Source --read--> Document --chunk--> Chunks --ask--> Extractions --ground--> --merge--> Result
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from chunkers.base import Counter
from chunkers.members import choose
from schemas.chunk import Chunk
from schemas.document import Document
from schemas.extraction import Extraction
from schemas.policy import Policy
from schemas.result import Result
from schemas.target import Target
from service.ask import Ask, extract_chunk
from service.asked import Asked
from service.candidates.ask import ask_candidates
from service.llm.base import Model
from service.merge.tree import merge
from service.outcome import Asking, has_text, outcome
from service.plan import Plan


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
    extractions = [x for _, found in answered for x in found]
    merged = merge(extractions, engine.target, engine.policy.conflict)
    asking = Asking(documents=documents, chunks=sum(n for n, _ in answered), extractions=extractions)
    return outcome(asking, merged, engine.target)


def chunks_of(engine: Engine, document: Document) -> list[Chunk]:
    """The Chunks of one Document, as the Policy and the plan want them."""
    chunker = choose(document, engine.policy.chunker)
    return list(chunker.chunk(document, engine.plan.chunk, engine.count, engine.policy.overlap_tokens))


async def _by_chunks(engine: Engine, document: Document, index: int) -> tuple[int, list[Extraction]]:
    """Ask every Chunk; the model's own limits decide how many are in flight. Results come in document order."""
    ask = Ask(
        model=engine.model,
        target=engine.target,
        asked=engine.asked,
        policy=engine.policy,
        answer_tokens=engine.plan.answer,
    )
    chunks = chunks_of(engine, document)
    found = await asyncio.gather(*(extract_chunk(ask, document, c, index) for c in chunks))
    return len(chunks), [x for some in found for x in some]


async def _by_candidates(engine: Engine, document: Document, index: int) -> tuple[int, list[Extraction]]:
    """Let the model choose among spans of the whole Document: code reads all of it, the model only what it must."""
    return 1, [await ask_candidates(engine.model, document, index, engine.target, engine.policy)]
