"""Align the truth with the given data: match lists by the best assignment, and give every path an outcome.

Only keys in `expected` are judged: a missing key states nothing; a key with null, "" or [] states that the document has no
such value. The keys of a list's rows are those of any of its true rows.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from thresher.schemas import json_pointer
from thresher.service.scorecard.assignment import ScoreMatrix, assign
from thresher.service.scorecard.counts import Outcome
from thresher.service.scorecard.equality import canonical_value, is_equal, likeness
from thresher.service.scorecard.scored_fields import FieldRules

ORDER_PREFERENCE = 1e-6  # preference for rows in the same order; far less than one field of a row
WRONG_MIN_SIMILARITY = 0.5  # similarity (0..1) from which unequal texts of a list count as one wrong value, not as one missed and one invented


class Leaf(NamedTuple):
    """A path with its outcome."""

    field: str  # pattern in the target
    path: str | None  # in the truth; None for what only the Result has
    given_path: str | None  # in the Result
    outcome: Outcome
    truth: Any
    given: Any


@dataclass(slots=True)
class Rows:
    """Counts of a list's records: true ones, given ones, and those right in every judged field."""

    expected: int = 0
    given: int = 0
    exact: int = 0


@dataclass(slots=True)
class Judged:
    """All judged paths of one document, and its lists of records by pattern."""

    leaves: list[Leaf] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=dict)


def judge(expected: dict[str, Any], given: Any, fields: FieldRules) -> Judged:
    """Return the outcome of every judged path of a document; `given` is None for a document that failed."""
    walk = _Walk(fields)
    for key, truth in expected.items():
        path = json_pointer.join("", key)
        walk.place(truth, given.get(key) if isinstance(given, dict) else None, (path, path))
    if given is None:
        walk.found.leaves = [x._replace(outcome="lost") if x.outcome == "absent" else x for x in walk.found.leaves]
    return walk.found


Paths = tuple[str, str]  # in the truth, in the Result


class _Walk:
    def __init__(self, fields: FieldRules) -> None:
        self._fields = fields
        self.found = Judged()

    def place(self, truth: Any, given: Any, paths: Paths) -> None:
        """Judge the value at a path and all values below it."""
        if isinstance(truth, dict) and truth:
            self._object(truth, given if isinstance(given, dict) else {}, paths)
        elif _is_records(truth, given):
            self._records(truth or [], given if isinstance(given, list) else [], paths)
        elif isinstance(truth, list) and truth:
            self._members(truth, given if isinstance(given, list) else [] if _blank(given) else [given], paths)
        elif _blank(truth):
            self._nothing(given, paths)
        else:
            self._leaf(truth, None if _blank(given) else given, paths)

    def _object(self, truth: dict[str, Any], given: dict[str, Any], paths: Paths) -> None:
        for key, member in truth.items():
            self.place(member, given.get(key), _below(paths, key))
        if self._fields.is_map(paths[0]):
            for key in given.keys() - truth.keys():
                self._invented(given[key], json_pointer.join(paths[1], key))

    def _leaf(self, truth: Any, given: Any, paths: Paths) -> None:
        if given is None:
            self._note("missed", paths, truth, None)
            return
        right = not isinstance(given, (dict, list)) and is_equal(self._fields.rule(paths[0]), truth, given)
        self._note("right" if right else "wrong", paths, truth, given)

    def _nothing(self, given: Any, paths: Paths) -> None:
        """Record one absence for each field of the target at or below a path where the document has no value."""
        if not _blank(given) and any(True for _ in json_pointer.leaves(given)):
            self._invented(given, paths[1])
            return
        for pattern in self._fields.below(paths[0]) or [json_pointer.pattern(paths[0])]:
            self.found.leaves.append(Leaf(pattern, paths[0], None, "absent", None, None))

    def _invented(self, given: Any, path: str, keys: set[str] | None = None) -> None:
        """Record the values of the Result at paths where the truth has none."""
        for at, value in json_pointer.leaves(given, path):
            field = self._fields.pattern(at) or json_pointer.pattern(at)
            if not _blank(value) and (keys is None or field in keys):
                self.found.leaves.append(Leaf(field, None, at, "invented", None, value))

    def _members(self, truth: list[Any], given: list[Any], paths: Paths) -> None:
        """Judge a list of scalars."""
        rule = self._fields.rule(f"{paths[0]}/0")
        given = [g for g in given if not _blank(g)]
        pairs, left, over = _equal_pairs(
            [canonical_value(rule, t) for t in truth], [canonical_value(rule, g) for g in given]
        )
        scores = np.array(
            [[_pair_score(is_equal(rule, truth[i], given[j]), truth[i], given[j]) for j in over] for i in left]
        )
        paired = [(left[i], over[j]) for i, j in assign(scores) if scores[i, j] > 0] if left and over else []
        for i, j in [*pairs, *paired]:
            self._leaf(truth[i], given[j], (f"{paths[0]}/{i}", f"{paths[1]}/{j}"))
        for i in sorted(set(left) - {i for i, _ in paired}):
            self._leaf(truth[i], None, (f"{paths[0]}/{i}", ""))
        for j in sorted(set(over) - {j for _, j in paired}):
            self._invented(given[j], f"{paths[1]}/{j}")

    def _records(self, truth: list[Any], given: list[Any], paths: Paths) -> None:
        """Judge a list of objects; all fields of a row without a partner are missed or invented."""
        if not truth and not given:
            self._nothing(None, paths)
        pairs = self._pairs(truth, given, paths)
        rows = self.found.rows.setdefault(json_pointer.pattern(paths[0]), Rows())
        rows.expected, rows.given = rows.expected + len(truth), rows.given + len(given)
        for i, row in enumerate(truth):
            rows.exact += self._record(row, given, pairs.get(i), (f"{paths[0]}/{i}", paths[1]))
        keys = (
            {self._fields.pattern(f"{paths[0]}/0{at}") or "" for row in truth for at in _keys(row)} if truth else None
        )
        for j in sorted(set(range(len(given))) - set(pairs.values())):
            self._invented(given[j], f"{paths[1]}/{j}", keys)

    def _record(self, row: Any, given: list[Any], j: int | None, paths: Paths) -> bool:
        """Judge one true row against its partner; return whether all of it is right. A missed row has no right absences."""
        before = len(self.found.leaves)
        self.place(row, None if j is None else given[j], (paths[0], f"{paths[1]}/{j}"))
        row_leaves = self.found.leaves[before:]
        if j is None:
            self.found.leaves[before:] = [x for x in row_leaves if x.outcome != "absent"]
        return j is not None and all(x.outcome in {"right", "absent"} for x in row_leaves)

    def _pairs(self, truth: list[Any], given: list[Any], paths: Paths) -> dict[int, int]:
        """Return the index of each true row's partner: equal rows first, in order, then by the most equal fields."""
        keys = list(dict.fromkeys(at for row in truth for at in _keys(row)))
        table = _Table(self._fields, paths[0], keys)
        ours, theirs = table.columns(truth), table.columns(given)
        equal, left, over = _equal_pairs(table.canonical(ours, len(truth)), table.canonical(theirs, len(given)))
        scores = table.scores(ours, theirs, (left, over))
        best = [(left[i], over[j]) for i, j in assign(scores) if scores[i, j] > ORDER_PREFERENCE]
        return dict([*equal, *best])

    def _note(self, outcome: Outcome, paths: Paths, truth: Any, given: Any) -> None:
        field = self._fields.pattern(paths[0]) or json_pointer.pattern(paths[0])
        self.found.leaves.append(Leaf(field, paths[0], paths[1] if given is not None else None, outcome, truth, given))


class _Table:
    """Rows as columns, so that long lists are compared by their distinct values, not by pairs of rows."""

    def __init__(self, fields: FieldRules, path: str, keys: list[str]) -> None:
        self._rules = {key: fields.rule(f"{path}/0{key}") for key in keys}

    def columns(self, rows: list[Any]) -> dict[str, list[Any]]:
        """Return the values of each judged key; None where a row has none."""
        return {key: [json_pointer.get(row, key) for row in rows] for key in self._rules}

    def canonical(self, columns: dict[str, list[Any]], count: int) -> list[Hashable]:
        """Return a key for each row, the same for equal rows."""
        forms = [
            [None if _blank(v) else canonical_value(self._rules[key], v) for v in values]
            for key, values in columns.items()
        ]
        return [tuple(column[i] for column in forms) for i in range(count)]

    def scores(
        self, ours: dict[str, list[Any]], theirs: dict[str, list[Any]], left: tuple[list[int], ...]
    ) -> ScoreMatrix:
        """Return for each pair of rows the share of equal fields, of those that either row has."""
        shape = (len(left[0]), len(left[1]))
        agree, either = np.zeros(shape), np.zeros(shape)
        if not agree.size:
            return agree
        for key, rule in self._rules.items():
            a, b = [ours[key][i] for i in left[0]], [theirs[key][j] for j in left[1]]
            has = np.array([not _blank(v) for v in a])[:, None], np.array([not _blank(v) for v in b])[None, :]
            either += has[0] | has[1]
            (rows, values), (columns, others) = _distinct(a), _distinct(b)
            equal = [[not (_blank(t) or _blank(g)) and is_equal(rule, t, g) for g in others] for t in values]
            agree += np.array(equal, dtype=float)[np.ix_(rows, columns)]
        return np.asarray(agree / np.maximum(either, 1) + _order(shape) * (agree > 0))


def _distinct(values: list[Any]) -> tuple[list[int], list[Any]]:
    """Return the index of each value among the distinct values, and the distinct values."""
    known: dict[str, int] = {}
    indexes = [known.setdefault(f"{type(v).__name__}:{v!r}", len(known)) for v in values]
    first = dict(zip(reversed(indexes), reversed(values), strict=True))
    return indexes, [first[i] for i in range(len(known))]


def _order(shape: tuple[int, int]) -> ScoreMatrix:
    """Return a slight preference for partners at the same relative position of their lists."""
    a, b = np.linspace(0, 1, shape[0])[:, None], np.linspace(0, 1, shape[1])[None, :]
    return np.asarray(ORDER_PREFERENCE * (1 - np.abs(a - b)))


def _equal_pairs(ours: list[Any], theirs: list[Any]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Return pairs of equal entries in order, and the remaining indices of both sides.

    Pairing equal entries first is optimal: their distance is 0, and the distance by unequal fields satisfies the triangle
    inequality, so some best assignment keeps them paired.
    """
    waiting: dict[Any, deque[int]] = defaultdict(deque)
    for j, key in enumerate(theirs):
        waiting[key].append(j)
    pairs = [(i, waiting[key].popleft()) for i, key in enumerate(ours) if waiting[key]]
    taken = {i for i, _ in pairs}, {j for _, j in pairs}
    return pairs, _remaining(len(ours), taken[0]), _remaining(len(theirs), taken[1])


def _remaining(count: int, taken: Iterable[int]) -> list[int]:
    return sorted(set(range(count)) - set(taken))


def _pair_score(equal: bool, truth: Any, given: Any) -> float:  # noqa: FBT001 - a fact, not a switch
    if equal:
        return 1.0
    alike = likeness(str(truth).casefold(), str(given).casefold())
    return alike / 4 if alike >= WRONG_MIN_SIMILARITY else 0.0


def _keys(row: Any) -> list[str]:
    """Return the pointers of a row's values, including those in nested objects; a nested list is one value."""
    if not isinstance(row, dict):
        return []
    found = []
    for key, value in row.items():
        at = json_pointer.join("", key)
        found += [at + below for below in _keys(value)] if isinstance(value, dict) and value else [at]
    return found


def _is_records(truth: Any, given: Any) -> bool:
    values_or_rows = truth if isinstance(truth, list) and truth else given if _blank(truth) else None
    return isinstance(values_or_rows, list) and any(isinstance(item, dict) for item in values_or_rows)


def _blank(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _below(paths: Paths, key: str) -> Paths:
    return json_pointer.join(paths[0], key), json_pointer.join(paths[1], key)
