"""Find the rows of lists again that corrections speak of: after a rerun a row may stand elsewhere.

A correction keeps the row as the machine had it. Where another row stands at its place now, the row that is the most
like it is taken; it must share more than half of its values, and be the only one that does so as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import Result
from thresher.schemas.review import ReviewEvent

LEAST_SHARE = 0.5  # of a row's values: another row must have more of them in common to be it


def placed(events: Iterable[ReviewEvent], result: Result[Any]) -> tuple[list[ReviewEvent], list[ReviewEvent]]:
    """Return the events with the paths that their rows have in a Result, and those whose row is not there any more."""
    found: list[ReviewEvent] = []
    lost: list[ReviewEvent] = []
    for event in events:
        path = _path(event, result.values)
        if path is None:
            lost.append(event)
        else:
            found.append(event if path == event.path else event.model_copy(update={"path": path}))
    return found, lost


def _path(event: ReviewEvent, values: Any) -> str | None:
    """Return an event's path in the data; None where its row is gone."""
    record = event.machine.record if event.machine else None
    if record is None:
        return event.path
    above, index, below = split_at_row(event.path, values)
    rows = json_pointer.get(values, above)
    if not isinstance(rows, list):
        return None
    if index < len(rows) and rows[index] == record:
        return event.path
    best = _most_like(record, rows)
    return None if best is None else json_pointer.join(above, best) + below


def split_at_row(path: str, values: Any) -> tuple[str, int, str]:
    """Return the path of the innermost list that a path leads into, the row's index, and the path below it.

    >>> split_at_row("/lines/3/tax/rate", {"lines": [{}]}), split_at_row("/a/b", {"a": {}})
    (('/lines', 3, '/tax/rate'), ('', -1, '/a/b'))
    """
    keys = json_pointer.parts(path)
    for depth in range(len(keys) - 1, 0, -1):
        above = _joined(keys[:depth])
        if keys[depth].isdecimal() and isinstance(json_pointer.get(values, above), list):
            return above, int(keys[depth]), _joined(keys[depth + 1 :])
    return "", -1, path


def _joined(keys: Iterable[str]) -> str:
    return "".join(json_pointer.join("", key) for key in keys)


def _most_like(record: Any, rows: list[Any]) -> int | None:
    """Return the index of the one row that is the most like a record; None where none is, or two are."""
    shares = [_share(record, row) for row in rows]
    most = max(shares, default=0.0)
    return shares.index(most) if most > LEAST_SHARE and shares.count(most) == 1 else None


def _share(record: Any, row: Any) -> float:
    """Return which share of a record's values a row has, at the same places."""
    wanted = list(json_pointer.leaves(record))
    same = sum(json_pointer.get(row, path) == value for path, value in wanted)
    return same / len(wanted) if wanted else float(row == record)
