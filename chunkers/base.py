"""The Chunker protocol and the promise that every member keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document

Counter = Callable[[str], int]  # text to number of tokens


@dataclass(frozen=True, slots=True)
class Records:
    """Where records begin, for Chunks that are to hold whole ones."""

    starts: Sequence[int] = ()  # offsets, sorted: the best places to cut
    most: int = 0  # of them in one Chunk; 0: as many as the budget holds


NO_RECORDS = Records()


class Chunker(Protocol):
    """Cuts a Document into Chunks of at most `budget` tokens each, context included.

    Nothing but white space is lost, order is kept, and a row or sentence is cut only if it alone exceeds the budget.
    """

    @property
    def name(self) -> str:
        """Short name, as in logs and reports."""
        ...

    def chunk(
        self, document: Document, budget: int, count: Counter, overlap: int = 0, records: Records = NO_RECORDS
    ) -> Iterator[Chunk]:
        """Chunks in document order; `overlap` tokens of each are repeated from the one before.

        Where `records` are known, a Chunk ends before one if any begins in its later half.

        Raises InputProblem(budget_too_small) when the budget can not hold one character beside the context.
        """
        ...
