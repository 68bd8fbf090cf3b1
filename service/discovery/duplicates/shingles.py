"""Turn a text into shingles of five words, and those into a MinHash signature (A. Broder, 1997).

All numbers are fixed, so the same text gives the same signature on every machine. Words are runs of letters and digits,
in NFC and lower case. A shingle is known by a hash of 64 bits.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Signature = NDArray[np.uint32]
SHINGLE_WORDS = 5
PERMUTATIONS = 128
_SEED = 0x9E3779B97F4A7C15
_WORD = re.compile(r"\w+")
_WORDS_KEPT = 200_000  # whose hashes a process remembers
_AT_ONCE = 4096  # shingles
_hashes: dict[str, int] = {}


def words(text: str) -> list[str]:
    """Return the words of a text.

    >>> words("The QUICK brown-fox")
    ['the', 'quick', 'brown', 'fox']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def shingles(tokens: list[str]) -> Hashes:
    """Return the distinct shingles of a text, sorted; none for a text of fewer than five words."""
    if len(_hashes) > _WORDS_KEPT:
        _hashes.clear()
    each = np.fromiter(map(_word_hash, tokens), dtype=np.uint64, count=len(tokens))
    count = len(tokens) - SHINGLE_WORDS + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    total = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE_WORDS):
        total = _mixed(total + each[place : place + count])
    return np.unique(total)


def _word_hash(word: str) -> int:
    found = _hashes.get(word)
    if found is None:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        found = _hashes[word] = int.from_bytes(digest, "little")
    return found


def _mixed(values: Hashes) -> Hashes:
    """Return values spread over all 64 bits (the finaliser of SplitMix64, S. Vigna)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _constants() -> tuple[Hashes, Hashes]:
    """Return 128 odd factors and 128 summands."""
    steps = np.arange(1, 2 * PERMUTATIONS + 1, dtype=np.uint64) * np.uint64(_SEED)
    drawn = _mixed(steps)
    return (drawn[:PERMUTATIONS] | np.uint64(1))[:, None], drawn[PERMUTATIONS:][:, None]


_FACTORS, _SUMMANDS = _constants()


def signature(found: Hashes) -> Signature:
    """Return the MinHash of shingles: the least value under each of 128 hash functions, 32 bits each."""
    least = np.full(PERMUTATIONS, np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, len(found), _AT_ONCE):
        values = (_FACTORS * found[start : start + _AT_ONCE] + _SUMMANDS) >> np.uint64(32)
        least = np.minimum(least, values.min(axis=1).astype(np.uint32))
    return least


def jaccard(first: Hashes, second: Hashes) -> float:
    """Return the Jaccard similarity of two sets of shingles; 0 where one is empty."""
    if not len(first) or not len(second):
        return 0.0
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)
