"""Orders of Chunks by words and by meaning, as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.service.extraction.planning.chunk_order import passages
from thresher.service.extraction.planning.rank_fusion import K, fused

ORDERS = st.lists(st.permutations(range(6)).flatmap(lambda p: st.integers(0, 6).map(lambda n: p[:n])), max_size=4)


def test_ranks_are_fused_as_in_the_paper() -> None:
    """By the sum of 1 / (60 + rank): second in both is better than first in one and last in the other."""
    assert fused([[0, 1, 2, 3], [3, 1, 2, 0]]) == [1, 0, 3, 2]
    assert 2 / (K + 2) > 1 / (K + 1) + 1 / (K + 4)
    assert fused([[5], [4, 5]]) == [5, 4]
    assert fused([]) == []


@given(ORDERS)
@many(40)
def test_fusion_loses_nothing_and_keeps_what_all_agree_on(orders: list[list[int]]) -> None:
    """Everything that stands in an order is in the fusion once; one order alone stays as it is; the order of orders is nothing."""
    whole = fused(orders)
    assert sorted(whole) == sorted({i for order in orders for i in order})
    assert fused(orders[::-1]) == whole
    for order in orders:
        assert fused([order]) == order
        assert fused([order, order]) == order


@given(st.text(alphabet="ab \n", max_size=120), st.integers(1, 30))
@many(60)
def test_passages_hold_every_word(text: str, most: int) -> None:
    """None is blank or too long, and nothing but blanks is lost."""
    parts = passages(text, most)
    assert all(part.strip() and len(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
