"""Record batches: what was ordered of a provider, and what came back, stored before it is parsed.

A batch is recorded with its keys before it is ordered, and again with the provider's id. After a crash the next process
finds either an order, or an intent without one, and then asks the provider whether it has it. The response to an item
is stored here until its answer is in the Store in the form of an ordinary call.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from thresher.schemas.batch import Ordered, Place
from thresher.service.storage.answers.session import Row, Session, Transactions

KEEP_SECONDS = 30 * 86_400.0  # for which unused responses are kept
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


class SqlBatchLedger:
    """The record of batches, over the transactions of a Store that has answers in the same database."""

    def __init__(self, transactions: Transactions) -> None:
        """Take the database: all users of one database share one record."""
        self._do = transactions.do

    async def where(self, keys: Iterable[str]) -> dict[str, Place]:
        """Return the items of some keys; keys in no batch are left out."""
        wanted = list(keys)
        sql = "SELECT batch, status, body FROM batch_items WHERE key = :key"
        rows = await self._do(lambda s: [(key, s.one(sql, key=key)) for key in wanted], writes=False)
        return {key: _to_place(*row) for key, row in rows if row is not None}

    async def intend(self, batch: str, address: str, keys: Iterable[str], tasks: Iterable[str] = ()) -> set[str]:
        """Record a batch to be ordered for some Tasks; return the keys that are its own, not those in another batch."""
        wanted, wants = list(keys), _want_rows(batch, tasks)

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
        """Record that some Tasks want items of a batch that exists already."""
        wants = _want_rows(batch, tasks)
        await self._do(lambda s: s.many(WANT, wants))

    async def unwanted(self, address: str) -> list[tuple[Ordered, float]]:
        """Return open batches and their age in seconds whose Tasks have all ended, at least one by cancellation."""
        rows, now = await self._do(lambda s: (s.all(UNWANTED, address=address), s.now), writes=False)
        return [((made := _to_batch(row)), now - made.at) for row in rows]

    async def renew(self, batch: str) -> None:
        """Reset the age of a batch: it is being ordered now."""
        await self._do(lambda s: s.run("UPDATE batches SET at = :now WHERE id = :id", now=s.now, id=batch))

    async def submitted(self, batch: str, theirs: str) -> None:
        """Record the provider's id of a batch."""
        sql = "UPDATE batches SET theirs = :theirs, state = 'open' WHERE id = :id AND state = 'submitting'"
        await self._do(lambda s: s.run(sql, theirs=theirs, id=batch))

    async def batch(self, batch: str) -> tuple[Ordered, float] | None:
        """Return a batch and its age in seconds; None where there is none."""
        sql = f"SELECT {BATCH} FROM batches WHERE id = :id"  # noqa: S608 - columns of this module
        found = await self._do(lambda s: (s.one(sql, id=batch), s.now), writes=False)
        row, now = found
        if row is None:
            return None
        made = _to_batch(row)
        return made, now - made.at

    async def known(self, address: str) -> set[str]:
        """Return the provider's ids of all recorded batches at an address."""
        sql = "SELECT theirs FROM batches WHERE address = :address AND theirs IS NOT NULL"
        return {row[0] for row in await self._do(lambda s: s.all(sql, address=address), writes=False)}

    async def landed(self, batch: str, some: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Store the responses to some items; on the disk at return."""
        rows = [
            {"key": k, "batch": batch, "status": status, "body": zlib.compress(json.dumps(dict(body)).encode(), 3)}
            for k, status, body in some
        ]
        await self._do(lambda s: s.many(LANDED, rows))

    async def end(self, batch: str) -> None:
        """End a batch: items without a response are in no batch any more."""

        def work(session: Session) -> None:
            session.run("DELETE FROM batch_items WHERE batch = :batch AND body IS NULL", batch=batch)
            session.run("UPDATE batches SET state = 'ended' WHERE id = :batch", batch=batch)

        await self._do(work)

    async def tidy(self) -> None:
        """Delete items whose answer is in the Store, and batches that are older than KEEP_SECONDS."""
        old = "UPDATE batches SET state = 'ended' WHERE at < :before"
        left = "DELETE FROM batch_items WHERE batch IN (SELECT id FROM batches WHERE at < :before)"

        def work(session: Session) -> None:
            session.run(ANSWERED)
            session.run(old, before=session.now - KEEP_SECONDS)
            session.run(left, before=session.now - KEEP_SECONDS)
            session.run(FORGET)
            session.run(UNNAMED)

        await self._do(work)


def _to_batch(row: Row) -> Ordered:
    return Ordered(**dict(zip(BATCH.split(", "), row, strict=True)))


def _want_rows(batch: str, tasks: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of batch_wants for those ids that name a Task of a Job."""
    parts = [task.rpartition(".") for task in sorted(tasks)]
    return [{"batch": batch, "job": job, "task": int(number)} for job, _, number in parts if number.isdecimal()]


def _to_place(batch: str, status: int | None, body: bytes | None) -> Place:
    return Place(batch=batch, status=status, body=None if body is None else json.loads(zlib.decompress(body)))
