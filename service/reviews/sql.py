"""Keep reviews in SQL: one text for SQLite and PostgreSQL, over any Transactions.

A chain is read and continued outside the transaction, where a long one makes nobody wait. The transaction locks the
Result's row in `reviews` and adds the event where the chain is still as it was read, so that of two people at once one
comes first; else the chain is read again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.numbers import read_json
from thresher.schemas.result import Review
from thresher.schemas.review import LEASE_SECONDS, ReviewClaim, ReviewEvent
from thresher.service.reviews.applying import DECISIONS, review_of, standing_events
from thresher.service.reviews.base import DueDecision, NewEvent, ResultPlace, ReviewProgress
from thresher.service.reviews.chain import check_claim, check_unchanged, moment, next_event, repeated
from thresher.service.storage.answers.session import Row, Session, Transactions
from thresher.service.storage.encryption.base import Cipher, decrypt_text, encrypt_text

log = logging.getLogger(__name__)
CHAIN_MAX_CHARS = 8 << 20  # of JSON, of all events of one Result: more are no person's
TRIES = 100  # of an event, while other processes add events to the same chain
WHERE = "WHERE tenant = :tenant AND collection = :collection AND result = :result"
NEW = """INSERT INTO reviews (tenant, collection, result, number) VALUES (:tenant, :collection, :result, :number)
    ON CONFLICT DO NOTHING"""
LOCK = f"UPDATE reviews SET head = head {WHERE} RETURNING claimed_by, claimed_until, head"  # noqa: S608 - text of this module
PROGRESS = """SELECT result, number, head, review, claimed_by, claimed_until, corrected FROM reviews
    WHERE tenant = :tenant AND collection = :collection"""
DUE = """SELECT tenant, collection, result, seq, at, body FROM review_events WHERE webhook_due <= :now
    AND (tenant, collection, result, seq) IN (
        SELECT tenant, collection, result, seq FROM (
            SELECT tenant, collection, result, seq, webhook_due AS due,
                row_number() OVER (PARTITION BY tenant ORDER BY webhook_due) AS turn
            FROM review_events WHERE webhook_due <= :now {others}) AS waiting
        ORDER BY turn, due LIMIT :limit) ORDER BY webhook_due"""


@dataclass(frozen=True, slots=True)
class _Chain:
    """The events of a Result as they were read at a moment (seconds since 1970, UTC)."""

    events: list[ReviewEvent]
    chars: int  # of their JSON
    read: float

    @property
    def head(self) -> str:
        """Return the hash of the last event; empty where there is none."""
        return self.events[-1].hash if self.events else ""


@dataclass(frozen=True, slots=True)
class _Continued:
    """An event that follows a chain, and the state of the Result after it."""

    event: ReviewEvent
    after: str  # head of the chain that it follows
    review: str | None  # JSON
    corrected: str  # JSON


class SqlReviews:
    """Reviews over transactions, which their maker closes. The methods are described in `base.py`."""

    def __init__(self, transactions: Transactions) -> None:
        """Take a database that has the tables."""
        self._do = transactions.do
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by tenant

    async def append(self, place: ResultPlace, wanted: NewEvent) -> ReviewEvent:
        """Add an event to a Result's chain."""
        async with self._turns[place.tenant]:  # else each of many at once would read the chain again after each other
            for _ in range(TRIES):
                chain = await self._chain(place)
                made_before = repeated(chain.events, wanted)
                if made_before is not None:
                    return made_before
                made = await asyncio.to_thread(_continued, chain, wanted)
                if await self._do(partial(_added, place=place, wanted=wanted, made=made)):
                    return made.event
        raise InputProblem("review_conflict", f"{place.key}: others change it all the time")

    async def events(self, place: ResultPlace) -> list[ReviewEvent]:
        """Return the chain of a Result."""
        return (await self._chain(place)).events

    async def _chain(self, place: ResultPlace) -> _Chain:
        """Read a chain; only its rows are read in the transaction."""
        sql = f"SELECT seq, body FROM review_events {WHERE} ORDER BY seq"  # noqa: S608 - text of this module

        def work(session: Session) -> tuple[list[Row], float, Cipher]:
            return session.all(sql, **_named(place)), session.now, session.cipher

        rows, now, cipher = await self._do(work, writes=False)
        texts = await asyncio.to_thread(lambda: [_text(cipher, place, seq, body) for seq, body in rows])
        events = await asyncio.to_thread(lambda: [_event(text) for text in texts])
        return _Chain(events, sum(map(len, texts)), now)

    async def claim(self, place: ResultPlace, by: str, lease: float = LEASE_SECONDS) -> ReviewClaim:
        """Claim a Result for a person."""
        return await self._do(lambda s: _claim(s, place, by, lease))

    async def release(self, place: ResultPlace, by: str) -> None:
        """Give a claim back."""
        sql = f"UPDATE reviews SET claimed_until = 0 {WHERE} AND claimed_by = :who"  # noqa: S608 - text of this module
        await self._do(lambda s: s.run(sql, **_named(place), who=by))

    async def states(self, tenant: str, collection: str) -> dict[str, ReviewProgress]:
        """Return how far the reviews of a collection are."""

        def work(session: Session) -> dict[str, ReviewProgress]:
            rows = session.all(PROGRESS, tenant=tenant, collection=collection)
            return {row[0]: _progress(row, collection, session) for row in rows}

        return await self._do(work, writes=False)

    async def numbers(self, tenant: str, collection: str, keys: Iterable[str]) -> dict[str, int]:
        """Return a number for each key."""
        wanted = list(keys)
        return await self._do(lambda s: _numbers(s, tenant, collection, wanted))

    async def due(self, *, limit: int = 10, lease: float = 60.0, full: Sequence[str] = ()) -> list[DueDecision]:
        """Return decisions whose webhook is to be called, and lease them. Tenants take turns."""
        return await self._do(lambda s: _due(s, limit, lease, full))

    async def webhook_attempted(self, due: DueDecision, *, again_in: float | None = None) -> None:
        """Record an attempt to call a webhook."""
        sql = f"UPDATE review_events SET webhook_due = :due {WHERE} AND seq = :seq"  # noqa: S608 - text of this module

        def work(session: Session) -> None:
            later = None if again_in is None else session.now + again_in
            session.run(sql, **_named(due.place), seq=due.event.seq, due=later)

        await self._do(work)


def _named(place: ResultPlace) -> dict[str, Any]:
    return {"tenant": place.tenant, "collection": place.collection, "result": place.key}


def _continued(chain: _Chain, wanted: NewEvent) -> _Continued:
    """Return the event that follows a chain. Raises InputProblem(review_conflict, field_invalid, quota_exceeded)."""
    check_unchanged(chain.events, wanted)
    event = next_event(chain.events, wanted, chain.read)
    if chain.chars + len(event.model_dump_json()) > CHAIN_MAX_CHARS:
        raise InputProblem("quota_exceeded", f"{len(chain.events)} corrections of one Result")
    events = [*chain.events, event]
    review = review_of(events) if any(e.action in DECISIONS for e in events) else None
    corrected = json.dumps(sorted(standing_events(events)))
    return _Continued(event, chain.head, None if review is None else review.model_dump_json(), corrected)


def _added(session: Session, *, place: ResultPlace, wanted: NewEvent, made: _Continued) -> bool:
    """Add an event, and return whether the chain was still the one that it follows.

    Raises InputProblem(review_conflict) for another person's claim.
    """
    claim, head = _locked(session, place)
    check_claim(claim, wanted)
    if head != made.after:
        return False
    session.run(
        """INSERT INTO review_events (tenant, collection, result, seq, at, body, webhook_due)
        VALUES (:tenant, :collection, :result, :seq, :at, :body, :due)""",
        **_named(place),
        seq=made.event.seq,
        at=session.now,
        body=_encrypted(session.cipher, place, made.event),
        due=session.now if wanted.wants_webhook else None,
    )
    _record(session, place, made, renewed=claim is not None)
    if wanted.wants_webhook:
        session.notify()
    return True


def _record(session: Session, place: ResultPlace, made: _Continued, *, renewed: bool) -> None:
    """Write the state of a Result after its last event."""
    session.run(
        f"""UPDATE reviews SET head = :head, review = :review, corrected = :corrected,
        claimed_until = CASE WHEN :renewed = 1 THEN :until ELSE claimed_until END {WHERE}""",  # noqa: S608 - text of this module
        **_named(place),
        head=made.event.hash,
        review=made.review,
        corrected=encrypt_text(session.cipher, made.corrected, f"corrected {place.collection}.{place.key}"),
        renewed=int(renewed),
        until=session.now + LEASE_SECONDS,
    )


def _locked(session: Session, place: ResultPlace) -> tuple[ReviewClaim | None, str]:
    """Lock a Result's row, made if it is not there; return the claim that holds, and the hash of the last event."""
    session.run(NEW, **_named(place), number=place.number)
    by, until, head = session.one(LOCK, **_named(place)) or ("", 0.0, "")
    return _held(by, until, session.now), head


def _held(by: str, until: float, now: float) -> ReviewClaim | None:
    return ReviewClaim(by=by, until=moment(until)) if by and until > now else None


def _claim(session: Session, place: ResultPlace, by: str, lease: float) -> ReviewClaim:
    held, _ = _locked(session, place)
    if held is not None and held.by != by:
        raise InputProblem("review_conflict", f"{held.by} works on it until {held.until}")
    until = session.now + lease
    sql = f"UPDATE reviews SET claimed_by = :who, claimed_until = :until {WHERE}"  # noqa: S608 - text of this module
    session.run(sql, **_named(place), who=by, until=until)
    return ReviewClaim(by=by, until=moment(until))


def _encrypted(cipher: Cipher, place: ResultPlace, event: ReviewEvent) -> bytes:
    return cipher.encrypt(zlib.compress(event.model_dump_json().encode(), 3), _label(place, event.seq))


def _text(cipher: Cipher, place: ResultPlace, seq: int, body: bytes) -> bytes:
    """Return an event's JSON. Raises SetupProblem(storage_damaged, encryption_key_missing)."""
    try:
        return zlib.decompress(cipher.decrypt(bytes(body), _label(place, seq)))
    except zlib.error:
        raise SetupProblem("storage_damaged", _label(place, seq)) from None


def _event(text: bytes) -> ReviewEvent:
    return ReviewEvent.model_validate(read_json(text))


def _label(place: ResultPlace, seq: int) -> str:
    return f"review {place.collection}.{place.key}.{seq}"


def _progress(row: Row, collection: str, session: Session) -> ReviewProgress:
    key, number, head, review, by, until, corrected = row
    text = decrypt_text(session.cipher, corrected, f"corrected {collection}.{key}") if corrected else "[]"
    return ReviewProgress(
        key=key,
        number=number,
        head=head,
        review=Review.model_validate_json(review) if review else None,
        claim=_held(by, until, session.now),
        corrected=frozenset(json.loads(text)),
    )


def _numbers(session: Session, tenant: str, collection: str, keys: list[str]) -> dict[str, int]:
    where = {"tenant": tenant, "collection": collection}
    known = {row[0]: row[1] for row in session.all(PROGRESS, **where)}
    free = max(known.values(), default=-1) + 1
    new = {key: free + i for i, key in enumerate(k for k in keys if k not in known)}
    session.many(NEW, [{**where, "result": key, "number": number} for key, number in new.items()])
    return {key: known.get(key, new.get(key, -1)) for key in keys}


def _due(session: Session, limit: int, lease: float, full: Sequence[str]) -> list[DueDecision]:
    names = {f"full{n}": tenant for n, tenant in enumerate(full)}
    others = f"AND tenant NOT IN ({', '.join(f':{name}' for name in names)})" if names else ""
    sql = DUE.format(others=others) + session.skip
    found = []
    for tenant, collection, result, seq, at, body in session.all(sql, now=session.now, limit=limit, **names):
        place = ResultPlace(
            tenant=tenant, collection=collection, key=result, number=_number(session, tenant, collection, result)
        )
        later: float | None = session.now + lease
        try:
            found.append(DueDecision(place=place, event=_event(_text(session.cipher, place, seq, body)), at=at))
        except SetupProblem as problem:  # it holds up no other: a damaged one is given up
            log.warning(
                "a decision cannot be read",
                extra={"action": "webhook.unreadable", "job": collection, "code": problem.code},
            )
            later = None if problem.code == "storage_damaged" else later
        sql = f"UPDATE review_events SET webhook_due = :later {WHERE} AND seq = :seq"  # noqa: S608 - text of this module
        session.run(sql, **_named(place), seq=seq, later=later)
    return found


def _number(session: Session, tenant: str, collection: str, result: str) -> int:
    sql = f"SELECT number FROM reviews {WHERE}"  # noqa: S608 - text of this module
    row = session.one(sql, tenant=tenant, collection=collection, result=result)
    return 0 if row is None else int(row[0])
