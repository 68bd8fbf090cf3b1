"""Cut a Document into the Chunks that questions are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from thresher.chunkers.base import NO_RECORDS, Records
from thresher.chunkers.length_cuts import cut_by_length
from thresher.chunkers.members import choose
from thresher.chunkers.tokens import counter
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.service.base.gc_pause import gc_paused
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.planning.search_rounds import READ_WHOLE_MAX_CHUNKS
from thresher.service.extraction.planning.token_budget import SEARCH_CHUNK_TOKENS, UNKNOWN_LIST_CHUNK_TOKENS
from thresher.service.records.question_windows import even_window_records
from thresher.service.records.structure import Structure, structure_of

VAST_CHARS = 10_000_000  # code points from which a text that is searched is cut without counting all its tokens


@gc_paused()
def chunks_of(engine: Engine, document: Document, known: Structure | None = None) -> list[Chunk]:
    """Return the Chunks of one Document, as the Policy and the plan want them. `known`: its Structure, if there is one.

    Where lists are wanted a Chunk holds whole records, and no more of them than a model can be trusted to give at once.
    Where none are wanted and not all of the Document may have to be read, Chunks are small.
    """
    by_records = bool(engine.target.lists) and engine.policy.chunk_tokens is None
    records = (
        _records(engine, known or structure_of(document, nested=engine.target.nested)) if by_records else NO_RECORDS
    )
    most = engine.plan.chunk
    if by_records and not records.starts:
        most = min(most, UNKNOWN_LIST_CHUNK_TOKENS)
    chunker, overlap = choose(document, engine.policy.chunker), engine.policy.overlap_tokens
    more, small = chunker.chunk(document, most, engine.count, overlap, records), search_tokens(engine)
    chunks = list(islice(more, READ_WHOLE_MAX_CHUNKS + 1))
    if small != engine.plan.chunk and is_searched(engine, chunks):
        chunks, more = [], _search_chunks(engine, document, small)
    chunks += more
    return [replace(c, parts=len(chunks)) for c in chunks]


def _search_chunks(engine: Engine, document: Document, tokens: int) -> Iterator[Chunk]:
    """Return the Chunks in which single facts are searched for; those of a vast text are cut without counting its tokens."""
    overlap = engine.policy.overlap_tokens
    if is_vast(document) and not overlap:
        return cut_by_length(document, tokens, engine.plan.chunk, engine.count)
    return choose(document, engine.policy.chunker).chunk(document, tokens, engine.count, overlap)


def is_vast(document: Document) -> bool:
    """Whether a text is so long that counting all its tokens takes longer than all else."""
    return document.length > VAST_CHARS


def search_tokens(engine: Engine) -> int:
    """Return the tokens of the Chunks of a long Document in which single facts are searched for."""
    fixed = engine.policy.chunk_tokens is not None or any(g.several for g in engine.groups)
    return engine.plan.chunk if fixed else min(SEARCH_CHUNK_TOKENS, engine.plan.chunk)


def characters_outside(text: str, chunks: Sequence[Chunk]) -> int:
    """Return how many characters of a text, other than blanks, no Chunk holds. Chunks come in order and may overlap."""
    count, end = 0, 0
    for chunk in chunks:
        if chunk.start > end:
            count += len("".join(text[end : chunk.start].split()))
        end = max(end, chunk.end)
    return count + len("".join(text[end:].split()))


def is_searched(engine: Engine, chunks: Sequence[Chunk]) -> bool:
    """Whether single facts are searched for in a Document: not every Chunk is asked for them."""
    return len(chunks) > READ_WHOLE_MAX_CHUNKS and engine.policy.stance != "recall"


def _records(engine: Engine, known: Structure) -> Records:
    """Return where records begin, and how many of them one question may hold."""
    policy = engine.policy
    return Records(known.starts, even_window_records(len(known.starts), known.most(policy.most_records), policy.wave))


def chunks_of_size(document: Document, chunker: str, tokens: int, overlap: int) -> Iterator[Chunk]:
    """Yield the Chunks of a Document of at most so many tokens, as most models count them; by no plan and no target."""
    return choose(document, chunker).chunk(document, tokens, counter("o200k_base"), overlap)
