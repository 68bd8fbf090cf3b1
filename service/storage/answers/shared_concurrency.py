"""Share slots for calls between the processes of many machines: each leases a block of slots, divided fairly.

A process leases as many slots as its calls need, not one for each call: calls begin and end without a statement to the
database, which hears from a busy process once a second, and at once when it needs more. The slots of a process that was
killed are free again once its lease has run out. Where more is wanted than there is, each process gets a fair share;
one that has more gives it up as its calls end.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from thresher.schemas.errors import SetupProblem
from thresher.service.storage.answers.session import Session, Transactions

log = logging.getLogger(__name__)

LEASE_SECONDS = 10.0  # after which a silent process has no slot
HEARTBEAT_SECONDS = 1.0  # between two heartbeats
RETRY_SECONDS = 0.1  # between heartbeats while slots of the share are missing
MIN_HEARTBEAT_SECONDS = 0.01  # between heartbeats at least
UNLIMITED_SLOTS = 1 << 30  # slots where there is no limit

HOLD = "INSERT INTO providers (name) VALUES (:name) ON CONFLICT (name) DO UPDATE SET shut = providers.shut"
FORGET = "DELETE FROM places WHERE provider = :name AND (lease < :now OR holder = :holder)"
OTHERS = "SELECT holder, held, wanted FROM places WHERE provider = :name"
MINE = "INSERT INTO places (provider, holder, held, wanted, lease) VALUES (:name, :holder, :held, :wanted, :lease)"
PAUSE = """INSERT INTO providers (name, shut) VALUES (:name, :until)
    ON CONFLICT (name) DO UPDATE SET shut = CASE WHEN providers.shut > :until THEN providers.shut ELSE :until END"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """A process's request: how many slots it uses and could use."""

    name: str
    holder: str
    most: int | None
    used: int
    wanted: int
    lease: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The slots that a process gets."""

    held: int  # slots it has, with those in use
    share: int  # slots it should have: with fewer it asks again soon, with more it gives some up
    pause_seconds: float  # seconds for which the provider takes no question


def settle(session: Session, request: LeaseRequest) -> Lease:
    """Compute and store one process's lease; processes take turns. May be run twice."""
    session.run(HOLD, name=request.name)  # locks the row until the end
    session.run(FORGET, name=request.name, now=session.now, holder=request.holder)
    others = {holder: (held, wanted) for holder, held, wanted in session.all(OTHERS, name=request.name)}
    row = session.one("SELECT shut FROM providers WHERE name = :name", name=request.name)
    pause_seconds = max(0.0, row[0] - session.now) if row else 0.0
    if request.most is None:
        return Lease(held=UNLIMITED_SLOTS, share=UNLIMITED_SLOTS, pause_seconds=pause_seconds)
    wants = {**{h: wanted for h, (_, wanted) in others.items()}, request.holder: request.wanted}
    shares = shares_of([wants[h] for h in sorted(wants)], request.most)
    share = shares[sorted(wants).index(request.holder)]
    free = max(0, request.most - sum(held for held, _ in others.values()))
    held = max(request.used, min(share, free))
    if held or request.wanted:
        until = session.now + request.lease
        session.run(MINE, name=request.name, holder=request.holder, held=held, wanted=request.wanted, lease=until)
    return Lease(held=held, share=share, pause_seconds=pause_seconds)


def shares_of(wants: Sequence[int], most: int) -> list[int]:
    """Divide `most` slots: nobody gets more than it wants, nor less than another that got more than it.

    >>> shares_of([20, 20, 2], 16), shares_of([3, 4], 16), shares_of([9, 9, 9], 2)
    ([7, 7, 2], [3, 4], [1, 1, 0])
    """
    shares = [0] * len(wants)
    for left, i in enumerate(sorted(range(len(wants)), key=lambda i: (wants[i], -i))):
        fair = (most - sum(shares)) // (len(wants) - left)
        shares[i] = min(wants[i], fair)
    for i, want in enumerate(wants):  # the remainder goes to the first
        shares[i] += min(want - shares[i], most - sum(shares), 1)
    return shares


class SharedConcurrencyLimit:
    """The slots under one name, as one process sees them."""

    def __init__(
        self, transactions: Transactions, name: str, most: int | None, *, lease: float = LEASE_SECONDS
    ) -> None:
        """Take the name: all users of one name in one database share its slots, and should pass the same `most`."""
        self._do = transactions.do
        self._name, self._most, self._lease = name, most, lease
        self._holder = f"{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
        self._used = self._peak = self._held = self._share = 0
        self._until = 0.0  # monotonic time when the lease runs out
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._news = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a slot while the block lasts."""
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    def pause_seconds(self) -> float:
        """Return the seconds for which no call may go. Another process's request is known after a heartbeat."""
        return self._paused_until - time.monotonic()

    async def pause_for(self, seconds: float) -> None:
        """Let no call of any process go for some seconds."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)
        await self._do(lambda s: s.run(PAUSE, name=self._name, until=s.now + seconds))

    async def aclose(self) -> None:
        """Give all slots back. Closing twice is no fault."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            with suppress(SetupProblem):
                await self._do(lambda s: s.run(FORGET, name=self._name, now=0.0, holder=self._holder))

    async def _enter(self) -> None:
        if not self._waiting and self._has_slot():
            self._take()
            return
        slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(slot)
        self._wake()
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():  # the slot was given at the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        self._used -= 1
        self._admit()
        if self._held > self._share:
            self._wake()

    def _has_slot(self) -> bool:
        return self._used < min(self._held, self._share) and time.monotonic() < self._until

    def _take(self) -> None:
        self._used += 1
        self._peak = max(self._peak, self._used)

    def _admit(self) -> None:
        while self._waiting and (self._waiting[0].done() or self._has_slot()):
            slot = self._waiting.popleft()
            if not slot.done():
                self._take()
                slot.set_result(None)

    def _wake(self) -> None:
        self._news.set()
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """Renew the lease, at once with news and else once a second, until no slot is wanted."""
        while await self._renew():
            lacking = self._waiting and self._held < self._share
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS if lacking else min(HEARTBEAT_SECONDS, self._lease / 5)):
                    await self._news.wait()
            await asyncio.sleep(MIN_HEARTBEAT_SECONDS)
        self._beating = None

    async def _renew(self) -> int:
        """Renew the lease once; return how many slots are wanted."""
        self._news.clear()
        waiting = sum(not slot.done() for slot in self._waiting)
        wanted = max(self._peak, self._used + waiting)
        asked = time.monotonic()
        request = LeaseRequest(
            name=self._name, holder=self._holder, most=self._most, used=self._used, wanted=wanted, lease=self._lease
        )
        self._peak = self._used
        if self._most is not None:
            self._held = self._used  # until the database answers, no more slots are used than it was told
        try:
            lease = await self._do(lambda s: settle(s, request))
        except SetupProblem as problem:
            log.warning("places not renewed", extra={"action": "places.away", "code": problem.code})
            await asyncio.sleep(HEARTBEAT_SECONDS)
            return 1
        self._held, self._share, self._until = lease.held, lease.share, asked + self._lease
        self._paused_until = max(self._paused_until, asked + lease.pause_seconds)
        self._admit()
        return wanted + len(self._waiting)
