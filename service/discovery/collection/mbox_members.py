"""Read the mails of an mbox, all of them or a range of bytes in which mails stand."""

from __future__ import annotations

import functools
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thresher.service.discovery.collection.expansion import ArchiveMember, ArchiveReading
from thresher.service.readers.mail.mbox_ranges import mail_ranges, preamble

MAIL = "message/rfc822"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class MailOffsets:
    """A mail of an mbox: its number, 0-based, and the range of its bytes."""

    number: int
    start: int
    end: int


def mbox_offsets(path: Path, reading: ArchiveReading) -> Iterator[MailOffsets]:
    """Yield where the mails of an mbox are, and report text that belongs to none."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        count = 0
        for found in mail_ranges(data):
            yield MailOffsets(count, found.start, found.end)
            count += 1
        before = data[: preamble(data)].removeprefix(_BOM).strip()
        if before:
            reading.findings.append(("corrupt_partial", f"{len(before)} bytes before the first mail"))
        reading.total = count


def mail_name(number: int, suffix: str = ".eml") -> str:
    """Return the name of a mail in a mailbox, by its 0-based number.

    >>> mail_name(16)
    '000017.eml'
    """
    return f"{number + 1:06d}{suffix}"


def mbox_members(path: Path, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    """Yield all mails of an mbox."""
    for found in mbox_offsets(path, reading):
        name = mail_name(found.number)
        pieces = functools.partial(_pieces, path, found)
        yield ArchiveMember(name, name.encode(), pieces, None, None, MAIL)


def _pieces(path: Path, found: MailOffsets) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(found.start)
        yield file.read(found.end - found.start)
