"""Read messages saved by Outlook (MSG), and the mails embedded in them."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.outlook.mapi import PROPERTIES
from thresher.service.readers.mail.outlook.msg_to_letter import msg_to_letter
from thresher.service.readers.mail.outlook.ole_tree import load
from thresher.service.readers.mail.to_document import letter_to_reading

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARK = PROPERTIES.encode("utf-16-le")


class MsgReader:
    """Read one message, appointment, contact, task or note; attachments and embedded messages become children."""

    name = "msg"

    def confidence(self, head: bytes, source: Source) -> float:
        """Judge by the compound file's signature and the stream that only messages have, or by the detected type."""
        if not head.startswith(_MAGIC):
            return 0.0
        if source.media_type == "application/vnd.ms-outlook" or _MARK in head:
            return 0.95
        return 0.5 if source.name.lower().endswith((".msg", ".oft")) else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the message as a Document, and its children. Raises InputProblem(zero_byte, corrupt)."""
        data = Path(source.blob).read_bytes()
        if not data:
            raise InputProblem("zero_byte", source.path)
        root = load(data, source.path)
        if PROPERTIES not in root:
            raise InputProblem("corrupt", f"{source.path} holds no message")
        return letter_to_reading(msg_to_letter(root, options), source, options, spool)


reader = MsgReader()
