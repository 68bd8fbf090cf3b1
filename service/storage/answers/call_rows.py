"""Convert a call to a row: every number has a column of its own, so that a million calls can be summed."""

from __future__ import annotations

import math
from typing import Any

from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.service.storage.answers.session import Row

DAY = 86_400  # seconds
LEAST, STEP = 0.001, 1.05  # start of latency slot 1 in seconds; ratio of one slot to the next
_OF_ATTEMPT = (
    *("key", "model", "prompt", "fingerprint", "purpose", "finish", "prompt_tokens", "answer_tokens", "cached_tokens"),
    *("usd", "seconds", "stored", "retry", "error"),
)
_OF_CALL = ("at", "unit", "task", "tenant", "document")
SHOWN = ", ".join((*_OF_CALL, *_OF_ATTEMPT))  # columns that `to_call` takes
COLUMNS = (*_OF_CALL, "job", *_OF_ATTEMPT, "slot", "day")
NAMES = ", ".join(COLUMNS)
VALUES = ", ".join(f":{name}" for name in COLUMNS)


def call_row(call: LoggedCall) -> dict[str, Any]:
    """Return the columns of a call."""
    attempt = call.attempt.model_dump(include=set(_OF_ATTEMPT))
    own = {name: getattr(call, name) for name in _OF_CALL}
    made = {"job": call.job, "slot": slot_of(call.attempt.seconds), "day": int(call.at // DAY)}
    return {**attempt, **own, **made, "tenant": call.tenant or "", "stored": int(call.attempt.stored)}


def to_call(row: Row) -> LoggedCall:
    """Build a call from the columns SHOWN."""
    own = dict(zip(_OF_CALL, row, strict=False))
    attempt = dict(zip(_OF_ATTEMPT, row[len(_OF_CALL) :], strict=True))
    attempt["stored"] = bool(attempt["stored"])
    return LoggedCall(**{**own, "tenant": own["tenant"] or None}, attempt=Attempt(**attempt))


def slot_of(seconds: float) -> int:
    """Return the latency slot of a duration in seconds: slots are 5 % wide, so that counts alone give percentiles.

    >>> slot_of(0.0), slot_of(0.001), slot_of(0.2), slot_of(0.21)
    (0, 1, 109, 110)
    """
    return 0 if seconds < LEAST else 1 + math.floor(math.log(seconds / LEAST) / math.log(STEP) + 1e-9)


def seconds_of(slot: int) -> float:
    """Return the middle of a slot in seconds.

    >>> 0.2 / 1.025 < seconds_of(slot_of(0.2)) < 0.2 * 1.025
    True
    """
    return 0.0 if slot == 0 else LEAST * STEP ** (slot - 0.5)
