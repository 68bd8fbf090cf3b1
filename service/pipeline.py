"""Start here: one Unit (a file with what it holds) to one Result, one sentence a stage.

Source --read--> Documents --chunk--> Chunks --extract--> Extractions --check--> --merge--> --review--> --build--> Result
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.result import Result
from thresher.service.extraction.document_chunks import chunks_of
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.expression_questions import with_expressions
from thresher.service.extraction.unit_extraction import UnitExtraction, extract_unit
from thresher.service.merging.source_rank import repeating_documents
from thresher.service.merging.tree import Merged, merge
from thresher.service.results.builder import ResultInput, build_result
from thresher.service.review.correction_loop import CorrectionLoop, Reviewed
from thresher.service.review.evaluation.second_look import SecondLook
from thresher.service.review.evaluation.supported_by_record import kept_unproved
from thresher.service.review.reextraction import Reextraction
from thresher.service.telemetry import tracing


async def process(engine: Engine, documents: list[Document]) -> Result[Any]:
    """Return the Result of the Documents of one Unit, its own Document first. Raises InputProblem(budget_too_small)."""
    with tracing.span("extract", {"thresher.documents": len(documents)}) as span:
        if engine.elsewhere is not None and engine.is_large(documents):
            result = await engine.elsewhere.process(engine, documents)
        else:
            result = await _process(engine, documents)
        span.set({"thresher.status": result.status})
    return result


async def _process(engine: Engine, documents: list[Document]) -> Result[Any]:
    """Extract from each Document, check what was not found in the text, merge, review the whole, and build the Result."""
    for number, document in enumerate(documents):
        document.ordinal = number
    found = await extract_unit(engine, documents, repeating_documents(documents))
    engine.watch("asked", found.extractions)
    await _others_turn()
    engine, found = await _checked(engine, documents, found)
    await _others_turn()
    merged = _merged(engine, documents, found)
    engine.watch("merged", merged.data)
    await _others_turn()
    found, reviewed = await _reviewed(engine, documents, found, merged)
    engine.watch("mended", reviewed.merged.data)
    await _others_turn()
    return _built(engine, documents, found, reviewed)


async def _others_turn() -> None:
    """Let other work of the event loop have its turn: stages of a list of 1,800 rows take 0.2 s each."""
    await asyncio.sleep(0)


async def _checked(engine: Engine, documents: list[Document], found: UnitExtraction) -> tuple[Engine, UnitExtraction]:
    """Have an evaluator look for values that were not found in the text; also find how derived fields are computed.

    Return the engine whose target has an expression for each derived field, and the Extractions after the second look.
    """
    if engine.chooses:
        return engine, found
    look = SecondLook(model=engine.model, target=engine.target, policy=engine.policy, documents=documents)
    with tracing.span("look"):
        (target, derived), (extractions, looked) = await asyncio.gather(
            with_expressions(engine.target, engine.model, documents), look.over(found.extractions)
        )
    return replace(engine, target=target), replace(found, extractions=extractions, calls=derived + looked)


def _merged(engine: Engine, documents: list[Document], found: UnitExtraction) -> Merged:
    """Merge the Extractions of all Documents into one whole, by provenance."""
    with tracing.span("merge", {"thresher.extractions": len(found.extractions)}):
        return merge(found.extractions, engine.target, engine.policy.rule, documents)


async def _reviewed(
    engine: Engine, documents: list[Document], found: UnitExtraction, merged: Merged
) -> tuple[UnitExtraction, Reviewed]:
    """Read fields that fail a check again, let the model decide Conflicts, and count the records again if anything changed."""
    reading = Reextraction(
        model=engine.model,
        target=engine.target,
        policy=engine.policy,
        documents=documents,
        answer_tokens=engine.plan.answer,
    )
    with tracing.span("mend"):
        reviewed = await CorrectionLoop(reading, partial(chunks_of, engine)).correct(found.extractions, merged)
    found = replace(found, extractions=reviewed.extractions, calls=found.calls + reviewed.calls)
    return (found.recounted(documents, engine.target) if reviewed.is_changed else found), reviewed


def _built(engine: Engine, documents: list[Document], found: UnitExtraction, reviewed: Reviewed) -> Result[Any]:
    """Build the Result from the whole and from what was asked for it."""
    merged = reviewed.merged
    asking = ResultInput(
        documents=documents,
        chunks=found.chunks,
        extractions=found.extractions,
        ledgers=found.records,
        partly=found.partly,
        unasked=found.unasked,
        outside=sum(d.outside for d in found.documents),
        notes=found.notes,
        reasons=[*merged.reasons, *kept_unproved(merged.evidence, engine.target)],
        required=engine.policy.required,
        calls=found.calls,
    )
    with tracing.span("judge"):
        return build_result(asking, merged, engine.target, reviewed.judged)
