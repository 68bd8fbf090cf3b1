"""Near-duplicates: signatures are stable, candidates miss nothing, groups hang on their principals."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.service.discovery.duplicates.near_groups import near_groups, shared_bands
from thresher.service.discovery.duplicates.shingles import Hashes, jaccard, shingles, signature, words


def test_signature_is_the_same_everywhere() -> None:
    """No seed of the process, no version of a library: the numbers are fixed."""
    found = shingles(words("The quick brown fox jumps over the lazy dog"))
    assert len(found) == 5
    assert signature(found)[:3].tolist() == _FIRST
    assert len(shingles(words("only four words here"))) == 0


_FIRST = [8264021, 638852136, 546942012]

_texts = st.lists(st.sampled_from(list("abcdef")), min_size=5, max_size=14)


@many(60)
@given(st.lists(_texts, max_size=12), st.sampled_from([0.6, 0.8, 1.0]))
def test_groups_are_those_of_comparing_all_with_all(texts: list[list[str]], threshold: float) -> None:
    """The largest first, each with the first principal that it matches; candidates by hashing lose none."""
    sets = sorted((shingles(text) for text in texts), key=len, reverse=True)
    signatures = np.array([signature(found) for found in sets], dtype=np.uint32).reshape(-1, 128)
    found = dict(near_groups(signatures, threshold, sets.__getitem__, shared_bands(signatures, threshold)))
    assert found == _slowly(sets, threshold)


def _slowly(sets: list[Hashes], threshold: float) -> dict[int, int]:
    principals: list[int] = []
    found: dict[int, int] = {}
    for number, own in enumerate(sets):
        match = next((p for p in principals if jaccard(own, sets[p]) >= threshold), None)
        if match is None:
            principals.append(number)
        else:
            found[number] = match
    return found
