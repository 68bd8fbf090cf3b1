"""Show the documents of a folder of Results: their pages and texts, from where its run found them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import Problem
from thresher.schemas.source import SourceFacts
from thresher.service.exports.report.document_html import DocumentView
from thresher.service.exports.report.evidence_places import Page
from thresher.service.exports.report.page_figures import SCALE
from thresher.service.pages.page_pictures import PageViews
from thresher.service.readers.pool import ReaderPool
from thresher.service.reviews.folder_file import folder_place, opened_folder_reviews
from thresher.service.reviews.folder_results import FolderResults
from thresher.service.storage.temp_folder import temp_folder


@dataclass(frozen=True, slots=True)
class FolderOriginals:
    """Pages and texts of documents. What can not be had any more is None; the report says so."""

    results: FolderResults
    views: PageViews

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """Return a page as a picture."""
        try:
            async with self.results.original(folder_place(view.name), page[0]) as root:
                child = await self.views.child(root, page[0], self.results.options)
                return await self.views.picture(child, page[1], SCALE, self.results.options)
        except Problem:
            return None

    async def text(self, view: DocumentView, source: str) -> str | None:
        """Return the text of a source, read as the folder's newest run read it."""
        facts = _facts(view, source)
        try:
            async with self.results.original(folder_place(view.name), source) as root:
                child = await self.views.child(root, source, self.results.options)
                return await self.views.text(child, self.results.options, facts.page_range if facts else None)
        except Problem:
            return None


def _facts(view: DocumentView, source: str) -> SourceFacts | None:
    return next((s for s in (view.result.source, *view.result.sources) if s.path == source), None)


@asynccontextmanager
async def opened_originals(folder: Path, places: tuple[Path, ...] = ()) -> AsyncIterator[FolderOriginals]:
    """Open the documents of a folder of Results; `places` are folders and files in which they are looked for first."""
    async with opened_folder_reviews(folder) as reviews:
        results = await asyncio.to_thread(FolderResults, folder=folder, reviews=reviews, originals=places)
        with temp_folder() as own:
            async with ReaderPool(own / "spool", workers=2) as pool:
                yield FolderOriginals(results, PageViews(pool, own / "children"))
