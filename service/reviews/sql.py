"""Keep reviews in SQL: one text for SQLite and PostgreSQL, over any Transactions.

A Result's row in `reviews` is locked before its chain is read, so that of two people at once one comes first.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import read_json
from thresher.schemas.result import Review
from thresher.schemas.review import LEASE_SECONDS, ReviewClaim, ReviewEvent
from thresher.service.reviews.applying import DECISIONS, review_of, standing_events
from thresher.service.reviews.base import DueDecision, NewEvent, ResultPlace, ReviewProgress
from thresher.service.reviews.chain import check_free, moment, next_event, repeated
from thresher.service.storage.answers.session import Row, Session, Transactions
from thresher.service.storage.encryption.base import Cipher, decrypt_text, encrypt_text

EVENTS_MAX = 20_000  # of one Result: more are no person's
WHERE = "WHERE tenant = :tenant AND collection = :collection AND result = :result"
NEW = """INSERT INTO reviews (tenant, collection, result, number) VALUES (:tenant, :collection, :result, :number)
    ON CONFLICT DO NOTHING"""
LOCK = f"UPDATE reviews SET head = head {WHERE} RETURNING claimed_by, claimed_until"  # noqa: S608 - text of this module
PROGRESS = """SELECT result, number, head, review, claimed_by, claimed_until, corrected FROM reviews
    WHERE tenant = :tenant AND collection = :collection"""
DUE = """SELECT tenant, collection, result, seq, at, body FROM review_events WHERE webhook_due <= :now
    ORDER BY webhook_due LIMIT :limit"""


class SqlReviews:
    """Reviews over transactions, which their maker closes. The methods are described in `base.py`."""

    def __init__(self, transactions: Transactions) -> None:
        """Take a database that has the tables."""
        self._do = transactions.do

    async def append(self, place: ResultPlace, wanted: NewEvent) -> ReviewEvent:
        """Add an event to a Result's chain."""
        return await self._do(lambda s: _append(s, place, wanted))

    async def events(self, place: ResultPlace) -> list[ReviewEvent]:
        """Return the chain of a Result."""
        return await self._do(lambda s: _events(s, place), writes=False)

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

    async def due(self, *, limit: int = 10, lease: float = 60.0) -> list[DueDecision]:
        """Return decisions whose webhook is to be called, and lease them."""
        return await self._do(lambda s: _due(s, limit, lease))

    async def webhook_attempted(self, due: DueDecision, *, again_in: float | None = None) -> None:
        """Record an attempt to call a webhook."""
        sql = f"UPDATE review_events SET webhook_due = :due {WHERE} AND seq = :seq"  # noqa: S608 - text of this module

        def work(session: Session) -> None:
            later = None if again_in is None else session.now + again_in
            session.run(sql, **_named(due.place), seq=due.event.seq, due=later)

        await self._do(work)


def _named(place: ResultPlace) -> dict[str, Any]:
    return {"tenant": place.tenant, "collection": place.collection, "result": place.key}


def _append(session: Session, place: ResultPlace, wanted: NewEvent) -> ReviewEvent:
    claim = _locked(session, place)
    events = _events(session, place)
    made_before = repeated(events, wanted)
    if made_before is not None:
        return made_before
    check_free(events, wanted, claim)
    if len(events) >= EVENTS_MAX:
        raise InputProblem("quota_exceeded", f"{EVENTS_MAX} corrections of one Result")
    event = next_event(events, wanted, session.now)
    session.run(
        """INSERT INTO review_events (tenant, collection, result, seq, at, body, webhook_due)
        VALUES (:tenant, :collection, :result, :seq, :at, :body, :due)""",
        **_named(place),
        seq=event.seq,
        at=session.now,
        body=_encrypted(session.cipher, place, event),
        due=session.now if wanted.wants_webhook else None,
    )
    _record(session, place, [*events, event], renewed=claim is not None)
    if wanted.wants_webhook:
        session.notify()
    return event


def _record(session: Session, place: ResultPlace, events: list[ReviewEvent], *, renewed: bool) -> None:
    """Write the state of a Result after its last event."""
    review = review_of(events) if any(e.action in DECISIONS for e in events) else None
    corrected = json.dumps(sorted(standing_events(events)))
    session.run(
        f"""UPDATE reviews SET head = :head, review = :review, corrected = :corrected,
        claimed_until = CASE WHEN :renewed = 1 THEN :until ELSE claimed_until END {WHERE}""",  # noqa: S608 - text of this module
        **_named(place),
        head=events[-1].hash,
        review=review and review.model_dump_json(),
        corrected=encrypt_text(session.cipher, corrected, f"corrected {place.collection}.{place.key}"),
        renewed=int(renewed),
        until=session.now + LEASE_SECONDS,
    )


def _locked(session: Session, place: ResultPlace) -> ReviewClaim | None:
    """Lock a Result's row, made if it is not there; return the claim that holds."""
    session.run(NEW, **_named(place), number=place.number)
    row = session.one(LOCK, **_named(place))
    return None if row is None else _held(row[0], row[1], session.now)


def _held(by: str, until: float, now: float) -> ReviewClaim | None:
    return ReviewClaim(by=by, until=moment(until)) if by and until > now else None


def _claim(session: Session, place: ResultPlace, by: str, lease: float) -> ReviewClaim:
    held = _locked(session, place)
    if held is not None and held.by != by:
        raise InputProblem("review_conflict", f"{held.by} works on it until {held.until}")
    until = session.now + lease
    sql = f"UPDATE reviews SET claimed_by = :who, claimed_until = :until {WHERE}"  # noqa: S608 - text of this module
    session.run(sql, **_named(place), who=by, until=until)
    return ReviewClaim(by=by, until=moment(until))


def _events(session: Session, place: ResultPlace) -> list[ReviewEvent]:
    sql = f"SELECT seq, body FROM review_events {WHERE} ORDER BY seq"  # noqa: S608 - text of this module
    return [_event(session.cipher, place, seq, body) for seq, body in session.all(sql, **_named(place))]


def _encrypted(cipher: Cipher, place: ResultPlace, event: ReviewEvent) -> bytes:
    return cipher.encrypt(zlib.compress(event.model_dump_json().encode(), 3), _label(place, event.seq))


def _event(cipher: Cipher, place: ResultPlace, seq: int, body: bytes) -> ReviewEvent:
    return ReviewEvent.model_validate(read_json(zlib.decompress(cipher.decrypt(bytes(body), _label(place, seq)))))


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


def _due(session: Session, limit: int, lease: float) -> list[DueDecision]:
    found = []
    for tenant, collection, result, seq, at, body in session.all(f"{DUE}{session.skip}", now=session.now, limit=limit):
        place = ResultPlace(
            tenant=tenant, collection=collection, key=result, number=_number(session, tenant, collection, result)
        )
        event = _event(session.cipher, place, seq, body)
        found.append(DueDecision(place=place, event=event, at=at))
        sql = f"UPDATE review_events SET webhook_due = :later {WHERE} AND seq = :seq"  # noqa: S608 - text of this module
        session.run(sql, **_named(place), seq=seq, later=session.now + lease)
    return found


def _number(session: Session, tenant: str, collection: str, result: str) -> int:
    sql = f"SELECT number FROM reviews {WHERE}"  # noqa: S608 - text of this module
    row = session.one(sql, tenant=tenant, collection=collection, result=result)
    return 0 if row is None else int(row[0])
