"""Ask about every Chunk of a Document, and then about lines of missed records; windows shrink when answers fall short."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.target import Target
from thresher.service.extraction.chunk_extractor import ChunkExtractor, extract_chunk
from thresher.service.extraction.missed_records import has_lists, leftover_question
from thresher.service.records.added_records import lines_with_values, missed_records_of
from thresher.service.records.chunk_parts import Range
from thresher.service.records.completeness import LineIndex, RecordCount, record_count_of
from thresher.service.records.list_routing import Routing, contains_any_list
from thresher.service.records.question_windows import is_incomplete, smaller_window, windows, windows_of_missed
from thresher.service.records.record_lines import record_lines_of
from thresher.service.records.structure import Structure

FIRST_WINDOWS = 8  # windows of a wave whose answers tell whether windows are small enough
SEND_SECONDS = 0.05  # seconds in which the questions of a wave are on their way

_Asked = tuple[int, Chunk]  # number of the ChunkExtractor, and the lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhaustiveExtraction:
    """Ask every question of each Chunk of one Document."""

    extractors: list[ChunkExtractor]  # one for each group of fields
    document: Document
    chunks: list[Chunk]
    known: Structure
    said: LineIndex  # what the lines show without extraction

    async def run(self, target: Target, policy: Policy) -> tuple[list[Extraction], RecordCount]:
        """Return all that was found, in document order, and the count of its records.

        A wave of windows goes out; when the first few of it are answered it is known whether answers fall short of their
        records, and the rest follows in windows of that size, or in another wave of smaller ones.
        """
        most, todo = self.known.most(policy.most_records), self.chunks if self.extractors else []
        width = policy.wave if self.known.starts else len(todo)
        begun: list[asyncio.Task[list[Extraction]]] = []
        try:
            while todo:
                wave = [w for c in todo[:width] for w in windows(self.document, c, self.known.starts, most)]
                todo = todo[width:]
                tasks = [asyncio.create_task(self._asked([window])) for window in wave]
                begun += tasks
                if len(tasks) > FIRST_WINDOWS:
                    # let the questions leave first, then index the lines while answers are awaited
                    await asyncio.sleep(SEND_SECONDS)
                    self.said.work_out()
                if todo and await self._is_short(wave[:FIRST_WINDOWS], tasks[:FIRST_WINDOWS], target):
                    most = smaller_window(most)
                else:
                    width = len(todo)
            found = [x for some in await asyncio.gather(*begun) for x in some]
        except BaseException:
            for task in begun:
                task.cancel()
            raise
        count = self._count(found, target)
        return await self._missed(found, count, target, most, policy.reasks if self.extractors else 0)

    def _count(self, found: list[Extraction], target: Target) -> RecordCount:
        return record_count_of(self.document, found, target, self.known, self.said)

    async def _is_short(self, asked: list[Chunk], tasks: list[asyncio.Task[list[Extraction]]], target: Target) -> bool:
        """Whether answers about some windows fall short. Only these answers decide, so that timing does not matter."""
        found = [x for some in await asyncio.gather(*tasks) for x in some]
        return is_incomplete(asked, self._count(found, target), self.known.starts)

    async def _missed(
        self, found: list[Extraction], count: RecordCount, target: Target, most: int, left: int
    ) -> tuple[list[Extraction], RecordCount]:
        """Ask for missed records `left` times; a round that showed that windows must be smaller does not count.

        Where nothing at all came of one, smaller windows would not help. The same lines are not asked about twice.
        """
        draw, known = 0, set[_Asked]()
        while count.unclaimed and left and not _is_cost_limit_reached(found):
            draw += 1
            before = len(count.unclaimed)
            wave = [asked for asked in self._wave(found, count, target, most) if asked not in known]
            if not wave:
                break
            known.update(wave)
            again = await self._again(wave, draw, found, target)
            lines = [line for record in count.unclaimed for line in record]
            found += missed_records_of(again, found, target, self.said, lines)
            count = self._count(found, target)
            is_some = len(count.unclaimed) < before
            short = is_some and is_incomplete([chunk for _, chunk in wave], count, self.known.starts)
            less = smaller_window(most) if short else most
            most, left = less, left - (less == most)
        return found, count

    def _wave(self, found: list[Extraction], count: RecordCount, target: Target, most: int) -> list[_Asked]:
        """Return the questions about leftover lines. A record is asked for only in groups whose lists could hold it."""
        asking = [i for i, extractor in enumerate(self.extractors) if has_lists(extractor.asked, extractor.target)]
        claims = record_lines_of(found, target, self.said.starts, self.known)
        routing = Routing(self.document, self.said.starts, claims, target)
        routes: dict[tuple[int, ...], list[tuple[Range, ...]]] = {}
        for record in count.unclaimed:
            lists = routing.lists_for(record) if len(asking) > 1 else frozenset[str]()
            own = tuple(i for i in asking if not lists or contains_any_list(self.extractors[i].fields, lists))
            routes.setdefault(own or tuple(asking), []).append(record)
        return [
            (i, chunk)
            for route, records in routes.items()
            for chunk in windows_of_missed(self.document, self.chunks, records, most)
            for i in route
        ]

    async def _again(self, wave: list[_Asked], draw: int, found: list[Extraction], target: Target) -> list[Extraction]:
        """Return what leftover lines give, asked for lists alone."""
        found_lines = lines_with_values(found, target, self.said)
        own = record_lines_of(found, target, self.said.starts, self.known).homes
        homes = frozenset(self.said.starts[i] for i in own)
        extractors = {i: replace(_of_lines(self.extractors[i], draw, found_lines), homes=homes) for i, _ in wave}
        again = await asyncio.gather(*(extract_chunk(extractors[i], self.document, c) for i, c in wave))
        return [x for some in again for x in some]

    async def _asked(self, chunks: list[Chunk]) -> list[Extraction]:
        found = await asyncio.gather(
            *(extract_chunk(extractor, self.document, chunk) for chunk in chunks for extractor in self.extractors)
        )
        return [x for some in found for x in some]


def _of_lines(extractor: ChunkExtractor, draw: int, found_lines: frozenset[int]) -> ChunkExtractor:
    """Return the ChunkExtractor for leftover lines."""
    return replace(
        extractor,
        sample=draw,
        found_lines=found_lines,
        asked=leftover_question(extractor.asked, extractor.target),
        beside=tuple(leftover_question(asked, extractor.target) for asked in extractor.beside),
    )


def _is_cost_limit_reached(found: list[Extraction]) -> bool:
    """Whether the cost limit was reached: no further question would be answered."""
    return any(x.unresolved and x.unresolved.code == "cost_limit_reached" for x in found)
