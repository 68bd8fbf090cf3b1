"""A reader that knows the right answer and tells an item of a list where its values stand together."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

from bench.gold_reader import GoldReader
from schemas.document import Document
from service import pointers

NEAR = 300  # code points in which the values of an item stand together
OFTEN = 50  # places of a value that are looked at


class TogetherReader(GoldReader):
    """Items are at home where most of what they alone say stands together, as a model tells them."""

    def __init__(self, gold: Any, document: Document, *, again: bool = False) -> None:
        """See GoldReader."""
        super().__init__(gold, document, again=again)
        self._homes: dict[int, int] = {}

    def home(self, value: Any) -> int:
        """Where a value stands first; an object where its values stand together, the rare ones above all."""
        if not isinstance(value, dict):
            return super().home(value)
        if id(value) not in self._homes:
            self._homes[id(value)] = self._together(value)
        return self._homes[id(value)]

    def _together(self, value: dict[str, Any]) -> int:
        leaves = {str(v): v for _, v in pointers.leaves(value) if v is not None and not isinstance(v, bool)}
        known = [at for v in leaves.values() if (at := self._everywhere(v))]
        return max(
            (at for places in known for at in places),
            key=lambda at: (sum(_near(places, at) / len(places) for places in known), -at),
            default=super().home(value),
        )

    def _everywhere(self, value: Any) -> list[int]:
        """Where a value stands."""
        found: list[int] = []
        at = self.first(value)
        while at is not None and len(found) < OFTEN:
            found.append(at)
            at = self.first(value, at + 1)
        return found


def _near(places: list[int], at: int) -> bool:
    """Whether one of some sorted places is not far from another, behind it."""
    i = bisect_left(places, at)
    return i < len(places) and places[i] <= at + NEAR
