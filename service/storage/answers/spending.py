"""Count what tenants spend by day, in the transaction that logs the calls; record alerts, each sent once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thresher.schemas.tenants.budget import DAY, Alert, Spent
from thresher.service.storage.answers.session import Session, Transactions

COUNT = """INSERT INTO spent (tenant, day, part, usd, tokens) VALUES (:tenant, :day, :part, :usd, :tokens)
    ON CONFLICT (tenant, day, part) DO UPDATE SET usd = spent.usd + excluded.usd, tokens = spent.tokens + excluded.tokens"""
SPENT = """SELECT coalesce(sum(usd), 0.0), coalesce(sum(tokens), 0) FROM spent
    WHERE day >= :first AND day < :last"""
RECORD_ALERT = "INSERT INTO alerts (id, at, body, due) VALUES (:id, :at, :body, :due) ON CONFLICT DO NOTHING"


def counted(calls: Iterable[dict[str, Any]], part: str) -> list[dict[str, Any]]:
    """Return the rows for COUNT from rows of calls: one for each tenant and day, in the same order in all processes."""
    sums: dict[tuple[str, int], list[Any]] = {}
    for call in calls:
        if call["tenant"] and not call["stored"]:
            own = sums.setdefault((call["tenant"], call["day"]), [0.0, 0])
            own[0] += call["usd"] or 0.0
            own[1] += call["prompt_tokens"] + call["answer_tokens"]
    return [
        {"tenant": tenant, "day": day, "part": part, "usd": usd, "tokens": tokens}
        for (tenant, day), (usd, tokens) in sorted(sums.items())
    ]


class Spending:
    """What was spent, and which alerts were sent, over transactions."""

    def __init__(self, transactions: Transactions) -> None:
        """Take a database that has the tables."""
        self._do = transactions.do

    async def spent(self, tenant: str | None, began: float, ends: float) -> Spent:
        """Sum what a tenant (None: all together) spent on the days from one time to another."""
        days = {"first": int(began // DAY), "last": int(-(-ends // DAY))}

        def work(session: Session) -> Spent:
            sql, own = (SPENT, {}) if tenant is None else (f"{SPENT} AND tenant = :tenant", {"tenant": tenant})
            row = session.one(sql, **days, **own) or (0.0, 0)
            return Spent(usd=float(row[0]), tokens=int(row[1]))

        return await self._do(work, writes=False)

    async def tell(self, alert: Alert) -> bool:
        """Record an alert for good; return whether it is the first of its id. Its webhook is due at once."""
        row = {"id": alert.id, "at": alert.at, "body": alert.model_dump_json()}
        return bool(await self._do(lambda s: s.run(RECORD_ALERT, **row, due=s.now if alert.webhook else None)))

    async def recorded(self, ids: Iterable[str]) -> set[str]:
        """Return those of some alerts that have been recorded."""
        wanted = list(ids)
        found = await self._do(
            lambda s: [s.one("SELECT id FROM alerts WHERE id = :id", id=i) for i in wanted], writes=False
        )
        return {row[0] for row in found if row is not None}

    async def due(self, *, limit: int = 10, lease: float = 60.0) -> list[Alert]:
        """Return alerts whose webhook is to be called now; for `lease` seconds no other caller gets them."""

        def work(session: Session) -> list[Alert]:
            sql = f"SELECT body FROM alerts WHERE due <= :now ORDER BY due LIMIT :limit{session.skip}"  # noqa: S608 - a text of this package
            found = [Alert.model_validate_json(body) for (body,) in session.all(sql, now=session.now, limit=limit)]
            for alert in found:
                session.run("UPDATE alerts SET due = :later WHERE id = :id", later=session.now + lease, id=alert.id)
            return found

        return await self._do(work)

    async def settle(self, alert: str, *, again_in: float | None = None) -> None:
        """Record that an alert's webhook was called (None), or is to be called again."""
        sql = "UPDATE alerts SET due = :due, attempts = attempts + 1 WHERE id = :id"

        def work(session: Session) -> int:
            return session.run(sql, due=None if again_in is None else session.now + again_in, id=alert)

        await self._do(work)
