"""Count what the Tasks in a worker's hands have cost."""

from __future__ import annotations

from thresher.schemas.job import LoggedCall
from thresher.service.storage.answers.base import Store


class TaskCosts:
    """A Store that counts what each Task in hand has cost."""

    def __init__(self, store: Store) -> None:
        """Take the Store; nothing is spent yet."""
        self._store = store
        self._spent: dict[str, float] = {}
        self.answer = store.answer
        self.keep = store.keep

    async def log(self, call: LoggedCall) -> None:
        """Log a call and add its cost to its Task's."""
        if call.task and call.attempt.usd and not call.attempt.stored:
            self._spent[call.task] = self._spent.get(call.task, 0.0) + call.attempt.usd
        await self._store.log(call)

    def taken(self, task: str) -> float:
        """Return what a Task has cost in dollars, and reset it."""
        return self._spent.pop(task, 0.0)
