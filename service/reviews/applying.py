"""Apply corrections to a Result: its data as people corrected it, its status the machine's own.

    events of a Result -> their rows found again -> what stands for each path -> data, evidence (method "corrected"), review

Paths of events are those of the machine's data. So rows that people removed leave at the end, and what stands after
them moves up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.errors import note
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Result, Review
from thresher.schemas.review import ReviewEvent
from thresher.schemas.target import Target
from thresher.service.reviews.placing import placed

DECISIONS = frozenset({"open", "accepted", "rejected"})
REMOVALS = frozenset({"reject", "absent"})  # of a list's row, these take it away


def apply_corrections(result: Result[Any], events: Iterable[ReviewEvent], target: Target | None = None) -> Result[Any]:
    """Return a Result with what people said of it; the same object where nobody said anything.

    `status` and `reasons` stay: they are the machine's word. With a `target`, `valid` and `errors` are judged anew.
    """
    every = list(events)
    if not every:
        return result
    there, lost = placed(every, result)
    standing = standing_events(there)
    made = without_removed_rows(edited(result, standing), standing)
    unplaced = [note("correction_unplaced", f"{e.action} {e.path} by {e.by}") for e in standing_events(lost).values()]
    made = made.model_copy(update={"review": review_of(every), "problems": made.problems + unplaced})
    return made if target is None else _judged(made, target)


def standing_events(events: Iterable[ReviewEvent]) -> dict[str, ReviewEvent]:
    """Return by path the event that stands: the last that was not undone."""
    stacks: dict[str, list[ReviewEvent]] = {}
    for event in events:
        if event.action in DECISIONS:
            continue
        stack = stacks.setdefault(event.path, [])
        if event.action != "undo":
            stack.append(event)
        elif stack:
            stack.pop()
    return {path: stack[-1] for path, stack in stacks.items() if stack}


def review_of(events: Iterable[ReviewEvent]) -> Review | None:
    """Return what is said of the whole: the last decision, else that it is open and who was last at it."""
    every = list(events)
    decisions = [e for e in every if e.action in DECISIONS]
    if decisions:
        last = decisions[-1]
        return Review(state=last.action, by=last.by, at=last.at)
    return Review(state="open", by=every[-1].by, at=every[-1].at) if every else None


def edited(result: Result[Any], standing: Mapping[str, ReviewEvent]) -> Result[Any]:
    """Return a Result with the corrected values; removed rows are still there, so that paths stay."""
    values, evidence = json_pointer.copied(result.values), list(result.evidence)
    changed: dict[str, Evidence] = {}
    for path, event in sorted(standing.items(), key=lambda pair: place(pair[0])):
        if is_row_removed(result.values, event):
            continue
        if event.action != "edit" and is_same(json_pointer.get(values, path), event.new):
            if event.action in REMOVALS:
                changed[path] = corrected_evidence(result, event)
            continue
        if put(values, path, event.new):
            changed[path] = corrected_evidence(result, event)
    below = tuple(f"{path}/" for path in changed)
    evidence = [e for e in evidence if e.path not in changed and not e.path.startswith(below)]
    return result.with_values(values, evidence + list(changed.values()))


def corrected_evidence(result: Result[Any], event: ReviewEvent) -> Evidence:
    """Return the evidence of a corrected value: the place of the candidate that it is, else no place at all."""
    for conflict in result.conflicts:
        for candidate in conflict.candidates:
            if conflict.path == event.path and event.new is not None and is_same(candidate.value, event.new):
                return candidate.evidence.model_copy(update={"path": event.path, "method": "corrected"})
    return Evidence(path=event.path, quote="", start=None, end=None, match="none", method="corrected")


def is_row_removed(data: Any, event: ReviewEvent) -> bool:
    """Whether an event takes a member of a list away."""
    above, _, last = event.path.rpartition("/")
    return event.action in REMOVALS and last.isdecimal() and isinstance(json_pointer.get(data, above), list)


def put(data: Any, path: str, new: Any) -> bool:
    """Set a value in place; return whether there is a place for it.

    Objects on the way are made, and a list gets the one row that follows its last.
    """
    *above, last = keys = json_pointer.parts(path)
    for key, following in zip(above, keys[1:], strict=True):
        inner = json_pointer.get(data, json_pointer.join("", key))
        if not isinstance(inner, dict | list):
            inner = [] if following == "0" and isinstance(data, dict) and inner is None else {}
            if not _set(data, key, inner):
                return False
        data = inner
    return _set(data, last, new)


def _set(data: Any, key: str, new: Any) -> bool:
    if isinstance(data, dict):
        data[key] = new
    elif isinstance(data, list) and key.isdecimal() and int(key) < len(data):
        data[int(key)] = new
    elif isinstance(data, list) and key == str(len(data)):
        data.append(new)
    else:
        return False
    return True


def without_removed_rows(result: Result[Any], standing: Mapping[str, ReviewEvent]) -> Result[Any]:
    """Return a Result without the rows that people removed; paths behind them move up."""
    gone = [path for path, event in standing.items() if is_row_removed(result.values, event)]
    if not gone:
        return result
    values = json_pointer.copied(result.values)
    for path in sorted(gone, key=place, reverse=True):
        above, _, last = path.rpartition("/")
        rows = json_pointer.get(values, above)
        if isinstance(rows, list) and int(last) < len(rows):
            del rows[int(last)]
    moved = {
        name: [
            o.model_copy(update={"path": p})
            for o in getattr(result, name)
            if (p := moved_path(o.path, gone)) is not None
        ]
        for name in ("reasons", "errors", "unsupported", "verdicts", "conflicts")
    }
    evidence = [e.moved(p) for e in result.evidence if (p := moved_path(e.path, gone)) is not None]
    return result.with_values(values, evidence).model_copy(update=moved)


def moved_path(path: str, gone: Iterable[str]) -> str | None:
    """Return a path after rows were removed; None for what was in one of them.

    >>> moved_path("/lines/3/amount", ["/lines/1"]), moved_path("/lines/1/amount", ["/lines/1"]), moved_path("/no", ["/lines/1"])
    ('/lines/2/amount', None, '/no')
    """
    keys, shifted = json_pointer.parts(path), json_pointer.parts(path)
    for one in gone:
        *above, last = json_pointer.parts(one)
        depth = len(above)
        if keys[:depth] != above or len(keys) <= depth or not keys[depth].isdecimal():
            continue
        if keys[depth] == last:
            return None
        if int(keys[depth]) > int(last):
            shifted[depth] = str(int(shifted[depth]) - 1)
    return "".join(json_pointer.join("", key) for key in shifted)


def place(path: str) -> list[tuple[int, int, str]]:
    """Return a sort key by which /lines/2 comes before /lines/10, and what holds something before it.

    >>> sorted(["/lines/10", "/lines/2", "/lines"], key=place)
    ['/lines', '/lines/2', '/lines/10']
    """
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in json_pointer.parts(path)]


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, digit for digit.

    >>> is_same(1, True), is_same([1], [1])
    (False, True)
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other) and str(one) == str(other)


def _judged(result: Result[Any], target: Target) -> Result[Any]:
    judged = target.validate(json_pointer.copied(result.values))
    valid = result.model_copy(update={"valid": not judged.errors, "errors": list(judged.errors)})
    return valid if judged.typed is None else valid.built(judged.typed)
