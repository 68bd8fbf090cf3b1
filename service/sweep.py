"""Sweep: every Chunk of a Document is asked, and then what records were missed, in windows that answers may shrink."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from schemas.chunk import Chunk
from schemas.document import Document
from schemas.extraction import Extraction
from schemas.policy import Policy
from schemas.target import Target
from service.ask import Ask, extract_chunk
from service.ledger import Ledger, ledger_of
from service.records import Structure
from service.windows import is_short, missed, smaller, windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One Document and what is asked of each of its Chunks."""

    asks: list[Ask]  # one for each group of fields
    document: Document
    index: int  # of the Document in its Unit
    chunks: list[Chunk]
    known: Structure

    async def run(self, target: Target, policy: Policy) -> tuple[list[Extraction], Ledger]:
        """All that was found, in document order, and the ledger of it.

        The first wave is as wide as the model may be asked at once; the rest follows at once if its answers do not fall
        short, else in smaller windows.
        """
        found: list[Extraction] = []
        ledger = Ledger(expected=0, found=0, unclaimed=[])
        starts, most = self.known.starts, policy.most_records
        todo, width = self.chunks if self.asks else [], policy.concurrency if starts else len(self.chunks)
        while todo:
            wave, todo = todo[:width], todo[width:]
            small = [window for chunk in wave for window in windows(self.document, chunk, starts, most)]
            found += await self._asked(small, 0)
            ledger = ledger_of(self.document, found, target, self.known)
            if is_short(small, ledger, starts):
                most = smaller(most)
            else:
                width = len(self.chunks)
        return await self._missed(found, ledger, target, most, policy.reasks if self.asks else 0)

    async def _missed(
        self, found: list[Extraction], ledger: Ledger, target: Target, most: int, left: int
    ) -> tuple[list[Extraction], Ledger]:
        """Ask for missed records `left` times; a time that showed that windows must be smaller does not count."""
        draw = 0
        while ledger.unclaimed and left:
            draw += 1
            wave = list(missed(self.document, self.chunks, ledger, most))
            found += await self._asked(wave, draw)
            ledger = ledger_of(self.document, found, target, self.known)
            less = smaller(most) if is_short(wave, ledger, self.known.starts) else most
            most, left = less, left - (less == most)
        return found, ledger

    async def _asked(self, chunks: list[Chunk], draw: int) -> list[Extraction]:
        asks = [replace(ask, sample=draw) for ask in self.asks]
        found = await asyncio.gather(
            *(extract_chunk(ask, self.document, chunk, self.index) for chunk in chunks for ask in asks)
        )
        return [x for some in found for x in some]
