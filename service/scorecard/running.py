"""Score all cases of a run, a few at a time; a failed case scores zero and never ends the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from thresher.schemas.result import Result
from thresher.service.scorecard.cases import Case
from thresher.service.scorecard.scored_runs import CaseScore
from thresher.service.scorecard.scoring import score

Answer = Callable[[Case], Awaitable[Result[Any]]]
Show = Callable[[CaseScore], None]


async def score_all(cases: Iterable[Case], answer: Answer, width: int, show: Show) -> list[CaseScore]:
    """Return the scores in the order of the cases; `answer` returns a Result for every case and never raises."""
    slots = asyncio.Semaphore(width)

    async def one(case: Case) -> CaseScore:
        async with slots:
            started = time.perf_counter()
            result = await answer(case)
            seconds = time.perf_counter() - started
        scored = await asyncio.to_thread(score, case, result, seconds)
        show(scored)
        return scored

    return list(await asyncio.gather(*map(one, cases)))
