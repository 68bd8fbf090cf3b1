"""Show the documents of a folder of Results: their pages and texts, from where its run found them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import Problem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source, SourceFacts
from thresher.service.exports.report.document_html import DocumentView
from thresher.service.exports.report.evidence_places import Page
from thresher.service.exports.report.page_figures import SCALE
from thresher.service.pages.page_pictures import PageViews, opened_views
from thresher.service.reviews.collections import checked_child
from thresher.service.reviews.folder_results import FolderDocuments
from thresher.service.storage.run_inputs import inputs_of


@dataclass(frozen=True, slots=True)
class FolderOriginals:
    """Pages and texts of documents. What can not be had any more is None; the report says so."""

    documents: FolderDocuments
    views: PageViews
    options: ReadOptions  # of the folder's newest run

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """Return a page as a picture."""
        try:
            child = await self._child(view, page[0])
            return await self.views.picture(child, page[1], SCALE, self.options)
        except Problem:
            return None

    async def text(self, view: DocumentView, source: str) -> str | None:
        """Return the text of a source, read as the folder's newest run read it."""
        try:
            child = await self._child(view, source)
            return await self.views.text(child, self.options, _facts(view, source).page_range)
        except Problem:
            return None

    async def _child(self, view: DocumentView, path: str) -> Source:
        """Return the bytes of a source. Raises InputProblem(original_missing, not_found), and what reading raises."""
        root = await asyncio.to_thread(self.documents.original, view.result, path)
        return checked_child(await self.views.child(root, path, self.options), _facts(view, path))


def _facts(view: DocumentView, source: str) -> SourceFacts:
    return next(s for s in (view.result.source, *view.result.sources) if s.path == source)


@asynccontextmanager
async def opened_originals(
    folder: Path, places: tuple[Path, ...] = (), passwords: tuple[str, ...] = ()
) -> AsyncIterator[FolderOriginals]:
    """Open the documents of a folder of Results; `places` are folders and files in which they are looked for first.

    Nothing is written into the folder. `passwords` are tried on documents that need one.
    """
    inputs = await asyncio.to_thread(inputs_of, folder)
    options = inputs.read.model_copy(update={"passwords": passwords})
    async with opened_views(processes=2) as views:
        yield FolderOriginals(FolderDocuments(folder, inputs, places), views, options)
