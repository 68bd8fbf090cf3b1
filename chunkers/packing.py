"""Pack pieces into Chunks: the one algorithm that every chunker uses.

Greedy with a look back: pieces are taken until the next one would exceed the budget; then the cut is made before the
strongest beginning (a heading, a page, a mail) in the later half of what was taken, or as late as possible among
equals. Token counts of pieces are added up to decide, and the Chunk as a whole is counted again before it is yielded:
a tokenizer's counts are not additive, and the budget is exact.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from thresher.chunkers.base import NO_RECORDS, Counter, Records
from thresher.chunkers.context import Context
from thresher.chunkers.pieces import Piece, pieces, split
from thresher.chunkers.table_cuts import TableCuts
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem

TOKENS_PER_BYTE = 2  # tokens per byte: one, doubled for a counter that stands in for a finer tokenizer
LINE_MAX_CHARS = 2_000  # code points (XML and JSON: a tenth); a longer piece is cut where records begin
SURE_CHARS_PER_TOKEN = 20  # characters per token that only blanks exceed; up to this a row is counted before it is cut
TINY_BUDGET_TOKENS = 64  # tokens; with fewer a context may leave less than half
CHARS_PER_TOKEN = 6  # characters per token on average; a longer text is not counted, it does not fit
_LETTER = re.compile(r"\w")
RECORD = 100  # strength of the cut before a record, more than any other
Strength = Callable[[Piece], int]


@dataclass(slots=True)
class Counted:
    """A piece with the strength of the cut before it; its tokens are counted only where they decide."""

    piece: Piece
    strength: int
    text: str
    count: Counter
    is_record: bool = False  # whether a record begins here
    _tokens: int = -1  # -1: not counted yet

    @property
    def tokens(self) -> int:
        """Return the token count of the piece alone."""
        if self._tokens < 0:
            self._tokens = self.count(self.text)
        return self._tokens

    @property
    def most(self) -> int:
        """Return an upper bound of the token count."""
        return _most_tokens(self.text)


class _Taken:
    """Pieces that go into one Chunk, with their token count, or an upper bound of it while that suffices."""

    def __init__(self, items: Sequence[Counted] = ()) -> None:
        self.items: list[Counted] = []
        self.records = 0  # how many begin in these pieces
        self._total, self._exact = 0, False
        for item in items:
            self.add(item)

    def add(self, item: Counted) -> None:
        self.items.append(item)
        self.records += item.is_record
        self._total += item.tokens if self._exact else item.most

    def passes(self, item: Counted, room: int) -> bool:
        """Whether one more piece would exceed the room."""
        if self._total + item.most <= room:
            return False
        if not self._exact:
            self._total, self._exact = sum(c.tokens for c in self.items), True
        return self._total + item.tokens > room


class Packer:
    """Packs one Document."""

    def __init__(
        self,
        document: Document,
        context: Context,
        strength: Strength,
        count: Counter,
        records: Records = NO_RECORDS,
    ) -> None:
        """Prepare for one Document.

        `strength` says how good a place to cut the beginning of a piece is, higher is better.
        """
        self._records = records
        self._document, self._context, self._strength, self._count = document, context, strength, count
        self._index = 0
        self._emitted = 0  # end of the last piece yielded
        self._end = 0  # end of the last Chunk yielded
        self._known: tuple[list[tuple[int, int]], int] = ([], 0)  # the current context and its tokens

    def pack(self, budget: int, overlap: int, kind: str) -> Iterator[Chunk]:
        """Yield Chunks of at most `budget` tokens, the last `overlap` of each (at most half) repeated in the next."""
        taken, room = _Taken(), self._room(0, budget)
        if (whole := self._whole(budget, kind)) is not None:
            yield whole
            return
        for item in self._counted(budget):
            while taken.items and (taken.passes(item, room) or self._is_full(taken, item)):
                chunk, left = self._cut(taken.items, budget, min(overlap, budget // 2), kind, before=item.strength)
                yield from [chunk] if chunk else []
                left = left if self._fits(left, item, budget) else [c for c in left if c.piece.end > self._emitted]
                taken = _Taken(left)
                room = self._room((left[0] if left else item).piece.start, budget)
            taken.add(item)
        rest = taken.items
        while rest:
            chunk, rest = self._cut(rest, budget, 0, kind)
            yield from [chunk] if chunk else []

    def _is_full(self, taken: _Taken, item: Counted) -> bool:
        """Whether `taken` has as many records as it may, and another begins."""
        return item.is_record and 0 < self._records.most <= taken.records

    def _is_record(self, piece: Piece) -> bool:
        starts = self._records.starts
        if not starts:
            return False
        i = bisect_right(starts, piece.start) - 1
        return i >= 0 and not _LETTER.search(self._document.text, starts[i], piece.start)

    def _whole(self, budget: int, kind: str) -> Chunk | None:
        """Return the whole text as one Chunk, where it fits the budget, as most mails do; None otherwise."""
        length = len(self._document.text)
        if length > budget * CHARS_PER_TOKEN or 0 < self._records.most < len(self._records.starts):
            return None
        chunk = self._chunk([self._count_of(Piece(0, length), 0)], budget, kind)
        return chunk if chunk and _fits(chunk, budget) else None

    def _count_of(self, piece: Piece, strength: int, *, is_record: bool = False) -> Counted:
        return Counted(piece, strength, self._document.text[piece.start : piece.end], self._count, is_record)

    def _fits(self, taken: list[Counted], item: Counted, budget: int) -> bool:
        """Whether an overlap leaves room for new text."""
        if not taken or taken[0].piece.start >= self._emitted:
            return True
        return sum(c.tokens for c in taken) + item.tokens <= self._room(taken[0].piece.start, budget)

    def _counted(self, budget: int) -> Iterator[Counted]:
        def is_short(text: str) -> bool:
            return len(text) <= budget * CHARS_PER_TOKEN and self._count(text) <= budget // 2

        cuts = TableCuts(self._document, self._context.tables, self._records.starts, is_short)
        for piece in self._at_records():
            is_record = self._is_record(piece)
            strength = max(RECORD if is_record else 0, self._strength(piece))
            strength = cuts.strength(piece.start, strength, RECORD)
            for part in self._small(piece, budget):
                yield self._count_of(part, strength, is_record=is_record)
                strength, is_record = 0, False

    def _at_records(self) -> Iterator[Piece]:
        """Yield pieces; those far too long for a line are cut where records begin."""
        outline = self._context.outline
        starts = sorted({*self._records.starts, *outline.records}) if outline else self._records.starts
        long = LINE_MAX_CHARS // 10 if outline else LINE_MAX_CHARS
        for piece in pieces(self._document):
            if piece.end - piece.start <= long:
                yield piece
                continue
            inside = starts[bisect_right(starts, piece.start) : bisect_left(starts, piece.end)]
            for a, b in pairwise([piece.start, *inside, piece.end]):
                yield replace(piece, start=a, end=b)

    def _small(self, piece: Piece, budget: int) -> Iterator[Piece]:
        """Yield the piece itself, or, where it alone exceeds the budget, parts of it that do not."""
        length = piece.end - piece.start
        if length <= budget // 2 and budget >= TINY_BUDGET_TOKENS:
            yield piece  # fits, since its context takes a quarter of the budget at most
            return
        text, room = self._document.text, self._room(piece.start, budget)
        if length <= room or (
            length <= room * SURE_CHARS_PER_TOKEN and self._count(text[piece.start : piece.end]) <= room
        ):
            yield piece
            return
        for a, b in split(text, piece.start, piece.end, room * 8):
            yield from self._halves(replace(piece, start=a, end=b), room)

    def _halves(self, piece: Piece, room: int) -> Iterator[Piece]:
        length = piece.end - piece.start
        if length <= 1 or self._count(self._document.text[piece.start : piece.end]) <= room:
            yield piece
            return
        for a, b in split(self._document.text, piece.start, piece.end, (length + 1) // 2):
            yield from self._halves(replace(piece, start=a, end=b), room)

    def _room(self, start: int, budget: int) -> int:
        """Return the tokens left for text beside the context at `start`. Raises InputProblem where none are left."""
        context, ranges = self._context_at(start, budget)
        if ranges != self._known[0]:
            self._known = ranges, self._count(context + "\n") if context else 0
        room = budget - self._known[1]
        if room < 1:
            raise InputProblem("budget_too_small", f"{budget} tokens a chunk")
        return room

    def _context_at(self, start: int, budget: int) -> tuple[str, list[tuple[int, int]]]:
        """Return context of at most a quarter of the budget; what is furthest from the text is dropped first."""
        ranges = self._context.ranges(start)
        first, last = 0, len(ranges)  # the fewest that are dropped lie between them
        while first < last:
            middle = first if first == 0 else (first + last) // 2  # mostly all of them fit
            if self._count(self._context.text(ranges[middle:])) > budget // 4:
                first = middle + 1
            else:
                last = middle
        return self._context.text(ranges[first:]), ranges[first:]

    def _cut(
        self, taken: list[Counted], budget: int, overlap: int, kind: str, *, before: int = 0
    ) -> tuple[Chunk | None, list[Counted]]:
        """Return a Chunk of the first of `taken`, and the items for the next one, its overlap first.

        `before` is the strength of the item after them; 0 for the end of the text.
        """
        end = _best_cut(taken, before) if before else len(taken)
        while True:
            chunk = self._chunk(taken[:end], budget, kind)
            if chunk is None or _fits(chunk, budget):
                break
            if end == 1:  # the whole has slightly more tokens than its parts: halve the piece
                taken = [*self._halve(taken[0]), *taken[1:]]
            else:
                end -= 1
        self._emitted = max(self._emitted, taken[end - 1].piece.end)
        if chunk is not None:
            self._index, self._end = self._index + 1, chunk.end
        return chunk, taken[_overlap_start(taken, end, overlap) :]

    def _halve(self, item: Counted) -> list[Counted]:
        piece, text = item.piece, self._document.text
        if piece.end - piece.start <= 1:
            raise InputProblem("budget_too_small", "one character does not fit the budget")
        parts = split(text, piece.start, piece.end, (piece.end - piece.start + 1) // 2)
        return [self._count_of(replace(piece, start=a, end=b), 0) for a, b in parts]

    def _chunk(self, taken: list[Counted], budget: int, kind: str) -> Chunk | None:
        raw = self._document.text[taken[0].piece.start : taken[-1].piece.end]
        text = raw.strip()
        start = taken[0].piece.start + len(raw) - len(raw.lstrip())
        end = start + len(text)
        if end <= self._end or not text:
            return None
        context, ranges = self._context_at(start, budget)
        first, final = self._document.page_at(start), self._document.page_at(end - 1)
        return Chunk(
            index=self._index,
            start=start,
            end=end,
            text=text,
            context=context,
            context_ranges=tuple(ranges),
            overlap=max(0, min(self._end, end) - start),
            pages=(first, final) if first is not None and final is not None else None,
            kind=kind,
            count=self._count,
        )


def _fits(chunk: Chunk, budget: int) -> bool:
    """Whether a Chunk is within the budget; many need not even be counted."""
    return _most_tokens(chunk.whole) <= budget or chunk.tokens <= budget


def _most_tokens(text: str) -> int:
    """Return an upper bound of the tokens of a text: no vocabulary gives more of them than bytes."""
    return TOKENS_PER_BYTE * (len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))


def _best_cut(taken: list[Counted], before: int) -> int:
    """Return how many pieces to take: up to the strongest beginning in the later half, the latest among equals."""
    if before >= max(RECORD, *(item.strength for item in taken)):
        return len(taken)
    half, total, best = sum(c.tokens for c in taken) / 2, 0, (before, len(taken))
    for i, item in enumerate(taken):
        if i and total >= half:
            best = max(best, (item.strength, i))
        total += item.tokens
    return best[1]


def _overlap_start(taken: list[Counted], end: int, overlap: int) -> int:
    """Return the index of the first piece that the next Chunk repeats; the first piece is never repeated."""
    start, tokens = end, 0
    while overlap and start > 1 and tokens + taken[start - 1].tokens <= overlap:
        start -= 1
        tokens += taken[start].tokens
    return start
