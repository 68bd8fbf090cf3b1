"""All cases of a run, a few at a time; one that fails is a score of zero, never the end of the run."""

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
    """Scores in the order of the cases; `answer` gives a Result for every case, and raises for none."""
    slots = asyncio.Semaphore(width)

    async def one(case: Case) -> CaseScore:
        async with slots:
            begun = time.perf_counter()
            result = await answer(case)
            seconds = time.perf_counter() - begun
        scored = await asyncio.to_thread(score, case, result, seconds)
        show(scored)
        return scored

    return list(await asyncio.gather(*map(one, cases)))
