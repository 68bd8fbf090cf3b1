"""Places for calls that the processes of many machines share: blocks of them, leased and shared out fairly.

A process leases as many places as its calls need, not one for each call: calls come and go without a word to the database, which
hears from a busy process once a second, and at once when it needs more. What a process that was killed had is free again once
its lease has run out. Where all want more than there is, each gets a fair share; who has more gives it up as its calls end.
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

LEASE_SECONDS = 10.0  # seconds after which a silent process holds nothing
HEARTBEAT_SECONDS = 1.0  # seconds between two words to the database
HUNGRY = 0.1  # seconds between them while a share is not given yet
BREATH = 0.01  # seconds between them at least
PLENTY = 1 << 30  # places where there is no limit

HOLD = "INSERT INTO providers (name) VALUES (:name) ON CONFLICT (name) DO UPDATE SET shut = providers.shut"
FORGET = "DELETE FROM places WHERE provider = :name AND (lease < :now OR holder = :holder)"
OTHERS = "SELECT holder, held, wanted FROM places WHERE provider = :name"
MINE = "INSERT INTO places (provider, holder, held, wanted, lease) VALUES (:name, :holder, :held, :wanted, :lease)"
SHUT = """INSERT INTO providers (name, shut) VALUES (:name, :until)
    ON CONFLICT (name) DO UPDATE SET shut = CASE WHEN providers.shut > :until THEN providers.shut ELSE :until END"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """What a process tells: how many places it uses and could use."""

    name: str
    holder: str
    most: int | None
    used: int
    wanted: int
    lease: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What it is told."""

    held: int  # places it has, those in use counted
    share: int  # places it should have: with fewer it asks again soon, with more it gives them up
    shut: float  # seconds for which the provider wants no question


def settle(session: Session, wish: LeaseRequest) -> Lease:
    """Share out places, one process at a time; may be done over."""
    session.run(HOLD, name=wish.name)  # locks the row until the end
    session.run(FORGET, name=wish.name, now=session.now, holder=wish.holder)
    others = {holder: (held, wanted) for holder, held, wanted in session.all(OTHERS, name=wish.name)}
    row = session.one("SELECT shut FROM providers WHERE name = :name", name=wish.name)
    shut = max(0.0, row[0] - session.now) if row else 0.0
    if wish.most is None:
        return Lease(held=PLENTY, share=PLENTY, shut=shut)
    wants = {**{h: wanted for h, (_, wanted) in others.items()}, wish.holder: wish.wanted}
    shares = shares_of([wants[h] for h in sorted(wants)], wish.most)
    share = shares[sorted(wants).index(wish.holder)]
    free = max(0, wish.most - sum(held for held, _ in others.values()))
    held = max(wish.used, min(share, free))
    if held or wish.wanted:
        until = session.now + wish.lease
        session.run(MINE, name=wish.name, holder=wish.holder, held=held, wanted=wish.wanted, lease=until)
    return Lease(held=held, share=share, shut=shut)


def shares_of(wants: Sequence[int], most: int) -> list[int]:
    """`most` places shared out: nobody gets more than it wants, and nobody less than another that got more than it.

    >>> shares_of([20, 20, 2], 16), shares_of([3, 4], 16), shares_of([9, 9, 9], 2)
    ([7, 7, 2], [3, 4], [1, 1, 0])
    """
    shares = [0] * len(wants)
    for left, i in enumerate(sorted(range(len(wants)), key=lambda i: (wants[i], -i))):
        fair = (most - sum(shares)) // (len(wants) - left)
        shares[i] = min(wants[i], fair)
    for i, want in enumerate(wants):  # what does not divide goes to the first
        shares[i] += min(want - shares[i], most - sum(shares), 1)
    return shares


class SharedConcurrencyLimit:
    """The places under one name, as one process sees them."""

    def __init__(
        self, transactions: Transactions, name: str, most: int | None, *, lease: float = LEASE_SECONDS
    ) -> None:
        """Whoever uses the same name in the same database shares them; all should say the same `most`."""
        self._do = transactions.do
        self._name, self._most, self._lease = name, most, lease
        self._holder = f"{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
        self._used = self._peak = self._held = self._share = 0
        self._until = 0.0  # when the lease has run out, by this machine's steady clock
        self._shut_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._news = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """See thresher.service.llm.rate_limiting.ConcurrencyLimit."""
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    def shut(self) -> float:
        """See thresher.service.llm.rate_limiting.ConcurrencyLimit. Another process's word is heard within a beat."""
        return self._shut_until - time.monotonic()

    async def shut_for(self, seconds: float) -> None:
        """See thresher.service.llm.rate_limiting.ConcurrencyLimit."""
        self._shut_until = max(self._shut_until, time.monotonic() + seconds)
        await self._do(lambda s: s.run(SHUT, name=self._name, until=s.now + seconds))

    async def aclose(self) -> None:
        """Give everything back. Closing twice is no fault."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            with suppress(SetupProblem):
                await self._do(lambda s: s.run(FORGET, name=self._name, now=0.0, holder=self._holder))

    async def _enter(self) -> None:
        if not self._waiting and self._room():
            self._take()
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._wake()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given at the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        self._used -= 1
        self._admit()
        if self._held > self._share:
            self._wake()

    def _room(self) -> bool:
        return self._used < min(self._held, self._share) and time.monotonic() < self._until

    def _take(self) -> None:
        self._used += 1
        self._peak = max(self._peak, self._used)

    def _admit(self) -> None:
        while self._waiting and (self._waiting[0].done() or self._room()):
            place = self._waiting.popleft()
            if not place.done():
                self._take()
                place.set_result(None)

    def _wake(self) -> None:
        self._news.set()
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """Tell the database, at once with news and else once a second, until nothing is wanted."""
        while await self._tell():
            hungry = self._waiting and self._held < self._share
            with suppress(TimeoutError):
                async with asyncio.timeout(HUNGRY if hungry else min(HEARTBEAT_SECONDS, self._lease / 5)):
                    await self._news.wait()
            await asyncio.sleep(BREATH)
        self._beating = None

    async def _tell(self) -> int:
        """One word to the database; gives how many places are wanted."""
        self._news.clear()
        waiting = sum(not place.done() for place in self._waiting)
        wanted = max(self._peak, self._used + waiting)
        asked = time.monotonic()
        wish = LeaseRequest(
            name=self._name, holder=self._holder, most=self._most, used=self._used, wanted=wanted, lease=self._lease
        )
        self._peak = self._used
        if self._most is not None:
            self._held = self._used  # until it answers no more is used than it was told
        try:
            grant = await self._do(lambda s: settle(s, wish))
        except SetupProblem as problem:
            log.warning("places not renewed", extra={"action": "places.away", "code": problem.code})
            await asyncio.sleep(HEARTBEAT_SECONDS)
            return 1
        self._held, self._share, self._until = grant.held, grant.share, asked + self._lease
        self._shut_until = max(self._shut_until, asked + grant.shut)
        self._admit()
        return wanted + len(self._waiting)
