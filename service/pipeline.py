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
from schemas.errors import InputProblem
from schemas.extraction import Extraction
from schemas.policy import Policy
from schemas.result import Result
from schemas.target import Target
from service.asked import Asked, asked_for
from service.candidates import ask_candidates
from service.extract import Ask, extract
from service.llm.base import Model
from service.merge.tree import merge
from service.outcome import Asked as Questions
from service.outcome import has_text, outcome
from service.prompts import load_prompt

LIST_CHUNK = 3_000  # tokens of a Chunk where lists are wanted: models drop rows when an answer is to hold hundreds
CHUNK = 12_000  # where only single facts are wanted
LIST_ANSWER, FIELD_ANSWER, LEAST_ANSWER = 8_000, 48, 1_024  # tokens of answer: for lists, for each field, at least
FRAME = 64  # tokens that a provider adds round the messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that one run uses for every Unit."""

    model: Model
    target: Target
    policy: Policy
    count: Counter  # tokens of a text, as the model will be charged for them


async def process(engine: Engine, documents: list[Document]) -> Result[Any]:
    """The Result of the Documents of one Unit, its own Document first. Raises InputProblem(budget_too_small)."""
    readable = [(i, d) for i, d in enumerate(documents) if has_text(d)]
    ask = (_ask_candidates if engine.model.facts.style == "candidates" else _ask_chunks)
    answered = await asyncio.gather(*(ask(engine, d, i) for i, d in readable))
    extractions = [x for chunks, found in answered for x in found]
    merged = merge(extractions, engine.target, engine.policy.conflict)
    merged.evidence = [_named(e, documents, extractions) for e in merged.evidence]
    asked = Questions(documents=documents, chunks=sum(n for n, _ in answered), extractions=extractions)
    return outcome(asked, merged, engine.target)
