"""What Results of this process were made from: their pages as pictures and as a report, as long as the files are there."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.exports.report.document_html import DocumentView
from thresher.service.exports.report.evidence_places import Page
from thresher.service.exports.report.page_figures import SCALE
from thresher.service.exports.report.report_file import Report, write_report
from thresher.service.exports.reviewed_results import ReviewedResult
from thresher.service.exports.target_fields import TargetFields, inferred_target
from thresher.service.pages.page_pictures import PageViews, opened_views

G = TypeVar("G")
PNG_MARK = b"\x89PNG"


class HeldSource(Protocol):
    """A Source whose file is there for as long as this object lives."""

    @property
    def source(self) -> Source:
        """Return the Source."""
        ...


class OriginalFiles:
    """The sources of one Result. A process that reads untrusted bytes makes the pictures; each call starts it anew."""

    def __init__(self, given: Any, sources: Sequence[HeldSource], target: Target | None, options: ReadOptions) -> None:
        """Take what the caller gave, the Sources made of it, and how they were read."""
        self._given, self._sources, self._target, self._options = given, sources, target, options

    @property
    def given(self) -> Any:
        """Return the source as the caller gave it."""
        return self._given

    def picture(self, source: str, page: int, scale: float) -> bytes:
        """Return a page as PNG; blocks for about half a second, also where an event loop runs. Raises InputProblem."""

        async def drawn(views: PageViews) -> bytes:
            return await views.picture(await self.child(views, source), page, scale, self.options)

        return _png(self._viewed(drawn))

    def html(self, result: Result[Any]) -> str:
        """Return the report of a Result; blocks."""
        targets = [TargetFields.of(self._target) if self._target else inferred_target([result])]
        parts: list[str] = []

        async def written(views: PageViews) -> str:
            originals = _ReportOriginals(self, views)
            shown = Report(
                title=result.source.path,
                results=lambda: [ReviewedResult(result)],
                targets=targets,
                originals=originals,
            )
            await write_report(shown, parts.append)
            return "".join(parts)

        return self._viewed(written)

    async def child(self, views: PageViews, path: str) -> Source:
        """Return the file at a path of the Result, "" for its own. Raises InputProblem(file_not_found, not_found)."""
        root = next((s.source for s in self._sources if f"{path}!".startswith(f"{s.source.path}!")), None)
        root = root or next((s.source for s in self._sources), None)
        if root is None:
            raise InputProblem("file_not_found", "nothing could be read, so there is no page")
        return await views.child(root, path, self.options) if path else root

    @property
    def options(self) -> ReadOptions:
        """Return how the sources were read."""
        return self._options

    def _viewed(self, look: Callable[[PageViews], Awaitable[G]]) -> G:
        """Return what a look at the pages gives, made in a loop of a thread's own."""

        async def looked() -> G:
            async with opened_views() as views:
                return await look(views)

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(looked())).result()


def _png(picture: bytes) -> bytes:
    """Return a picture of ours as PNG; of photographed pages they are JPEG."""
    if picture.startswith(PNG_MARK):
        return picture
    from PIL import Image  # noqa: PLC0415 - only for photographed pages

    made = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.save(made, "PNG", compress_level=1)
    return made.getvalue()


@dataclass(frozen=True, slots=True)
class _ReportOriginals:
    """Give the report pages and texts of the files; None for what cannot be had any more, which it then says."""

    files: OriginalFiles
    views: PageViews

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """Return a page as PNG."""
        del view
        try:
            return await self.views.picture(
                await self.files.child(self.views, page[0]), page[1], SCALE, self.files.options
            )
        except Problem:
            return None

    async def text(self, view: DocumentView, source: str) -> str | None:
        """Return the text of a source, read as it was for the Result."""
        facts = next((s for s in (view.result.source, *view.result.sources) if s.path == source), None)
        try:
            child = await self.files.child(self.views, source)
            return await self.views.text(child, self.files.options, facts.page_range if facts else None)
        except Problem:
            return None
