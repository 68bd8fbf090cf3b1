"""Show one Result in a notebook: the same HTML as the report, in a frame that may run nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from thresher.schemas.errors import Problem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.base.temp_folder import temp_folder
from thresher.service.exports.report.document_html import DocumentView
from thresher.service.exports.report.evidence_places import Page
from thresher.service.exports.report.page_figures import SCALE
from thresher.service.exports.report.report_file import NoOriginals, Originals, Report, write_report
from thresher.service.exports.reviewed_results import ReviewedResult
from thresher.service.exports.target_fields import TargetFields, inferred_target
from thresher.service.pages.page_pictures import PageViews
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source

FRAME_HEIGHT_PIXELS = 720


@dataclass(frozen=True, slots=True)
class OneOriginal:
    """Pages and texts of one file and what it holds."""

    root: Source
    views: PageViews
    options: ReadOptions

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """Return a page as a picture."""
        del view
        try:
            child = await self.views.child(self.root, page[0], self.options)
            return await self.views.picture(child, page[1], SCALE, self.options)
        except Problem:
            return None

    async def text(self, view: DocumentView, source: str) -> str | None:
        """Return the text of a source."""
        try:
            child = await self.views.child(self.root, source, self.options)
            return await self.views.text(child, self.options, view.result.source.page_range)
        except Problem:
            return None


def html_of_result(
    result: Result[Any], file: Path | None = None, target: Target | None = None, options: ReadOptions | None = None
) -> str:
    """Return one Result as a whole HTML page; blocks, also where an event loop runs.

    `file` is the document that it was made from: without it no page is shown. `target` gives the order of the fields.
    Raises InputProblem where the file can not be read.
    """
    with ThreadPoolExecutor(1) as apart:  # for a notebook is in an event loop
        return apart.submit(lambda: asyncio.run(_html(result, file, target, options or ReadOptions()))).result()


async def _html(result: Result[Any], file: Path | None, target: Target | None, options: ReadOptions) -> str:
    fields = TargetFields.of(target) if target is not None else inferred_target([result])
    parts: list[str] = []
    async with _opened(result, file, options) as originals:
        one = ReviewedResult(result)
        await write_report(
            Report(title=result.source.path, results=lambda: [one], targets=[fields], originals=originals), parts.append
        )
    return "".join(parts)


@asynccontextmanager
async def _opened(result: Result[Any], file: Path | None, options: ReadOptions) -> AsyncIterator[Originals]:
    if file is None:
        yield NoOriginals()
        return
    root = (await asyncio.to_thread(make_source, file)).model_copy(update={"path": result.source.path})
    with temp_folder() as own:
        async with ReaderPool(own / "spool", workers=1) as pool:
            yield OneOriginal(root, PageViews(pool, own / "children"), options)


def notebook_frame(html: str, height: int = FRAME_HEIGHT_PIXELS) -> str:
    """Return a page as HTML for the output of a notebook's cell: a frame without scripts, forms or the notebook's origin."""
    here = html.replace("<head>", '<head><base href="about:srcdoc">', 1)  # else links lead to the notebook's page
    return (
        f'<iframe sandbox="" title="Result" style="width:100%;height:{height}px;border:1px solid #888" '
        f'srcdoc="{escape(here)}"></iframe>'
    )
