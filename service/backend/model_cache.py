"""Keep the Models of a worker: one for all Jobs that choose the same, closed once it is pushed out and unused."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from thresher.service.llm.client import ModelClient

GRACE_SECONDS = 5.0  # in which the paid calls of a Model may still return when it is closed


@dataclass(slots=True)
class ModelCache:
    """Models by the choices that make them. A Model that the limit pushes out is closed when no Task uses it any more."""

    limit: int
    _models: OrderedDict[str, ModelClient] = field(default_factory=OrderedDict)
    _users: Counter[int] = field(default_factory=Counter)  # Tasks at work, by the id of their Model
    _evicted: dict[int, ModelClient] = field(default_factory=dict)  # Models that a Task still uses, by id
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    def __len__(self) -> int:
        """Count the Models that are kept."""
        return len(self._models)

    def get(self, key: str, make: Callable[[], ModelClient]) -> ModelClient:
        """Return the Model kept under a key, made if there is none, as the one that was used last."""
        if key not in self._models:
            self._models[key] = make()
        self._models.move_to_end(key)
        while len(self._models) > self.limit:
            _, model = self._models.popitem(last=False)
            self._evicted[id(model)] = model
            self._close_unused(model)
        return self._models[key]

    @contextmanager
    def used(self, key: str, model: ModelClient) -> Iterator[None]:
        """Keep a Model open while the block lasts, as the one that was used last."""
        if key in self._models:
            self._models.move_to_end(key)
        self._users[id(model)] += 1
        try:
            yield
        finally:
            self._users[id(model)] -= 1
            if not self._users[id(model)]:
                del self._users[id(model)]
            self._close_unused(model)

    def _close_unused(self, model: ModelClient) -> None:
        if id(model) in self._evicted and id(model) not in self._users:
            closing = asyncio.create_task(self._evicted.pop(id(model)).aclose(GRACE_SECONDS))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def aclose(self, grace: float = 0.0) -> None:
        """Close all Models: give paid calls `grace` seconds to return, then close the connections."""
        models = [*self._models.values(), *self._evicted.values()]
        self._evicted.clear()
        await asyncio.gather(*(model.aclose(grace) for model in models), *self._closing)
