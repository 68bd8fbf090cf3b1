"""Orders of Chunks by words and by meaning, as one: by the library that ranks, which is heavy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thresher.schemas.chunk import Chunk
from thresher.schemas.errors import ModelProblem
from thresher.schemas.target import Field
from thresher.service.extraction.planning.chunk_order import PASSAGE_CHARS, ordered
from thresher.service.llm.providers.embeddings import Embedded

FIELD = Field(path="/court", kind="text", description="who decides")


def chunk(index: int, text: str) -> Chunk:
    """One Chunk."""
    return Chunk(index=index, start=100 * index, end=100 * index + len(text), text=text, count=len)


class Topics:
    """An Embedder that knows that a tribunal decides."""

    name = "topics"

    def __init__(self, failure: ModelProblem | None = None) -> None:
        """`failure`: what it says instead."""
        self.failure = failure

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """See Embedder."""
        rows = [[1.0, 0.0] if "tribunal" in t or "decides" in t else [0.0, 1.0] for t in texts]
        return Embedded(rows=None if self.failure else np.asarray(rows, np.float32), failure=self.failure)


async def test_meaning_finds_what_words_do_not() -> None:
    """A Chunk without any word of the field comes first by its meaning, wherever in it the passage stands."""
    filler = "Goods are sent. " * (PASSAGE_CHARS // 8)
    chunks = [chunk(0, "cats"), chunk(1, "dogs"), chunk(2, filler + "It goes to the tribunal of Bremen.")]
    words = await ordered([FIELD], chunks)
    assert words.orders == {"/court": []}
    both = await ordered([FIELD], chunks, Topics())
    assert both.orders == {"/court": [2, 0, 1]}
    assert both.note is None


async def test_without_vectors_words_rank_and_a_note_says_so() -> None:
    """A failure of the embedding model costs nobody the answer, and is not kept quiet."""
    chunks = [chunk(0, "cats"), chunk(1, "the court decides")]
    told = await ordered([FIELD], chunks, Topics(ModelProblem("model_unavailable", "away")))
    assert told.orders == (await ordered([FIELD], chunks)).orders == {"/court": [1]}
    assert told.note is not None
    assert told.note.code == "model_unavailable"
    assert "words alone (BM25), without topics: away" in told.note.message
