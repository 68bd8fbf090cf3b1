"""Take an answer apart: its single values, its lists, and where these stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence


def scalars(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of an object and of the objects in it, without those of its lists."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from scalars(member, json_pointer.join(path, key))
    elif value is not None and not isinstance(value, list):
        yield path, value


def lists(value: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of an object and of the objects in it."""
    if isinstance(value, list):
        yield path, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from lists(member, json_pointer.join(path, key))


def width(item: Any) -> int:
    """Return how many single values a list item has: the more there are, the surer is where it stands."""
    return sum(1 for _ in scalars(item, "")) if isinstance(item, dict) else 0


def list_ranges(evidence: Iterable[Evidence]) -> list[range]:
    """Return for each list the range from the first value that was read for it to the last."""
    starts: dict[str, list[int]] = {}
    for e in evidence:
        if e.start is not None and e.method == "read" and "*" in (pattern := json_pointer.pattern(e.path)):
            starts.setdefault(pattern.partition("/*")[0], []).append(e.start)
    return [range(min(some), max(some)) for some in starts.values()]
