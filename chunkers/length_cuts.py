"""Cut a very long text for a search: fast, since its tokens are estimated from samples.

A Chunk ends before a table row or behind a line, else behind a blank. Its length is such that it has about four fifths of the
budget in tokens, and so few bytes that no tokenizer gives more than a given number of them: no Chunk is counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from thresher.chunkers.base import Counter
from thresher.chunkers.context import Context
from thresher.chunkers.packing import TOKENS_PER_BYTE, Packer
from thresher.chunkers.pieces import Piece
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document

NAME = "length"
SAMPLES, SAMPLE_CHARS = 64, 2_000  # parts of the text that are counted, and code points of each
FILLED = 0.8  # share of the budget that a Chunk is meant to fill: a denser part of the text still fits


def cut_by_length(document: Document, budget: int, most: int, count: Counter) -> Iterator[Chunk]:
    """Yield Chunks in text order, of about `budget` tokens each and of `most` at the utmost, context included.

    Nothing but white space is lost. Raises InputProblem(budget_too_small) where the context leaves no room.
    """
    context = Context(document, headings=True, mail=True)
    return _LengthPacker(document, context, lambda _: 0, count).cut(budget, most)


class _LengthPacker(Packer):
    """Cuts one Document by length."""

    def cut(self, budget: int, most: int) -> Iterator[Chunk]:
        """Yield the Chunks."""
        text, at, dense = self._document.text, 0, tokens_per_char(self._document.text, self._count)
        while at < len(text):
            room = self._room(at, budget)
            chars = max(int(room * FILLED / dense), 1)
            end = self._end_of(at, at + self._sure_chars(at, chars, most - budget + room))
            if (chunk := self._chunk([self._count_of(Piece(at, end), 0)], budget, NAME)) is not None:
                yield chunk
                self._index, self._end = self._index + 1, chunk.end
            at = end

    def _sure_chars(self, at: int, chars: int, most: int) -> int:
        """Return how many code points, at most `chars`, surely have no more than `most` tokens."""
        part, size = self._document.text[at : at + chars], max(most // TOKENS_PER_BYTE, 1)
        if not part.isascii():
            part = part.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
        return max(min(len(part), size), 1)

    def _end_of(self, at: int, end: int) -> int:
        """Return where a Chunk that begins at an offset ends, at most at another: behind a row, a line or a blank."""
        text = self._document.text
        if end >= len(text):
            return len(text)
        table = self._document.table_at(end)
        if table is not None:
            row = max(bisect_right(table.first, bisect_right(table.start, end) - 1) - 1, 0)
            if (start := table.row_range(row)[0]) > at:
                return start
        half = at + (end - at) // 2
        return next((i + 1 for mark in "\n " if (i := text.rfind(mark, half, end)) >= 0), end)


def tokens_per_char(text: str, count: Counter) -> float:
    """Return the most tokens that a code point of any sampled part has on average.

    >>> tokens_per_char("abcd" * 10_000, lambda part: len(part) // 2)
    0.5
    """
    step = max(len(text) // SAMPLES, 1)
    parts = [text[i : i + SAMPLE_CHARS] for i in range(0, len(text), step)]
    return max((count(part) / len(part) for part in parts if len(part) * 2 > min(SAMPLE_CHARS, len(text))), default=1.0)
