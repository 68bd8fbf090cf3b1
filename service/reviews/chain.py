"""Decide what the next event of a chain is, and when it must not be added. Pure: the store calls it in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from thresher.schemas.errors import InputProblem
from thresher.schemas.review import ReviewClaim, ReviewEvent
from thresher.service.reviews.applying import DECISIONS, is_same, standing_events
from thresher.service.reviews.base import NewEvent


def next_event(events: Sequence[ReviewEvent], wanted: NewEvent, now: float) -> ReviewEvent:
    """Return the event that follows, with its hash. Raises InputProblem(field_invalid): nothing to take back."""
    before, after = _values(events, wanted)
    event = ReviewEvent(
        seq=len(events) + 1,
        at=moment(now),
        by=wanted.by,
        path=wanted.path,
        action=wanted.action,
        old=before,
        new=after,
        note=wanted.note,
        machine=wanted.machine,
        prev=events[-1].hash if events else "",
    )
    return event.hashed()


def _values(events: Sequence[ReviewEvent], wanted: NewEvent) -> tuple[object, object]:
    """Return the field's value before and after the event."""
    if wanted.action in DECISIONS:
        return None, None
    machine = wanted.machine.value if wanted.machine else None
    standing = standing_events(events).get(wanted.path)
    before = standing.new if standing else machine
    if wanted.action == "undo":
        if standing is None:
            raise InputProblem("field_invalid", f"{wanted.path}: nothing is there to take back")
        return before, _before(events, standing, machine)
    return before, {"accept": before, "edit": wanted.value}.get(wanted.action)


def _before(events: Sequence[ReviewEvent], standing: ReviewEvent, machine: object) -> object:
    """Return the value that stood before an event; the machine's own where it was the first."""
    earlier = standing_events(e for e in events if e.seq < standing.seq).get(standing.path)
    return earlier.new if earlier else machine


def repeated(events: Sequence[ReviewEvent], wanted: NewEvent) -> ReviewEvent | None:
    """Return the event that the same request has made already: its answer was lost on the way."""
    if wanted.action in DECISIONS:
        last = next((e for e in reversed(events) if e.action in DECISIONS), None)
    else:
        last = next((e for e in reversed(since(events, wanted.head)) if e.path == wanted.path), None)
    if last is None or (last.by, last.action, last.note) != (wanted.by, wanted.action, wanted.note):
        return None
    return last if wanted.action != "edit" or is_same(last.new, wanted.value) else None


def check_claim(claim: ReviewClaim | None, wanted: NewEvent) -> None:
    """Raise InputProblem(review_conflict) where another person holds the claim."""
    if claim is not None and claim.by != wanted.by:
        raise InputProblem("review_conflict", f"{claim.by} works on it until {claim.until}")


def check_unchanged(events: Sequence[ReviewEvent], wanted: NewEvent) -> None:
    """Raise InputProblem(review_conflict) where another person has changed the field since `wanted.head`."""
    if wanted.action in DECISIONS:
        return
    for event in since(events, wanted.head):
        if event.by != wanted.by and touches(event.path, wanted.path):
            raise InputProblem("review_conflict", f"{wanted.path}: {event.by} changed it at {event.at}")


def touches(one: str, other: str) -> bool:
    """Whether a change at one path is one at the other, too.

    >>> touches("/lines/3", "/lines/3/amount"), touches("/lines/3", "/lines/30")
    (True, False)
    """
    return bool(one) and (one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/"))


def since(events: Sequence[ReviewEvent], head: str) -> Sequence[ReviewEvent]:
    """Return the events after the one with a hash; all where none has it."""
    return events[next((i for i, e in enumerate(events, start=1) if e.hash == head), 0) :]


def moment(at: float) -> str:
    """Return a time (seconds since 1970, UTC) as ISO 8601, to the millisecond.

    >>> moment(1763799600.5)
    '2025-11-22T08:20:00.500Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
