"""The book of batches: what was ordered of a provider, and what came, kept before anyone parses it.

A batch is noted before it is ordered, with its keys, and once more with the provider's id. Whoever comes after a crash finds an order
in the book, or an intent without an order, and asks the provider whether it heard. What came of an item is
kept here until its answer lies in the store in the form of an ordinary call.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from thresher.schemas.batch import Ordered, Place
from thresher.service.storage.answers.session import Row, Session, Transactions

KEPT = 30 * 86_400.0  # seconds for which what nobody asked for any more is kept
BATCH = "id, theirs, state, at, items"
ITEM = """INSERT INTO batch_items (key, batch) VALUES (:key, :batch) ON CONFLICT DO NOTHING"""
LANDED = "UPDATE batch_items SET status = :status, body = :body WHERE key = :key AND batch = :batch"
ANSWERED = "DELETE FROM batch_items WHERE key IN (SELECT key FROM answers)"
WANT = "INSERT INTO batch_wants (batch, job, task) VALUES (:batch, :job, :task) ON CONFLICT DO NOTHING"
UNWANTED = f"""SELECT {BATCH} FROM batches WHERE address = :address AND state = 'open'
    AND EXISTS (SELECT 1 FROM batch_wants LEFT JOIN tasks ON tasks.job = batch_wants.job AND tasks.number = batch_wants.task
        WHERE batch_wants.batch = batches.id AND coalesce(tasks.state, 'cancelled') = 'cancelled')
    AND NOT EXISTS (SELECT 1 FROM batch_wants JOIN tasks ON tasks.job = batch_wants.job AND tasks.number = batch_wants.task
        WHERE batch_wants.batch = batches.id AND tasks.state IN ('todo', 'running'))"""  # noqa: S608 - columns of this module
UNNAMED = "DELETE FROM batch_wants WHERE batch NOT IN (SELECT id FROM batches)"
FORGET = "DELETE FROM batches WHERE id NOT IN (SELECT batch FROM batch_items) AND state = 'ended'"


class BatchBook:
    """The book, over the transactions of a Store that keeps answers in the same database."""

    def __init__(self, transactions: Transactions) -> None:
        """Whoever has the same database reads the same book."""
        self._do = transactions.do

    async def where(self, keys: Iterable[str]) -> dict[str, Place]:
        """Items of some keys; those that are in no batch are left out."""
        wanted = list(keys)
        sql = "SELECT batch, status, body FROM batch_items WHERE key = :key"
        rows = await self._do(lambda s: [(key, s.one(sql, key=key)) for key in wanted], writes=False)
        return {key: _place(*row) for key, row in rows if row is not None}

    async def intend(self, batch: str, address: str, keys: Iterable[str], tasks: Iterable[str] = ()) -> set[str]:
        """Note a batch that will be ordered, for some Tasks; gives the keys that are its own: the rest are in another."""
        wanted, wants = list(keys), _wants(batch, tasks)

        def work(session: Session) -> set[str]:
            session.many(ITEM, [{"key": key, "batch": batch} for key in sorted(wanted)])
            own = {row[0] for row in session.all("SELECT key FROM batch_items WHERE batch = :batch", batch=batch)}
            sql = """INSERT INTO batches (id, address, state, at, items) VALUES (:id, :address, 'submitting', :now, :items)
                ON CONFLICT (id) DO UPDATE SET at = :now"""
            session.run(sql, id=batch, address=address, now=session.now, items=len(own))
            session.many(WANT, wants)
            return own

        return await self._do(work)

    async def want(self, batch: str, tasks: Iterable[str]) -> None:
        """Some Tasks want items of a batch that is there already."""
        wants = _wants(batch, tasks)
        await self._do(lambda s: s.many(WANT, wants))

    async def unwanted(self, address: str) -> list[tuple[Ordered, float]]:
        """Open batches, and how old they are in seconds, whose Tasks have all ended, one at least by being cancelled."""
        rows, now = await self._do(lambda s: (s.all(UNWANTED, address=address), s.now), writes=False)
        return [((made := _ordered(row)), now - made.at) for row in rows]

    async def renew(self, batch: str) -> None:
        """The order is being made just now."""
        await self._do(lambda s: s.run("UPDATE batches SET at = :now WHERE id = :id", now=s.now, id=batch))

    async def submitted(self, batch: str, theirs: str) -> None:
        """The provider has it."""
        sql = "UPDATE batches SET theirs = :theirs, state = 'open' WHERE id = :id AND state = 'submitting'"
        await self._do(lambda s: s.run(sql, theirs=theirs, id=batch))

    async def batch(self, batch: str) -> tuple[Ordered, float] | None:
        """A batch, and how old it is in seconds."""
        sql = f"SELECT {BATCH} FROM batches WHERE id = :id"  # noqa: S608 - columns of this module
        found = await self._do(lambda s: (s.one(sql, id=batch), s.now), writes=False)
        row, now = found
        if row is None:
            return None
        made = _ordered(row)
        return made, now - made.at

    async def known(self, address: str) -> set[str]:
        """The provider's ids of all batches in the book."""
        sql = "SELECT theirs FROM batches WHERE address = :address AND theirs IS NOT NULL"
        return {row[0] for row in await self._do(lambda s: s.all(sql, address=address), writes=False)}

    async def landed(self, batch: str, some: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Keep what came of some items; on the disk when this returns."""
        rows = [
            {"key": k, "batch": batch, "status": status, "body": zlib.compress(json.dumps(dict(body)).encode(), 3)}
            for k, status, body in some
        ]
        await self._do(lambda s: s.many(LANDED, rows))

    async def end(self, batch: str) -> None:
        """All has come: items of which nothing came are in no batch any more."""

        def work(session: Session) -> None:
            session.run("DELETE FROM batch_items WHERE batch = :batch AND body IS NULL", batch=batch)
            session.run("UPDATE batches SET state = 'ended' WHERE id = :batch", batch=batch)

        await self._do(work)

    async def tidy(self) -> None:
        """Forget what is kept as an answer now, and what nobody has asked for in a long time."""
        old = "UPDATE batches SET state = 'ended' WHERE at < :before"
        left = "DELETE FROM batch_items WHERE batch IN (SELECT id FROM batches WHERE at < :before)"

        def work(session: Session) -> None:
            session.run(ANSWERED)
            session.run(old, before=session.now - KEPT)
            session.run(left, before=session.now - KEPT)
            session.run(FORGET)
            session.run(UNNAMED)

        await self._do(work)


def _ordered(row: Row) -> Ordered:
    return Ordered(**dict(zip(BATCH.split(", "), row, strict=True)))


def _wants(batch: str, tasks: Iterable[str]) -> list[dict[str, Any]]:
    """Rows for the Tasks of Jobs among some ids."""
    parts = [task.rpartition(".") for task in sorted(tasks)]
    return [{"batch": batch, "job": job, "task": int(number)} for job, _, number in parts if number.isdecimal()]


def _place(batch: str, status: int | None, body: bytes | None) -> Place:
    return Place(batch=batch, status=status, body=None if body is None else json.loads(zlib.decompress(body)))
