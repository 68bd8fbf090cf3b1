"""The Chunker protocol, and what every chunker guarantees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document

Counter = Callable[[str], int]  # text -> number of tokens


@dataclass(frozen=True, slots=True)
class Records:
    """Where records begin, for Chunks that should contain whole ones."""

    starts: Sequence[int] = ()  # offsets, sorted: the best places to cut
    most: int = 0  # records in one Chunk; 0: as many as the budget holds


NO_RECORDS = Records()


class Chunker(Protocol):
    """Cuts a Document into Chunks of at most `budget` tokens each, context included.

    Nothing but white space is lost, order is kept, and a row or sentence is cut only if it alone exceeds the budget.
    """

    @property
    def name(self) -> str:
        """Return the short name, as in logs and reports."""
        ...

    def chunk(
        self, document: Document, budget: int, count: Counter, overlap: int = 0, records: Records = NO_RECORDS
    ) -> Iterator[Chunk]:
        """Yield Chunks in document order; `overlap` tokens of each are repeated from the one before.

        Where `records` are known, a Chunk ends before one if any begins in its later half.

        Raises InputProblem(budget_too_small) when the budget cannot hold one character beside the context.
        """
        ...
