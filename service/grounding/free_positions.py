"""Find the free places of one value quickly, however many are taken."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from thresher.service.grounding.match_positions import Place


class FreePlaces:
    """The places of a value for one field.

    Those whose start is in `taken` are not free, and never become free again.
    """

    def __init__(self, places: list[Place], taken: AbstractSet[int]) -> None:
        """Prepare the search; `places` are in text order; `taken` grows as items claim places."""
        self.places, self._taken = places, taken
        self._starts = [p.start for p in places]
        self._right = list(range(len(places) + 1))  # union-find forest: the first index from here on that may be free
        self._left = list(range(len(places) + 1))  # the same backwards, shifted by one: 0 is none

    def ahead(self, offset: int) -> Iterator[Place]:
        """Yield free places from an offset on, in text order."""
        i = self._next(bisect_left(self._starts, offset))
        while i < len(self.places):
            yield self.places[i]
            i = self._next(i + 1)

    def behind(self, offset: int) -> Iterator[Place]:
        """Yield free places before an offset, the nearest first."""
        i = self._previous(bisect_left(self._starts, offset))
        while i:
            yield self.places[i - 1]
            i = self._previous(i - 1)

    def beside(self, offset: int, *, free: bool) -> list[Place]:
        """Return the last place before an offset and the first from it on: of all places, or only of the free ones."""
        if free:
            pair = (next(self.behind(offset), None), next(self.ahead(offset), None))
            return [p for p in pair if p is not None]
        i = bisect_left(self._starts, offset)
        return self.places[max(i - 1, 0) : i + 1]

    def is_free(self, place: Place) -> bool:
        """Whether no item has taken a place."""
        return place.start not in self._taken

    def any_free(self) -> bool:
        """Whether any place is free."""
        return self._next(0) < len(self.places)

    def _next(self, i: int) -> int:
        right, path = self._right, []
        while True:
            while right[i] != i:
                path.append(i)
                i = right[i]
            if i == len(self.places) or self._starts[i] not in self._taken:
                break
            right[i] = i + 1
        for j in path:
            right[j] = i
        return i

    def _previous(self, i: int) -> int:
        left, path = self._left, []
        while True:
            while left[i] != i:
                path.append(i)
                i = left[i]
            if i == 0 or self._starts[i - 1] not in self._taken:
                break
            left[i] = i - 1
        for j in path:
            left[j] = i
        return i
