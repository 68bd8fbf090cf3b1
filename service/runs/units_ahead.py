"""Process several Units of one file at once, while the next ones are read: a mailbox is not asked about mail by mail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from thresher.schemas.errors import Problem
from thresher.schemas.result import Result
from thresher.service.runs.units import Unit

AHEAD_CHARS = 1_000_000  # code points of text that the Units at work may have together; a longer Unit is alone

Processing = Callable[[Unit], Coroutine[Any, Any, Result[Any]]]
Found = tuple[Result[Any], str]  # a Result, and its Unit's path


@dataclass(frozen=True, slots=True)
class _Begun:
    path: str
    chars: int
    result: asyncio.Task[Result[Any]]


async def results_in_order(units: AsyncIterator[Unit], process: Processing, most: int) -> AsyncGenerator[Found, None]:
    """Yield the Result of each Unit, in order, with at most `most` Units at work.

    Where reading fails, the Results of the Units before come first, then the Problem is raised.
    """
    begun: deque[_Begun] = deque()
    try:
        while (unit := await _next_of(units)) is not None and not isinstance(unit, Problem):
            begun.append(_begin(unit, process))
            while begun and (begun[0].result.done() or _is_full(begun, most)):
                yield await _first_of(begun)
        while begun:
            yield await _first_of(begun)
        if isinstance(unit, Problem):
            raise unit
    finally:
        await _cancel(begun)


async def _next_of(units: AsyncIterator[Unit]) -> Unit | Problem | None:
    """Return the next Unit, None after the last one, or the Problem that reading it raised."""
    try:
        return await anext(units, None)
    except Problem as problem:
        return problem


def _begin(unit: Unit, process: Processing) -> _Begun:
    chars = sum(document.length for document in unit.documents)
    return _Begun(unit.path, chars, asyncio.create_task(process(unit)))


def _is_full(begun: deque[_Begun], most: int) -> bool:
    return len(begun) >= most or sum(b.chars for b in begun) > AHEAD_CHARS


async def _first_of(begun: deque[_Begun]) -> Found:
    first = begun.popleft()
    try:
        return await first.result, first.path
    except BaseException:
        begun.append(first)  # to be cancelled with the others
        raise


async def _cancel(begun: deque[_Begun]) -> None:
    for one in begun:
        one.result.cancel()
    await asyncio.gather(*(one.result for one in begun), return_exceptions=True)
