"""Query the log of calls: pages of it, and sums over any part of it. One text for SQLite and PostgreSQL.

A sum over millions of calls is made of slices, each in a short transaction of its own: a worker that shares the store
waits no longer than one slice takes. Latencies are counted in slots of 5 %, so that percentiles of slices can be
combined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from thresher.schemas.tenants.calls import CallFilter, CallSums, GroupBy, KeptCall
from thresher.service.storage.answers.call_rows import DAY, SHOWN, seconds_of, to_call
from thresher.service.storage.answers.session import Row, Session, Transactions

SLICE_CALLS = 20_000  # calls summed in one transaction
ANSWERED = "stored = 0 AND error IS NULL"
STATES = {"made": ANSWERED, "stored": "stored = 1", "failed": "error IS NOT NULL"}
LEADING = ("job", "document", "tenant")  # columns that have an index, the narrowest first
EQUAL = ("tenant", "job", "document", "model", "prompt")
SUMS = f"""count(*), sum(CASE WHEN {ANSWERED} THEN 1 ELSE 0 END), sum(stored),
    sum(CASE WHEN error IS NULL THEN 0 ELSE 1 END), sum(CASE WHEN retry > 0 AND stored = 0 THEN 1 ELSE 0 END),
    sum(CASE WHEN stored = 0 THEN prompt_tokens ELSE 0 END), sum(CASE WHEN stored = 0 THEN answer_tokens ELSE 0 END),
    sum(CASE WHEN stored = 0 THEN cached_tokens ELSE 0 END), sum(CASE WHEN stored = 0 THEN coalesce(usd, 0.0) ELSE 0.0 END),
    sum(CASE WHEN {ANSWERED} AND usd IS NULL THEN 1 ELSE 0 END)"""
COUNTED = (
    *("calls", "made", "stored", "failed", "retries"),
    *("prompt_tokens", "answer_tokens", "cached_tokens", "usd", "unpriced"),
)
Order = Literal["oldest", "newest"]
Place = tuple[float, int]  # position of a call in the log: its time and number


@dataclass(slots=True)
class _Group:
    """Sums of one group so far."""

    sums: list[Any] = field(default_factory=lambda: [0] * len(COUNTED))
    slots: Counter[int] = field(default_factory=Counter)

    def add(self, slot: int, sums: Iterable[Any]) -> None:
        """Add the sums of one latency slot."""
        for i, amount in enumerate(sums):
            self.sums[i] += amount
            if i == 1 and amount:
                self.slots[slot] += amount


class CallLog:
    """The log of calls, over the transactions of the Store that wrote it."""

    def __init__(self, transactions: Transactions) -> None:
        """Take a database that has the tables."""
        self._do = transactions.do

    async def page(
        self, wanted: CallFilter, *, after: str | None = None, limit: int = 100, order: Order = "oldest"
    ) -> list[KeptCall]:
        """Return calls by time; `after` is the cursor of the last one seen. Raises ValueError for an invalid cursor."""
        start = None if after is None else _parsed_cursor(after)
        return await self._do(lambda s: _page(s, wanted, (start, limit, order)), writes=False)

    async def sums(self, wanted: CallFilter, by: GroupBy) -> list[CallSums]:
        """Return the sums over the calls of each group, the most expensive first; days in their order."""
        groups: dict[Any, _Group] = {}
        start: Place | None = None
        while True:
            end, rows = await self._do(partial(_slice, wanted=wanted, by=by, after=start), writes=False)
            for group, slot, *sums in rows:
                groups.setdefault(group, _Group()).add(slot, sums)
            if end is None:
                break
            start = end
        made = [_to_sums(by, name, group) for name, group in groups.items()]
        return sorted(made, key=lambda g: (g.group,) if by == "day" else (-g.usd, -g.calls, g.group))


def _page(session: Session, wanted: CallFilter, where: tuple[Place | None, int, Order]) -> list[KeptCall]:
    start, limit, order = where
    conditions, values = _where(wanted)
    sign, way = (">", "ASC") if order == "oldest" else ("<", "DESC")
    if start is not None:
        conditions.append(f"(at, id) {sign} (:after_at, :after_id)")
        values |= {"after_at": start[0], "after_id": start[1]}
    sql = f"SELECT id, {SHOWN} FROM calls {_where_clause(conditions)} ORDER BY at {way}, id {way} LIMIT :limit"  # noqa: S608 - texts of this module
    return [KeptCall(number=n, call=to_call(tuple(row))) for n, *row in session.all(sql, **values, limit=limit)]


def _boundary(session: Session, wanted: CallFilter, after: Place | None) -> Place | None:
    """Return the last call of a slice, found in an index alone; None where less than a slice is left."""
    conditions, values = _where(wanted, only_leading=True)
    _add_start(conditions, values, after)
    sql = f"SELECT at, id FROM calls {_where_clause(conditions)} ORDER BY at, id LIMIT 1 OFFSET {SLICE_CALLS - 1}"  # noqa: S608 - as above
    row = session.one(sql, **values)
    return None if row is None else (row[0], row[1])


def _slice(session: Session, *, wanted: CallFilter, by: GroupBy, after: Place | None) -> tuple[Place | None, list[Row]]:
    """Return where a slice ends, and its sums by group and latency slot."""
    end = _boundary(session, wanted, after)
    conditions, values = _where(wanted)
    _add_start(conditions, values, after)
    if end is not None:
        conditions.append("(at, id) <= (:end_at, :end_id)")
        values |= {"end_at": end[0], "end_id": end[1]}
    sql = f"SELECT {by}, slot, {SUMS} FROM calls {_where_clause(conditions)} GROUP BY {by}, slot"  # noqa: S608 - as above
    return end, session.all(sql, **values)


def _where(wanted: CallFilter, *, only_leading: bool = False) -> tuple[list[str], dict[str, Any]]:
    """Return SQL conditions and their values."""
    values: dict[str, Any] = {name: value for name in EQUAL if (value := getattr(wanted, name)) is not None}
    if only_leading:
        first = next((name for name in LEADING if name in values), None)
        values = {first: values[first]} if first else {}
    conditions = [f"{name} = :{name}" for name in values]
    for name, sign in (("since", ">="), ("until", "<")):
        if (moment := getattr(wanted, name)) is not None:
            conditions.append(f"at {sign} :{name}")
            values[name] = moment
    if wanted.status is not None and not only_leading:
        conditions.append(STATES[wanted.status])
    return conditions, values


def _add_start(conditions: list[str], values: dict[str, Any], after: Place | None) -> None:
    if after is not None:
        conditions.append("(at, id) > (:after_at, :after_id)")
        values |= {"after_at": after[0], "after_id": after[1]}


def _where_clause(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _parsed_cursor(cursor: str) -> Place:
    """Parse a cursor into time and number. Raises ValueError.

    >>> _parsed_cursor("1.25-7")
    (1.25, 7)
    """
    at, _, number = cursor.rpartition("-")
    return float(at), int(number)


def _to_sums(by: GroupBy, name: Any, group: _Group) -> CallSums:
    counted = dict(zip(COUNTED, group.sums, strict=True))
    shown = datetime.fromtimestamp(name * DAY, UTC).date().isoformat() if by == "day" else str(name or "")
    return CallSums(group=shown, **counted, median=_percentile(group.slots, 0.5), p95=_percentile(group.slots, 0.95))


def _percentile(slots: Counter[int], share: float) -> float | None:
    """Return the smallest duration in seconds that a share of the calls did not exceed; None without calls.

    >>> _percentile(Counter({0: 19, 110: 1}), 0.5), _percentile(Counter(), 0.5)
    (0.0, None)
    """
    wanted, seen = share * slots.total(), 0
    for slot in sorted(slots):
        seen += slots[slot]
        if seen >= wanted:
            return round(seconds_of(slot), 4)
    return None
