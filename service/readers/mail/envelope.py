"""Fill the header of a Letter: lines to show, and facts."""

from __future__ import annotations

from thresher.schemas.errors import note
from thresher.service.readers.mail.header_values import message_id, message_ids, utc
from thresher.service.readers.mail.headers import Headers, decode_addresses, decode_value
from thresher.service.readers.mail.letter import Letter

_SHOWN = ("From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject", "Message-ID", "In-Reply-To")
_ADDRESSES = frozenset(("from", "sender", "to", "cc", "bcc", "reply-to"))
_FACTS = ("thread-index", "thread-topic", "list-id", "importance", "x-mailer")


def fill_header(letter: Letter, headers: Headers) -> None:
    """Fill in a Letter's header lines and facts. A date without a zone gives no `sent`, as the zone is unknown."""
    facts = letter.facts
    for label in _SHOWN:
        name = label.lower()
        values = [_value(name, value) for key, value in headers.fields if key == name]
        letter.headers += [(label, value) for value in values if value]
        stated = next((value for value in values if value), "")
        if stated:
            facts[name.replace("-", "_")] = ", ".join(v for v in values if v) if name in _ADDRESSES else stated
    _identify(facts, headers)
    sent = utc(facts.get("date", ""))
    if sent:
        facts["sent"] = sent
    if headers.cut:
        letter.notes.append(note("too_large", "a header field was cut"))


def _value(name: str, value: bytes) -> str:
    return decode_addresses(value) if name in _ADDRESSES else decode_value(value)


def _identify(facts: dict[str, str], headers: Headers) -> None:
    """Fill in message ids and further facts."""
    raw = headers.raw("message-id")
    if raw is not None and raw.strip():
        facts["message_id"] = message_id(raw)
    for name in ("in-reply-to", "references"):
        ids = message_ids(" ".join(headers.all(name)))
        if ids:
            facts[name.replace("-", "_")] = " ".join(ids)
    for name in _FACTS:
        value = headers.get(name)
        if value:
            facts[name.replace("-", "_")] = value
