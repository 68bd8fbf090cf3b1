"""Start here: one Unit (a file with what it holds) to one Result, one sentence a stage.

Source --read--> Document --chunk--> Chunks --ask--> Extractions --ground--> --look--> --merge--> Result
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from thresher.chunkers.base import NO_RECORDS, Counter, Records
from thresher.chunkers.members import choose
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.errors import Note
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result, Unasked
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused
from thresher.service.derivation.expression_questions import with_expressions
from thresher.service.extraction.chunk_extractor import ChunkExtractor
from thresher.service.extraction.exhaustive import ExhaustiveExtraction
from thresher.service.extraction.failed_questions import FailedQuestions
from thresher.service.extraction.planning.field_groups import Group
from thresher.service.extraction.planning.search_rounds import WHOLE
from thresher.service.extraction.planning.token_budget import LIST_UNKNOWN, SEEK_CHUNK, Plan
from thresher.service.extraction.targeted import TargetedSearch, search_chunks, unasked
from thresher.service.llm.base import Model
from thresher.service.llm.providers.embeddings import Embedder
from thresher.service.merging.source_rank import witnesses
from thresher.service.merging.tree import merge
from thresher.service.records.completeness import LineIndex, RecordCount, record_count_of
from thresher.service.records.question_windows import evenly
from thresher.service.records.structure import Structure, structure
from thresher.service.results.builder import Asking, has_text, outcome
from thresher.service.review.correction_loop import CorrectionLoop
from thresher.service.review.evaluation.second_look import Look
from thresher.service.review.evaluation.supported_by_record import kept_unproved
from thresher.service.review.reextraction import Reextraction
from thresher.service.telemetry import tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What asking about one Document gave."""

    chunks: int
    extractions: list[Extraction]  # in document order
    ledger: RecordCount
    looked: dict[str, int] = field(default_factory=dict)  # Chunks asked for a field, where it was not asked of all
    unasked: list[Unasked] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)  # of the asking, not of the Document


LARGE = 64_000  # code points of text from which a Unit is processed elsewhere, where there is an elsewhere


class Elsewhere(Protocol):
    """Whatever processes large Units in other processes, so that this one's event loop is free."""

    async def process(self, engine: Engine, documents: list[Document]) -> Result[Any]:
        """The same Result as `process` would give. Raises Problem."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that one run uses for every Unit."""

    model: Model
    target: Target
    groups: tuple[Group, ...]  # the target in the shape that the model is asked for, in as many questions as it takes
    policy: Policy
    plan: Plan
    count: Counter  # tokens of a text, as the model will be charged for them
    embedder: Embedder | None = None  # for the ranking of Chunks; None: by words alone
    elsewhere: Elsewhere | None = None  # where large Units are processed; None: here
    large: int = LARGE  # code points of text above which a Unit is large; -1: every Unit is
    watch: Callable[[str, Any], None] = lambda _stage, _found: None  # told what each stage gave, for benches


async def process(engine: Engine, documents: list[Document]) -> Result[Any]:
    """The Result of the Documents of one Unit, its own Document first. Raises InputProblem(budget_too_small)."""
    with tracing.span("extract", {"thresher.documents": len(documents)}) as span:
        asked = FailedQuestions(engine.model)
        if engine.elsewhere is not None and sum(d.length for d in documents) > engine.large:
            result = await engine.elsewhere.process(engine, documents)
        else:
            result = asked.told(await _process(replace(engine, model=asked), documents))
        span.set({"thresher.status": result.status})
    return result


async def _process(engine: Engine, documents: list[Document]) -> Result[Any]:
    for number, document in enumerate(documents):
        document.ordinal = number
    chooses = engine.model.facts.style == "candidates"
    passed = witnesses(documents) if chooses else frozenset[int]()  # rules for pages read little of value in XML
    readable = [d for d in documents if has_text(d) and d.ordinal not in passed]
    ask = _by_candidates if chooses else _by_chunks
    answered = await asyncio.gather(*(ask(engine, d) for d in readable))
    extractions = [x for a in answered for x in a.extractions]
    engine.watch("asked", extractions)
    if chooses:
        extractions = _settled(extractions)
    else:
        engine, extractions = await _looked(engine, documents, extractions)
    with tracing.span("merge", {"thresher.extractions": len(extractions)}):
        merged = merge(extractions, engine.target, engine.policy.rule, documents)
    engine.watch("merged", merged.data)
    with tracing.span("mend"):
        mended, merged, judged = await _mending(engine, documents).mend(extractions, merged)
    engine.watch("mended", merged.data)
    ledgers = {d.ordinal: a.ledger for d, a in zip(readable, answered, strict=True)}
    if len(mended) > len(extractions):
        ledgers = {i: _ledger(engine, documents[i], [x for x in mended if x.document == i]) for i in ledgers}
    asking = Asking(
        documents=documents,
        chunks=sum(a.chunks for a in answered),
        extractions=mended,
        ledgers=ledgers,
        partly=_partly(answered),
        unasked=[u for a in answered for u in a.unasked],
        notes=[*dict.fromkeys(n for a in answered for n in a.notes)],
        reasons=[*merged.reasons, *kept_unproved(merged.evidence, engine.target)],
        required=engine.policy.required,
    )
    with tracing.span("judge"):
        return outcome(asking, merged, engine.target, judged)


async def _looked(
    engine: Engine, documents: list[Document], extractions: list[Extraction]
) -> tuple[Engine, list[Extraction]]:
    """The engine with an expression for each derived field, and what a second look made of what was not found."""
    look = Look(model=engine.model, target=engine.target, policy=engine.policy, documents=documents)
    with tracing.span("look"):
        (target, attempts), looked = await asyncio.gather(
            with_expressions(engine.target, engine.model, documents), look.over(extractions)
        )
    if looked and attempts:
        looked[0] = looked[0].model_copy(update={"attempts": (*looked[0].attempts, *attempts)})
    return replace(engine, target=target), looked


@gc_paused()
def chunks_of(engine: Engine, document: Document, known: Structure | None = None) -> list[Chunk]:
    """The Chunks of one Document, as the Policy and the plan want them.

    Where lists are wanted a Chunk holds whole records, and no more of them than a model can be trusted to give at once.
    Where none are and not all of the Document may have to be read, Chunks are small.
    """
    policy = engine.policy
    records = NO_RECORDS
    if engine.target.lists and policy.chunk_tokens is None:
        known = known or structure(document, nested=engine.target.nested)
        most = known.most(policy.most_records)
        records = Records(known.starts, evenly(len(known.starts), most, policy.wave))
    chunker = choose(document, policy.chunker)
    most = engine.plan.chunk
    if engine.target.lists and policy.chunk_tokens is None and not records.starts:
        most = min(most, LIST_UNKNOWN)
    chunks = list(chunker.chunk(document, most, engine.count, policy.overlap_tokens, records))
    budget = _sought(engine)
    if budget != engine.plan.chunk and _is_long(engine, chunks):
        chunks = list(chunker.chunk(document, budget, engine.count, policy.overlap_tokens))
    return [replace(c, parts=len(chunks)) for c in chunks]


def _sought(engine: Engine) -> int:
    """Tokens of the Chunks of a long Document in which single facts are sought."""
    fixed = engine.policy.chunk_tokens is not None or any(g.several for g in engine.groups)
    return engine.plan.chunk if fixed else min(SEEK_CHUNK, engine.plan.chunk)


def _is_long(engine: Engine, chunks: list[Chunk]) -> bool:
    """Whether single facts are sought in a Document, and not every Chunk is asked for them."""
    return len(chunks) > WHOLE and engine.policy.stance != "recall"


async def _by_chunks(engine: Engine, document: Document) -> Answered:
    """ChunkExtractor the Chunks; the model's own limits decide how many are in flight. Results come in document order.

    Groups with fields that may have several values, and every group of a short Document, are asked of every Chunk.
    """
    with tracing.span("chunk") as span:
        known = structure(document, nested=engine.target.nested)
        chunks = chunks_of(engine, document, known)
        span.set({"thresher.chunks": len(chunks)})
    long = _is_long(engine, chunks)
    asks = [_ask(engine, g, known, of_kind=g is engine.groups[0] and not document.ordinal) for g in engine.groups]
    everywhere = [a for a, g in zip(asks, engine.groups, strict=True) if g.several or not long]
    rest = [a for a, g in zip(asks, engine.groups, strict=True) if long and not g.several]
    together = engine.plan.chunk // _sought(engine)
    search = TargetedSearch(document=document, chunks=chunks, together=together, embedder=engine.embedder)
    sweep = ExhaustiveExtraction(
        asks=everywhere, document=document, chunks=chunks, known=known, said=LineIndex(document, known)
    )
    (swept, ledger), sought = await asyncio.gather(
        sweep.run(engine.target, engine.policy),
        asyncio.gather(*(search_chunks(ask, search) for ask in rest)),
    )
    found = sorted([*swept, *(x for s in sought for x in s.found)], key=lambda x: x.chunk)
    looked = {path: len(where) for s in sought for path, where in s.looked.items()}
    return Answered(
        chunks=len(chunks),
        extractions=found,
        ledger=ledger,
        looked=looked,
        unasked=unasked(document, chunks, {x.chunk for x in found}),
        notes=[s.note for s in sought if s.note],
    )


def _ask(engine: Engine, group: Group, known: Structure, *, of_kind: bool) -> ChunkExtractor:
    return ChunkExtractor(
        model=engine.model,
        target=engine.target,
        asked=group.asked,
        beside=group.beside,
        keys=group.keys,
        fields=group.fields,
        policy=engine.policy,
        answer_tokens=engine.plan.answer,
        structure=known,
        of_kind=of_kind,
    )


async def _by_candidates(engine: Engine, document: Document) -> Answered:
    """Let the model choose among spans of the whole Document: code reads all of it, the model only what it must."""
    from thresher.service.rules.confidence.span_confidence import out_of_reach  # noqa: PLC0415 - the same
    from thresher.service.rules.extractor import ask_candidates  # noqa: PLC0415 - only for models that choose

    with tracing.span("ask"):
        found = [await ask_candidates(engine.model, document, engine.target, engine.policy)]
    looked = dict.fromkeys(out_of_reach(document, engine.target), 0)
    return Answered(chunks=1, extractions=found, ledger=record_count_of(document, found, engine.target), looked=looked)


def _settled(extractions: list[Extraction]) -> list[Extraction]:
    """The same without doubts about places that another Document of the Unit gives a value for."""
    given = {(e.path, i) for i, x in enumerate(extractions) for e in x.evidence}
    return [
        x.model_copy(
            update={"unsupported": tuple(u for u in x.unsupported if not any(p == u.path and j != i for p, j in given))}
        )
        for i, x in enumerate(extractions)
    ]


def _partly(answered: list[Answered]) -> dict[str, int]:
    """Fields that not every Chunk of the Unit was asked for, and how many were."""
    paths = dict.fromkeys(path for a in answered for path in a.looked)
    counts = {path: sum(a.looked.get(path, a.chunks) for a in answered) for path in paths}
    return {path: n for path, n in counts.items() if n < sum(a.chunks for a in answered)}


def _mending(engine: Engine, documents: list[Document]) -> CorrectionLoop:
    reading = Reextraction(
        model=engine.model,
        target=engine.target,
        policy=engine.policy,
        documents=documents,
        answer_tokens=engine.plan.answer,
    )
    return CorrectionLoop(reading, partial(chunks_of, engine))


def _ledger(engine: Engine, document: Document, found: list[Extraction]) -> RecordCount:
    """The ledger of a Document whose records were mended."""
    return record_count_of(document, found, engine.target)
