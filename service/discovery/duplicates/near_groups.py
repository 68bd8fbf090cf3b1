"""Group near-duplicates: the largest first, each with the first principal that it matches, else a principal itself.

Candidates are found by locality-sensitive hashing of MinHash signatures, and verified by their exact similarity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from thresher.service.discovery.duplicates.shingles import PERMUTATIONS, Hashes, jaccard

_MISSED_MAX = 0.001  # share of pairs at the threshold that hashing may miss
_SPREAD = 0.15  # by which a similarity estimated from signatures may be wrong: four standard deviations
_VERIFIED_MAX = 256  # principals that one document is compared with: of more, those whose signatures agree most
Signatures = NDArray[np.uint32]


def band_rows(threshold: float) -> int:
    """Return how many values of a signature make a band: as many as miss hardly a pair at the threshold.

    >>> band_rows(0.8)
    5
    """
    fits = (r for r in range(PERMUTATIONS, 0, -1) if (1 - threshold**r) ** (PERMUTATIONS // r) < _MISSED_MAX)
    return next(fits, 1)


def shared_bands(signatures: Signatures, threshold: float) -> NDArray[np.int64]:
    """Return for each document, by band, the number of the group that agrees on the band; -1 where it is alone."""
    rows = band_rows(threshold)
    bands = PERMUTATIONS // rows
    found = np.full((len(signatures), bands), -1, dtype=np.int64)
    first = 0
    for band in range(bands):
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        keys = part.view(np.dtype((np.void, part.dtype.itemsize * rows))).ravel()
        _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        found[:, band] = np.where(sizes[group] > 1, group + first, -1)
        first += len(sizes)
    return found


def near_groups(
    signatures: Signatures, threshold: float, shingles_of: Callable[[int], Hashes], groups: NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    """Yield (document, its principal) for each document that is a near-duplicate.

    Rows of `signatures` are documents, the largest first, equal ones by id; `groups` as from `shared_bands`.
    """
    principals: dict[int, list[int]] = {}  # by the number of a group
    for document in np.flatnonzero((groups >= 0).any(axis=1)).tolist():
        own = [group for group in groups[document].tolist() if group >= 0]
        candidates = sorted({other for group in own for other in principals.get(group, ())})
        principal = _first_match(document, _likely(document, candidates, signatures, threshold), threshold, shingles_of)
        if principal is not None:
            yield document, principal
            continue
        for group in own:
            principals.setdefault(group, []).append(document)


def _likely(document: int, candidates: Sequence[int], signatures: Signatures, threshold: float) -> list[int]:
    """Return the candidates whose signatures do not rule out that they match."""
    if not candidates:
        return []
    agreeing = (signatures[list(candidates)] == signatures[document]).mean(axis=1)
    most = np.argsort(-agreeing, kind="stable")[:_VERIFIED_MAX]
    return sorted(candidates[place] for place in most[agreeing[most] >= threshold - _SPREAD].tolist())


def _first_match(
    document: int, candidates: list[int], threshold: float, shingles_of: Callable[[int], Hashes]
) -> int | None:
    """Return the first candidate that is as similar as the threshold; None for none."""
    if not candidates:
        return None
    own = shingles_of(document)
    return next((c for c in candidates if jaccard(own, shingles_of(c)) >= threshold), None)
