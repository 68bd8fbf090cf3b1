"""Tell whether a name may have been seen before, in memory of a fixed size (Bloom filter)."""

from __future__ import annotations

from collections.abc import Iterator

INDEX_BITS = (
    23  # of an index: 1 MiB in all; wrong for 1 new name in 2,000 after 100,000 names, for 1 in 22 after a million
)


class BloomFilter:
    """A set of names. A name that was never added is sometimes taken for one that was.

    >>> seen = BloomFilter()
    >>> seen.add("a")
    >>> seen.may_hold("a"), seen.may_hold("b")
    (True, False)
    """

    def __init__(self) -> None:
        """Start empty."""
        self._bits = bytearray(1 << INDEX_BITS - 3)

    def add(self, name: str) -> None:
        """Add a name."""
        for index in _indices(name):
            self._bits[index >> 3] |= 1 << (index & 7)

    def may_hold(self, name: str) -> bool:
        """Whether a name may have been added; False only for one that never was."""
        return all(self._bits[index >> 3] >> (index & 7) & 1 for index in _indices(name))


def _indices(name: str) -> Iterator[int]:
    number = hash(name)
    yield number & (1 << INDEX_BITS) - 1
    yield number >> INDEX_BITS & (1 << INDEX_BITS) - 1
