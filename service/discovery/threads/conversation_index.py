"""Decode the conversation index by which Outlook marks the mails of a conversation (MS-OXOMSG 2.2.1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_HEADER_BYTES, _ANSWER_BYTES = 22, 5
_LONGEST_BYTES = _HEADER_BYTES + 400 * _ANSWER_BYTES  # a longer one still names its conversation
_FIRST = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConversationIndex:
    """What an index says. `conversation`: GUID in hexadecimal; `depth`: 0 for the first mail; `begun`: UTC."""

    data: bytes
    conversation: str
    depth: int
    begun: datetime | None

    def ancestors(self) -> list[bytes]:
        """Return the indexes of the mails that this one answers, the nearest first."""
        return [self.data[: _HEADER_BYTES + _ANSWER_BYTES * depth] for depth in range(self.depth - 1, -1, -1)]


def conversation_index(stated: str | None) -> ConversationIndex | None:
    """Return the index that hexadecimal digits state; None where there is none.

    >>> found = conversation_index("01D046C6FC06C85C39B2C024428381B13C0C5C3FDEB4")
    >>> found.conversation, found.depth, f"{found.begun:%Y-%m-%dT%H:%M:%SZ}"
    ('c85c39b2c024428381b13c0c5c3fdeb4', 0, '2015-02-12T13:22:43Z')
    """
    try:
        data = bytes.fromhex(stated or "")[:_LONGEST_BYTES]
    except ValueError:
        return None
    if len(data) < _HEADER_BYTES:
        return None
    depth = (len(data) - _HEADER_BYTES) // _ANSWER_BYTES
    return ConversationIndex(data[: _HEADER_BYTES + depth * _ANSWER_BYTES], data[6:22].hex(), depth, _begun(data))


def _begun(data: bytes) -> datetime | None:
    """Return when the conversation began: a FILETIME without its last bytes, in an older and a newer form."""
    newer = data[1] == 1
    ticks = int.from_bytes(data[1:6], "big") << 24 if newer else int.from_bytes(data[:6], "big") << 16
    try:
        return _FIRST + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
