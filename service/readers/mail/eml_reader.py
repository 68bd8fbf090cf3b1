"""Read mails as they are sent (RFC 5322 and MIME), well formed or not."""

from __future__ import annotations

import re
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.headers import split_section
from thresher.service.readers.mail.mime_to_letter import letter_of, readable
from thresher.service.readers.mail.to_document import letter_to_reading

_MAIL_FIELD_NAMES = """
    from to cc bcc subject date message-id received return-path mime-version delivered-to reply-to sender x-mailer
    content-type content-transfer-encoding in-reply-to references dkim-signature x-received list-id envelope-to
"""
_MAIL_FIELDS = frozenset(_MAIL_FIELD_NAMES.split())
_COMMON_WORDS = frozenset(("to", "from", "date", "subject", "sender", "content-type"))  # common in other texts
_FIRST_FIELD = re.compile(rb"\s*(?:>?From |[!-9;-~]{1,76}[ \t]*:)")
_OTHER_FORMATS = re.compile(
    rb"\s*(?:%PDF|PK\x03|\xd0\xcf\x11\xe0|<\?xml|<!doctype|<html|\{|BEGIN:V|HTTP/)", re.IGNORECASE
)


class EmlReader:
    """Read one mail, with each attachment and embedded mail as a child."""

    name = "eml"

    def confidence(self, head: bytes, source: Source) -> float:
        """Judge by the header fields at the start; the type given by a parent and the file name count, too."""
        if _OTHER_FORMATS.match(head):
            return 0.0
        text = readable(head)
        headers = split_section(text)[0]
        fields = [name for name, _ in headers.fields]
        known = {name for name in fields if name in _MAIL_FIELDS or name.startswith("x-")}
        called = source.media_type == "message/rfc822" or (source.declared_type or "").startswith("message/")
        named = source.name.lower().endswith((".eml", ".mht", ".mhtml"))
        if not _FIRST_FIELD.match(text) and not called:
            return 0.4 if len(known) > 2 and b"\0" not in text else 0.0
        if len(known) > 2 or (len(known) == 2 and not known <= _COMMON_WORDS):
            return 0.95
        if known and (called or named):
            return 0.9
        if len(known) > 1:
            return 0.9 if b"@" in (headers.raw("from") or b"") else 0.7
        return 0.6 if called or (named and fields) else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the mail as a Document, and its children. Raises InputProblem(zero_byte)."""
        data = Path(source.blob).read_bytes()
        if not data.strip():
            raise InputProblem("zero_byte", source.path)
        return letter_to_reading(letter_of(data, options), source, options, spool)


reader = EmlReader()
