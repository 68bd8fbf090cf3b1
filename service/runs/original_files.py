"""What Results of this process were made from: their pages as pictures, as long as the files are there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.service.pages.page_pictures import PageViews
from thresher.service.readers.pool import ReaderPool
from thresher.service.runs.given_sources import GivenSource
from thresher.service.storage.temp_folder import temp_folder

G = TypeVar("G")


class OriginalFiles:
    """The sources of one Result. Pictures are made by a process that reads untrusted bytes; each one starts it anew."""

    def __init__(self, given: Any, sources: list[GivenSource], options: ReadOptions | None = None) -> None:
        """Take what the caller gave, the Sources made of it, which live as long as this object, and how they were read."""
        self._given, self._sources, self._options = given, sources, options or ReadOptions()

    @property
    def given(self) -> Any:
        """Return the source as the caller gave it."""
        return self._given

    def picture(self, source: str, page: int, scale: float) -> bytes:
        """Return a page as PNG; blocks for about half a second, also where an event loop runs. Raises InputProblem."""

        async def drawn(views: PageViews) -> bytes:
            root = self._root(source)
            return await views.picture(await views.child(root, source) if source else root, page, scale)

        return self._viewed(drawn)

    def html(self, result: Result[Any]) -> str:
        """Return the report."""
        raise NotImplementedError

    def _root(self, path: str) -> Source:
        """Return the file that a path of the Result lies in; the only one, or the first, for its own path."""
        for one in self._sources:
            if path == one.source.path or path.startswith(f"{one.source.path}!"):
                return one.source
        if not self._sources:
            raise InputProblem("file_not_found", "nothing could be read, so there is no page")
        return self._sources[0].source

    def _viewed(self, look: Callable[[PageViews], Awaitable[G]]) -> G:
        """Return what a look at the pages gives, made in a loop of a thread's own."""

        async def looked() -> G:
            with temp_folder() as folder:
                async with ReaderPool(folder / "spool", workers=1) as pool:
                    return await look(PageViews(pool, folder, self._options))

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(looked())).result()
