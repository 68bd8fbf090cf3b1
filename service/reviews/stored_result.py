"""A Result as it is stored, and work on it: in a thread where it is short, in a reading process where it is long.

To read a long Result takes a second or more in which its process does little else, whatever thread does it.

    JSON -> head (all before the data) | Result -> its fields with the events applied -> what the work gives
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import ValidationError

from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import read_json
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import AnyResult, Result
from thresher.schemas.review import ReviewEvent
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused
from thresher.service.pages.page_pictures import PageViews
from thresher.service.readers.base import Spool
from thresher.service.reviews.field_view import FieldsView
from thresher.service.targets.loading import load_target

LONG_RESULT_CHARS = 1_000_000  # of JSON, from which a Result is read in another process
HEAD_CHARS = 1 << 16  # of JSON, that are read first for the head
BEHIND_HEAD = "data"  # the key that follows the head
Made = TypeVar("Made")
Work = Callable[..., Made]  # of a FieldsView and more; its module must be importable


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A Result as JSON, in this or an earlier form."""

    body: str = field(repr=False)

    def whole(self) -> Result[Any]:
        """Read all of it. Raises InputProblem(not_found) where it is no Result."""
        return _result_of(self.body)

    def head(self) -> Result[Any]:
        """Read it without data and evidence. Raises pydantic's ValidationError."""
        return AnyResult.model_validate(head_of(self.body))


def head_of(body: str) -> dict[str, Any]:
    """Return what stands before the data of a Result's JSON; all of it where the data come first. Raises ValueError.

    >>> head_of('{"status": "partial", "reasons": [], "data": {}, "evidence": []}')
    {'status': 'partial', 'reasons': []}
    """
    chars = HEAD_CHARS
    while True:
        found: dict[str, Any] = read_json(body[:chars], partial=chars < len(body))
        if BEHIND_HEAD in found or chars >= len(body):
            keys = list(found)
            head = keys[: keys.index(BEHIND_HEAD)] if BEHIND_HEAD in found else keys
            return {key: found[key] for key in head} if "status" in head else read_json(body)
        chars *= 4


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A Result with what people said of it."""

    result: StoredResult
    events: list[ReviewEvent] = field(default_factory=list)
    target: Target | None = None

    async def do(self, views: PageViews, work: Work[Made], *more: Any) -> Made:
        """Return what some work gives for the fields of the Result. Raises what the work raises, and as reading does."""
        if len(self.result.body) <= LONG_RESULT_CHARS or not self._travels:
            return await asyncio.to_thread(self._here, work, more)
        file = views.folder / uuid4().hex
        try:
            source = await asyncio.to_thread(_written, self.result.body, file)
            made_from = None if self.target is None else self.target.made_from
            return await views.pool.call(
                partial(_apart, work=work, events=self.events, target=made_from, more=more), source, ReadOptions()
            )
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)

    @property
    def _travels(self) -> bool:
        """Whether another process can load the target."""
        return self.target is None or self.target.made_from is not None

    @gc_paused()
    def _here(self, work: Work[Made], more: tuple[Any, ...]) -> Made:
        return work(FieldsView(self.result.whole(), self.events, self.target), *more)


def _result_of(body: str | bytes) -> Result[Any]:
    try:
        return AnyResult.model_validate_json(body)
    except ValidationError:
        raise InputProblem("not_found", "the file is no Result any more") from None


def _written(body: str, file: Path) -> Source:
    """Write a body to a file, and return it as a Source."""
    data = body.encode()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_bytes(data)
    return Source(path="result", blob=str(file), sha256=hashlib.sha256(data).hexdigest(), size=len(data))


_last: dict[str, Result[Any]] = {}  # the Result that this process read last, by the hash of its JSON


@gc_paused()
def _apart(  # noqa: PLR0913 - a ReadFunction, and what the work takes
    source: Source,
    options: ReadOptions,
    spool: Spool,
    *,
    work: Work[Made],
    events: list[ReviewEvent],
    target: tuple[Any, Path] | None,
    more: tuple[Any, ...],
) -> Made:
    """Do some work in a reading process."""
    del options, spool
    if source.sha256 not in _last:
        _last.clear()
        _last[source.sha256] = _result_of(Path(source.blob).read_bytes())
    known = None if target is None else load_target(target[0], base=target[1])
    return work(FieldsView(_last[source.sha256], events, known), *more)
