"""Give pictures of pages and passages of text of stored files, each made once in a worker process and then cached.

root file -> (attachment or member by its path) -> picture of a page | text
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar
from uuid import uuid4

from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.base.single_flight import SingleFlight
from thresher.service.base.temp_folder import temp_folder
from thresher.service.pages.drawing import SCALES, draw_page, load_libraries
from thresher.service.readers.base import Spool
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.telemetry.ids import current_tenant

CACHED_PICTURE_BYTES = 64 << 20  # of PNG, in memory
CACHED_TEXT_CHARACTERS = 16 << 20
CACHED_FILES = 32  # files whose attachments lie unpacked
PICTURE_SECONDS = 30.0  # for one picture
PART = re.compile(r"!p\d+(?:-\d+)?$")  # ends the path of a part of a packet: its pages
DEFAULT = ReadOptions()
Made = TypeVar("Made")


class _Cache(Generic[Made]):
    """What was made last, up to a total size."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, OrderedDict[tuple[object, ...], Made]()
        self._sizes, self._flights = dict[tuple[object, ...], int](), SingleFlight[tuple[object, ...], Made]()

    async def of(
        self, wanted: tuple[object, ...], make: Callable[[], Awaitable[Made]], size: Callable[[Made], int]
    ) -> Made:
        """Return what is held under a key of the tenant's, else make it; callers at once share one making.

        Tenants share nothing: how soon an answer comes would tell them which files another one has.
        """
        key = (current_tenant.get(), *wanted)
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made = await self._flights.of(key, make)
        self._held[key], self._sizes[key] = made, size(made)
        while sum(self._sizes.values()) > self._most and len(self._held) > 1:
            del self._sizes[self._held.popitem(last=False)[0]]
        return made


@dataclass(slots=True)
class PageViews:
    """Pictures and texts of files, made by a pool of reading processes."""

    pool: ReaderPool
    folder: Path  # for the bytes of attachments; not to outlive the process
    _pictures: _Cache[bytes] = field(default_factory=lambda: _Cache(CACHED_PICTURE_BYTES))
    _texts: _Cache[_Text] = field(default_factory=lambda: _Cache(CACHED_TEXT_CHARACTERS))
    _warming: asyncio.Task[None] | None = None
    _children: OrderedDict[tuple[object, ...], tuple[Path, dict[str, Source]]] = field(default_factory=OrderedDict)

    def warm(self) -> asyncio.Task[None]:
        """Start the drawing processes, if none were started yet, and load their libraries; does not wait."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._load())
        return self._warming

    async def _load(self) -> None:
        """Load the libraries; where that fails, the first picture finds out and reports it."""
        with suppress(Problem, OSError, RuntimeError):
            await self.pool.begin()  # in a thread: the event loop goes on meanwhile
            await self.pool.call(load_libraries, Source(path="", blob="", sha256="", size=0), DEFAULT)

    async def picture(self, source: Source, page: int, scale: float, options: ReadOptions = DEFAULT) -> bytes:
        """Return a page (1-based, of the file) as PNG or JPEG, with `scale` pixels a point.

        Raises InputProblem: not_found for a page that is not there, unsupported_type for a file without pages to draw,
        field_invalid for a scale out of bounds, and what reading raises.
        """
        if not SCALES[0] <= scale <= SCALES[1]:
            raise InputProblem("field_invalid", f"scale: {SCALES[0]:g} to {SCALES[1]:g} pixels a point")
        limits = options.limits.model_copy(update={"seconds": PICTURE_SECONDS})
        options = options.model_copy(update={"limits": limits})
        draw = partial(draw_page, page=page, scale=scale)
        key = (source.sha256, page, scale, options.passwords)  # who has a file need not have its password
        await asyncio.shield(self.warm())
        return await self._pictures.of(key, lambda: self.pool.call(draw, source, options), len)

    async def text(self, source: Source, options: ReadOptions, pages: tuple[int, int] | None = None) -> str:
        """Return the text of a file's Document, or of the part on some pages (first and last, 1-based)."""
        key = (source.sha256, source.name, options)
        text = await self._texts.of(key, lambda: self._read(source, options), lambda made: len(made.text))
        return text.of_pages(pages)

    async def _read(self, source: Source, options: ReadOptions) -> _Text:
        async with self.pool.apart() as reads:
            document = (await reads.read(source, options)).document
        return _Text(document.text, tuple(document.pages.start))

    async def child(self, root: Source, path: str, options: ReadOptions = DEFAULT) -> Source:
        """Return the attachment or member at a path of a Result ("mail.eml!/2-invoice.pdf"); the root for its own path.

        Raises InputProblem(not_found) where the file holds no such thing.
        """
        wanted, found = PART.sub("", path), root
        while found.path != wanted:
            inside = await self._unpacked(found, root, options)
            found = next((c for c in inside if wanted == c.path or wanted.startswith(f"{c.path}!/")), found)
            if found not in inside:
                raise InputProblem("not_found", f"{root.path} holds no {path}")
        return found

    async def _unpacked(self, source: Source, root: Source, options: ReadOptions) -> list[Source]:
        """Return what lies directly in a file, its bytes unpacked."""
        key = (current_tenant.get(), root.path, root.sha256, options.passwords)
        folder, known = self._children.setdefault(key, (self.folder / uuid4().hex, {}))
        self._children.move_to_end(key)
        if not any(c.parent == source.id for c in known.values()):
            reading = await self.pool.read(source, options.model_copy(update={"ocr": "off"}), Spool(folder))
            known.update({child.path: child for child in reading.children})
        while len(self._children) > CACHED_FILES:
            _, (old, _) = self._children.popitem(last=False)
            await asyncio.to_thread(shutil.rmtree, old, ignore_errors=True)
        return [c for c in known.values() if c.parent == source.id]


@dataclass(frozen=True, slots=True)
class _Text:
    """A Document's text, and where its pages begin."""

    text: str
    starts: tuple[int, ...]

    def of_pages(self, pages: tuple[int, int] | None) -> str:
        """Return the text of a part, as its own Document has it; see `service/splitting/document_parts.py`."""
        if pages is None or not self.starts:
            return self.text
        first, last = pages
        end = self.starts[last] if last < len(self.starts) else len(self.text)
        return self.text[self.starts[first - 1] if first > 1 else 0 : end].rstrip("\n")


@asynccontextmanager
async def opened_views(below: Path | None = None, processes: int = 1) -> AsyncIterator[PageViews]:
    """Open PageViews with reading processes of their own, which start when they are first needed.

    What they unpack lies in a temporary folder (within `below`), and goes at the end.
    """
    with temp_folder(below) as folder:
        async with ReaderPool(folder / "spool", workers=processes) as pool:
            yield PageViews(pool, folder / "children")


def picture_of(file: Path, page: int = 1, scale: float = 1.5, path: str = "") -> bytes:
    """Return one page of a file as PNG or JPEG; blocks. `path` names an attachment as a Result does.

    Raises as `PageViews.picture`. For many pages open one `PageViews`: this starts a process each time.
    """

    async def drawn() -> bytes:
        root = make_source(file)
        async with opened_views() as views:
            source = await views.child(root, path) if path else root
            return await views.picture(source, page, scale)

    return asyncio.run(drawn())
