"""Order the Chunks of a long Document for each field, by words (BM25) or by words and embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thresher.schemas.chunk import Chunk
from thresher.schemas.errors import Note, Problem
from thresher.schemas.extraction import Attempt
from thresher.schemas.target import Field
from thresher.service.extraction.planning.bm25 import Bm25, names_of, order_of, query_of, scores_of
from thresher.service.extraction.planning.rank_fusion import fused
from thresher.service.llm.providers.embeddings import Embedder

if TYPE_CHECKING:
    from thresher.service.llm.providers.embeddings import Matrix

PASSAGE_CHARS = 1_200  # characters that become one vector: about the 256 word pieces that small models look at


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """For each field the Chunks (by index), likeliest first; the cost of the order; and why it is by words alone."""

    orders: dict[str, list[int]]
    attempts: tuple[Attempt, ...] = ()
    note: Note | None = None


async def ordered(fields: Sequence[Field], chunks: Sequence[Chunk], embedder: Embedder | None = None) -> Ordered:
    """Return the order of all Chunks for each field: that of BM25, or with an Embedder the fusion of both.

    Where embedding fails the order is BM25's, and a Note says so.
    """
    ranker = Bm25(chunks, (query for f in fields for query in (names_of(f), query_of(f))))
    words = {f.path: order_of(scores_of(ranker, f)) for f in fields}
    if embedder is None or not fields:
        return Ordered(orders=words)
    parts = [(i, part) for i, c in enumerate(chunks) for part in passages(f"{c.context}\n{c.text}")]
    wanted = [query_of(f)[:PASSAGE_CHARS] or "value" for f in fields]
    texts, queries = await asyncio.gather(embedder.embed([part for _, part in parts]), embedder.embed(wanted))
    attempts = texts.attempts + queries.attempts
    if texts.rows is None or queries.rows is None or texts.rows.shape[1:] != queries.rows.shape[1:]:
        return Ordered(orders=words, attempts=attempts, note=_alone(embedder, texts.failure or queries.failure))
    near = _nearest(queries.rows @ texts.rows.T, [i for i, _ in parts], len(chunks))
    orders = {f.path: fused([words[f.path], order]) for f, order in zip(fields, near, strict=True)}
    return Ordered(orders=orders, attempts=attempts)


def passages(text: str, most: int = PASSAGE_CHARS) -> list[str]:
    r"""Cut a text into parts that are not blank: at line ends, else at blanks, else at the length limit.

    >>> passages("one two\nthree four\n\n", 12)
    ['one two', 'three four']
    >>> passages("abcdefgh", 5)
    ['abcde', 'fgh']
    """
    parts, start = [], 0
    while start < len(text):
        end = start + most
        if end < len(text):
            half = start + most // 2 + 1
            end = next((cut for mark in "\n " if (cut := text.rfind(mark, half, end)) > 0), end)
        parts.append(text[start:end].strip())
        start = end
    return [part for part in parts if part]


def _nearest(near: Matrix, owners: Sequence[int], chunks: int) -> list[list[int]]:
    """Return, for each query, all Chunks with text by their best passage (Dai and Callan, SIGIR 2019: MaxP), nearest first."""
    import numpy as np  # noqa: PLC0415 - heavy, only where there are vectors

    best = np.full((chunks, len(near)), -np.inf, np.float32)
    for owner, row in zip(owners, near.T, strict=True):
        np.maximum(best[owner], row, out=best[owner])
    orders = np.argsort(-best, axis=0, kind="stable").T
    return [[int(i) for i in order if row[i] > -np.inf] for row, order in zip(best.T, orders, strict=True)]


def _alone(embedder: Embedder, failure: Problem | None) -> Note:
    why = failure.message if failure else "vectors of several lengths"
    code = failure.code if failure else "model_misbehaved"
    return Note(code=code, message=f"single facts were sought by words alone (BM25), without {embedder.name}: {why}")
