"""BloomFilter: whether a name may have been seen before, in memory of a fixed size however many there are (a Bloom filter)."""

from __future__ import annotations

from collections.abc import Iterator

BITS = 23  # of an index: 1 MiB in all; wrong of 1 new name in 2,000 after 100,000 names, of 1 in 22 after a million


class BloomFilter:
    """Names that were added; of others it says now and then that they may have been.

    >>> seen = BloomFilter()
    >>> seen.add("a")
    >>> seen.may_hold("a"), seen.may_hold("b")
    (True, False)
    """

    def __init__(self) -> None:
        """Nothing was seen."""
        self._bits = bytearray(1 << BITS - 3)

    def add(self, name: str) -> None:
        """See a name."""
        for place in _places(name):
            self._bits[place >> 3] |= 1 << (place & 7)

    def may_hold(self, name: str) -> bool:
        """False only for a name that was never added."""
        return all(self._bits[place >> 3] >> (place & 7) & 1 for place in _places(name))


def _places(name: str) -> Iterator[int]:
    number = hash(name)
    yield number & (1 << BITS) - 1
    yield number >> BITS & (1 << BITS) - 1
