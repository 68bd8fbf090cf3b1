"""Count what an extraction does, and tell the caller after each step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from thresher.schemas.job import LoggedCall
from thresher.schemas.progress import Progress
from thresher.service.readers.base import Reading
from thresher.service.storage.answers.base import Store
from thresher.service.telemetry.ids import current_unit

Tell = Callable[[Progress], object]


@dataclass(slots=True)
class ReportedProgress:
    """The counts of one call, told after each change."""

    tell: Tell | None
    now: Progress = field(default_factory=lambda: Progress(stage="read", path=""))

    async def of_readings(self, readings: AsyncIterator[Reading]) -> AsyncIterator[Reading]:
        """Yield Readings and count each."""
        async for reading in readings:
            document = reading.document
            files, pages = self.now.files + 1, self.now.pages + len(document.pages)
            self._say("read", document.source.path, files=files, pages=pages)
            yield reading

    def answered(self, call: LoggedCall) -> None:
        """Count an answer, and what it cost now."""
        if call.attempt.error:
            return
        paid = 0.0 if call.attempt.stored else call.attempt.usd
        usd = None if paid is None or self.now.usd is None else self.now.usd + paid
        self._say("asked", call.unit or current_unit.get() or "", answers=self.now.answers + 1, usd=usd)

    def finished(self, path: str) -> None:
        """Count a Result."""
        self._say("finished", path, results=self.now.results + 1)

    def _say(self, stage: Literal["read", "asked", "finished"], path: str, **counts: Any) -> None:
        self.now = replace(self.now, stage=stage, path=path, **counts)
        if self.tell is not None:
            self.tell(self.now)


@dataclass(frozen=True, slots=True)
class CountedRecords:
    """A store of answers whose calls are counted."""

    store: Store
    progress: ReportedProgress

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return the stored answer."""
        return await self.store.answer(key)

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Store an answer."""
        await self.store.keep(key, answer)

    async def log(self, call: LoggedCall) -> None:
        """Log a call, and count it."""
        await self.store.log(call)
        self.progress.answered(call)
