"""Chunk: a token-budgeted slice of a Document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A contiguous slice `[start, end)` of one Document's text, with what a reader needs to understand it.

    The ranges of a Document's Chunks cover every non-blank character, in order. Without overlap they are disjoint;
    `overlap` says how many leading code points also belong to the Chunk before.
    """

    index: int  # 0-based, in document order
    start: int
    end: int
    text: str  # exactly document.text[start:end], or the `lines` of some records
    context: str = ""  # heading path, mail facts, repeated header row; not part of the range
    context_ranges: tuple[tuple[int, int], ...] = ()  # where repeated pieces of the context stand in the Document
    ranges: tuple[tuple[int, int], ...] = ()  # where it is not one slice: the records that are asked about again
    lines: tuple[tuple[int, int], ...] = ()  # and their lines, which are the text
    around: tuple[tuple[int, int], ...] = ()  # lines beside those that are asked about again
    parts: int = 0  # how many Chunks the Document was cut into; 0: not known
    overlap: int = 0  # code points shared with the Chunk before
    pages: tuple[int, int] | None = None  # first and last page, 1-based
    kind: str = "plain"  # the chunker that made it
    count: Callable[[str], int] = field(repr=False, compare=False)  # tokens of a text, as the model counts them

    @property
    def whole(self) -> str:
        """Return context and text together."""
        return f"{self.context}\n{self.text}" if self.context else self.text

    @property
    def tokens(self) -> int:
        """Count the tokens of the whole, as the model will be charged for them."""
        return self.count(self.whole)
