"""Orders of Chunks by words and by meaning, as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chunk import Chunk
from schemas.errors import ModelProblem
from schemas.target import Field
from service.llm.embeddings import Embedded
from service.planning.fusion import K, fused
from service.planning.ordering import PASSAGE, ordered, passages

FIELD = Field(path="/court", kind="text", description="who decides")
ORDERS = st.lists(st.permutations(range(6)).flatmap(lambda p: st.integers(0, 6).map(lambda n: p[:n])), max_size=4)


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


def test_ranks_are_fused_as_in_the_paper() -> None:
    """By the sum of 1 / (60 + rank): second in both is better than first in one and last in the other."""
    assert fused([[0, 1, 2, 3], [3, 1, 2, 0]]) == [1, 0, 3, 2]
    assert 2 / (K + 2) > 1 / (K + 1) + 1 / (K + 4)
    assert fused([[5], [4, 5]]) == [5, 4]
    assert fused([]) == []


@given(ORDERS)
@settings(max_examples=40)
def test_fusion_loses_nothing_and_keeps_what_all_agree_on(orders: list[list[int]]) -> None:
    """Everything that stands in an order is in the fusion once; one order alone stays as it is; the order of orders is nothing."""
    whole = fused(orders)
    assert sorted(whole) == sorted({i for order in orders for i in order})
    assert fused(orders[::-1]) == whole
    for order in orders:
        assert fused([order]) == order
        assert fused([order, order]) == order


@given(st.text(alphabet="ab \n", max_size=120), st.integers(1, 30))
@settings(max_examples=60)
def test_passages_hold_every_word(text: str, most: int) -> None:
    """None is blank or too long, and nothing but blanks is lost."""
    parts = passages(text, most)
    assert all(part.strip() and len(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


async def test_meaning_finds_what_words_do_not() -> None:
    """A Chunk without any word of the field comes first by its meaning, wherever in it the passage stands."""
    filler = "Goods are sent. " * (PASSAGE // 8)
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
