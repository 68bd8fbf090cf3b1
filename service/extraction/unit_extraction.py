"""Ask about each Document of a Unit: Documents to Extractions, with what was not asked and what had no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from thresher.schemas.document import BlockKind, Document
from thresher.schemas.errors import Note
from thresher.schemas.extraction import Calls, Extraction
from thresher.schemas.result import Unasked
from thresher.schemas.target import Target
from thresher.service.extraction.chunk_extractor import ChunkExtractor
from thresher.service.extraction.document_chunks import (
    characters_outside,
    chunks_of,
    is_searched,
    is_vast,
    search_tokens,
)
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.exhaustive import ExhaustiveExtraction
from thresher.service.extraction.planning.field_groups import Group
from thresher.service.extraction.targeted import TargetedSearch, search_chunks, unasked
from thresher.service.records.completeness import LineIndex, RecordCount, record_count_of
from thresher.service.records.structure import Structure, structure_for
from thresher.service.telemetry import tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentExtraction:
    """What asking about one Document gave."""

    document: int  # ordinal in the Unit
    chunks: int
    extractions: list[Extraction]  # in document order
    records: RecordCount
    asked: dict[str, int] = field(default_factory=dict)  # Chunks asked for a field, where it was not asked of all
    unasked: list[Unasked] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)  # of the asking, not of the Document
    outside: int = 0  # characters, other than blanks, that no Chunk holds


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitExtraction:
    """What asking about a whole Unit gave."""

    documents: list[DocumentExtraction]  # of those that were asked about
    extractions: list[Extraction]  # of all of them, in document order
    records: dict[int, RecordCount]  # by the Document's ordinal
    calls: Calls = field(default_factory=Calls)  # of the stages, beside those of single Extractions

    def recounted(self, documents: list[Document], target: Target) -> UnitExtraction:
        """Return the same with the records of each Document counted again."""
        found = {n: [x for x in self.extractions if x.document == n] for n in self.records}
        return replace(self, records={n: record_count_of(documents[n], some, target) for n, some in found.items()})

    @property
    def chunks(self) -> int:
        """Return how many Chunks the Unit has."""
        return sum(d.chunks for d in self.documents)

    @property
    def unasked(self) -> list[Unasked]:
        """Return the parts that no question was about."""
        return [u for d in self.documents for u in d.unasked]

    @property
    def notes(self) -> list[Note]:
        """Return the Notes of the asking, each once."""
        return [*dict.fromkeys(n for d in self.documents for n in d.notes)]

    @property
    def partly(self) -> dict[str, int]:
        """Return the fields that not every Chunk of the Unit was asked for, and how many Chunks were."""
        paths = dict.fromkeys(path for d in self.documents for path in d.asked)
        counts = {path: sum(d.asked.get(path, d.chunks) for d in self.documents) for path in paths}
        return {path: n for path, n in counts.items() if n < self.chunks}


async def extract_unit(engine: Engine, documents: list[Document], repeating: Collection[int]) -> UnitExtraction:
    """Return what is found in the Documents of a Unit; those without text are not asked about.

    A model that chooses is not asked about Documents that are `repeating` others (by ordinal): rules read little of value
    there.
    """
    skipped = repeating if engine.chooses else ()
    ask = _by_rules if engine.chooses else _by_chunks
    found = await asyncio.gather(*(ask(engine, d) for d in documents if has_text(d) and d.ordinal not in skipped))
    extractions = [x for d in found for x in d.extractions]
    return UnitExtraction(
        documents=found,
        extractions=settled(extractions) if engine.chooses else extractions,
        records={d.document: d.records for d in found},
    )


def has_text(document: Document) -> bool:
    """Whether there is anything to ask about: a list of members is no text of its own."""
    return document.kind != "container" and any(
        document.text[s:e].strip() for s, e, k, _ in document.blocks if k != BlockKind.HIDDEN
    )


async def _by_chunks(engine: Engine, document: Document) -> DocumentExtraction:
    """Ask about the Chunks of a Document; the model's own limits decide how many questions are in flight.

    Groups with fields that may have several values, and every group of a short Document, are asked of every Chunk.
    """
    with tracing.span("chunk") as span:
        known = structure_for(document, engine.target)
        chunks = chunks_of(engine, document, known)
        span.set({"thresher.chunks": len(chunks)})
    everywhere, searched = _extractors(engine, document, known, long=is_searched(engine, chunks))
    search = TargetedSearch(
        document=document,
        chunks=chunks,
        together=engine.plan.chunk // search_tokens(engine),
        most=engine.plan.chunk if is_vast(document) else 0,
        embedder=engine.embedder,
    )
    exhaustive = ExhaustiveExtraction(
        extractors=everywhere, document=document, chunks=chunks, known=known, said=LineIndex(document, known)
    )
    (found, records), searches = await asyncio.gather(
        exhaustive.run(engine.target, engine.policy),
        asyncio.gather(*(search_chunks(extractor, search) for extractor in searched)),
    )
    found = sorted([*found, *(x for s in searches for x in s.found)], key=lambda x: x.chunk)
    return DocumentExtraction(
        document=document.ordinal,
        chunks=len(chunks),
        extractions=found,
        records=records,
        asked={path: len(where) for s in searches for path, where in s.looked.items()},
        unasked=unasked(document, chunks, {x.chunk for x in found}),
        notes=[s.note for s in searches if s.note],
        outside=characters_outside(document.text, chunks),
    )


def _extractors(
    engine: Engine, document: Document, known: Structure, *, long: bool
) -> tuple[list[ChunkExtractor], list[ChunkExtractor]]:
    """Return the extractors that are asked of every Chunk, and those whose fields are searched for in a long Document."""
    made = [
        (g, _extractor(engine, g, known, of_kind=not i and not document.ordinal)) for i, g in enumerate(engine.groups)
    ]
    return [x for g, x in made if g.several or not long], [x for g, x in made if long and not g.several]


def _extractor(engine: Engine, group: Group, known: Structure, *, of_kind: bool) -> ChunkExtractor:
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


async def _by_rules(engine: Engine, document: Document) -> DocumentExtraction:
    """Let the model choose among spans of the whole Document: code reads all of it, the model only what it must."""
    from thresher.service.rules.confidence.span_confidence import undecidable_paths  # noqa: PLC0415 - as below
    from thresher.service.rules.extractor import extract_by_rules  # noqa: PLC0415 - only for models that choose

    with tracing.span("ask"):
        found = [await extract_by_rules(engine.model, document, engine.target, engine.policy)]
    return DocumentExtraction(
        document=document.ordinal,
        chunks=1,
        extractions=found,
        records=record_count_of(document, found, engine.target),
        asked=dict.fromkeys(undecidable_paths(document, engine.target), 0),
    )


def settled(extractions: list[Extraction]) -> list[Extraction]:
    """Return the Extractions without Unsupported at paths that another Document of the Unit gives a value for."""
    given = {(e.path, i) for i, x in enumerate(extractions) for e in x.evidence}
    return [
        x.model_copy(
            update={"unsupported": tuple(u for u in x.unsupported if not any(p == u.path and j != i for p, j in given))}
        )
        for i, x in enumerate(extractions)
    ]
