"""Choose which Chunks of a long Document are asked for which single facts, and when to stop.

The first round asks the Chunks that rank best for the fields, and the first Chunk, for everything. While a field has no
supported value, further rounds ask for the missing fields alone. Each round asks twice as many Chunks, adjacent ones in one
question, until each field is found or was searched for in every Chunk. Rounds depend on what was found, never on timing,
so that a rerun asks the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from thresher.schemas import json_pointer
from thresher.schemas.chunk import Chunk
from thresher.schemas.extraction import Extraction
from thresher.schemas.target import Field

READ_WHOLE_MAX_CHUNKS = 4  # Chunks of a Document that is simply read
FIRST_ROUND_CHUNKS = 6  # Chunks of the first round at least
BEST_PER_FIELD = 2  # Chunks of the first round for each field


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What to ask, in text order, and for what: runs of Chunks (by index) that are asked about as one."""

    runs: tuple[tuple[int, ...], ...]
    fields: tuple[str, ...]


class Rounds:
    """Choose the rounds over one Document for one group of fields."""

    def __init__(
        self, fields: Sequence[Field], chunks: Sequence[Chunk], orders: Mapping[str, list[int]], together: int = 1
    ) -> None:
        """Take the wanted fields, each of one value, and for each field the `orders` of the Chunks, likeliest first.

        `together`: adjacent Chunks in one question of later rounds.
        """
        self._fields = {f.path: f for f in fields}
        self._orders = {f.path: orders[f.path] for f in fields}
        self._looked: dict[str, set[int]] = {f.path: set() for f in fields}
        self._all = range(len(chunks))
        self._most, self._together = FIRST_ROUND_CHUNKS, together

    def first(self) -> Round:
        """Return the round of the best Chunks of each field, and the first Chunk."""
        chosen = {0} if self._all else set[int]()
        for rank in range(BEST_PER_FIELD):
            for order in self._orders.values():
                chosen.update(order[rank : rank + 1])
        chosen |= set(self._best(tuple(self._fields), FIRST_ROUND_CHUNKS - len(chosen), chosen))
        return self._recorded(chosen, tuple(self._fields), 1)

    def next(self, found: Iterable[Extraction]) -> Round | None:
        """Return the next round after all that was found; None when nothing is left to search for."""
        supported = {json_pointer.pattern(e.path) for x in found for e in x.evidence if e.match != "none"}
        missing = [p for p in self._fields if p not in supported and len(self._looked[p]) < len(self._all)]
        if not missing:
            return None
        self._most *= 2
        best = self._best(tuple(missing), self._most, self._looked[missing[0]])
        return self._recorded(set(best), tuple(missing), self._together)

    def looked(self) -> dict[str, frozenset[int]]:
        """Return, for each field, the Chunks that were asked for it."""
        return {path: frozenset(chunks) for path, chunks in self._looked.items()}

    def _best(self, paths: tuple[str, ...], most: int, asked: set[int]) -> list[int]:
        """Return Chunks that were not asked yet: the best of each field in turn, then the rest in text order."""
        orders = [self._orders[p] for p in paths]
        longest = max(map(len, orders), default=0)
        turns = [order[rank] for rank in range(longest) for order in orders if rank < len(order)]
        fresh = [i for i in dict.fromkeys([*turns, *self._all]) if i not in asked]
        return fresh[: max(most, 0)]

    def _recorded(self, chunks: set[int], paths: tuple[str, ...], most: int) -> Round:
        for path in paths:
            self._looked[path] |= chunks
        return Round(runs=tuple(_runs(sorted(chunks), most)), fields=paths)


def _runs(chunks: Iterable[int], most: int) -> Iterator[tuple[int, ...]]:
    """Group adjacent indices, at most `most` in a group.

    >>> list(_runs([0, 2, 3, 4, 5, 9], 3))
    [(0,), (2, 3, 4), (5,), (9,)]
    """
    run: tuple[int, ...] = ()
    for i in chunks:
        if run and (i != run[-1] + 1 or len(run) == most):
            yield run
            run = ()
        run += (i,)
    if run:
        yield run
