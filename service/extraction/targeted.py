"""Search a long Document for single facts: ask the likeliest Chunks first, and more of them while a fact is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.errors import Note
from thresher.schemas.extraction import Extraction, Unresolved
from thresher.schemas.result import Unasked
from thresher.schemas.target import Field
from thresher.service.extraction.chunk_extractor import ChunkExtractor, extract_chunk
from thresher.service.extraction.planning.chunk_order import Ordered, ordered
from thresher.service.extraction.planning.search_rounds import Round, Rounds
from thresher.service.llm.providers.embeddings import Embedder
from thresher.service.provider_schemas.request_schema import request_schema_of
from thresher.service.telemetry import tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetedSearch:
    """The Chunks of one Document, in which single facts are searched for."""

    document: Document
    chunks: list[Chunk]
    together: int = 1  # Chunks side by side that the model's window has room for
    most: int = 0  # tokens of these at most; 0: they need no counting
    embedder: Embedder | None = None  # None: Chunks are ranked by words alone


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What was found, and for each field the Chunks (by index) that were asked for it."""

    found: list[Extraction]
    looked: dict[str, frozenset[int]]
    note: Note | None = None  # why the ranking was not the one that was chosen


async def search_chunks(extractor: ChunkExtractor, search: TargetedSearch) -> SearchResult:
    """Ask the Chunks of one Document in rounds (see `thresher.service.extraction.planning.search_rounds`)."""
    fields, chunks = _fields(extractor), search.chunks
    with tracing.span("rank", {"thresher.chunks": len(chunks)}):
        ranked = await ordered(fields, chunks, search.embedder)
    rounds = Rounds(fields, chunks, ranked.orders, search.together)
    turn: Round | None = rounds.first()
    found: list[Extraction] = []
    while turn:
        one = _narrowed(extractor, turn)
        runs = [run for places in turn.runs for run in _fitting([chunks[i] for i in places], search.most)]
        given = await asyncio.gather(*(_asked(one, search.document, run) for run in runs))
        found += [x for some in given for x in some]
        turn = rounds.next(found)
    return SearchResult(found=_paid(found, ranked), looked=rounds.looked(), note=ranked.note)


def _fitting(run: list[Chunk], most: int) -> list[list[Chunk]]:
    """Return a run, or each of its Chunks alone where they have too many tokens together: those of a vast text are not counted."""
    return [run] if not most or sum(c.tokens for c in run) <= most else [[chunk] for chunk in run]


def _paid(found: list[Extraction], ranked: Ordered) -> list[Extraction]:
    """Return the Extractions, with the cost of the ranking added to the first one."""
    if not found or not ranked.attempts:
        return found
    first = found[0]
    return [first.model_copy(update={"attempts": ranked.attempts + first.attempts}), *found[1:]]


async def _asked(extractor: ChunkExtractor, document: Document, run: list[Chunk]) -> list[Extraction]:
    """Ask about a run of Chunks as one. Each Chunk gets at least one Extraction, so that it counts as asked."""
    first, last = run[0], run[-1]
    pages = (first.pages[0], last.pages[1]) if first.pages and last.pages else None
    text = document.text[first.start : last.end]
    whole = first if len(run) == 1 else replace(first, end=last.end, text=text, pages=pages)
    found = await extract_chunk(extractor, document, whole)
    failed = next((x.unresolved for x in found if x.unresolved), None)
    return found + [_beside(c, document, failed) for c in run[1:]]


def _beside(chunk: Chunk, document: Document, failed: Unresolved | None) -> Extraction:
    unresolved = failed.model_copy(update={"chunk": chunk.index, "pages": chunk.pages}) if failed else None
    return Extraction(chunk=chunk.index, document=document.ordinal, unresolved=unresolved)


def _fields(extractor: ChunkExtractor) -> list[Field]:
    """Return the fields that are asked for."""
    if extractor.fields is None:
        return list(extractor.target.fields)
    places = [(p, f"{p}/") for p in extractor.fields]
    return [f for f in extractor.target.fields if any(f.path == p or f.path.startswith(below) for p, below in places)]


def _narrowed(extractor: ChunkExtractor, turn: Round) -> ChunkExtractor:
    """Return the extractor for the fields of a round alone."""
    if len(turn.fields) == len(_fields(extractor)):
        return extractor
    dialect = extractor.model.facts.dialect
    return replace(
        extractor, asked=request_schema_of(extractor.target, fields=turn.fields, dialect=dialect), fields=turn.fields
    )


def unasked(document: Document, chunks: list[Chunk], asked: Collection[int]) -> list[Unasked]:
    """Return the parts of a Document that no question was about; adjacent Chunks are one part."""
    found: list[Unasked] = []
    behind = False
    for chunk in chunks:
        if chunk.index in asked:
            behind = False
            continue
        before = found.pop() if behind else None
        start = before.start if before else chunk.start
        pages = (
            (before.pages[0] if before and before.pages else chunk.pages[0], chunk.pages[1]) if chunk.pages else None
        )
        source = document.evidence_source
        found.append(Unasked(pages=pages, start=start, end=chunk.end, source=source))
        behind = True
    return found
