"""The mails of an mbox as ranges of its bytes: mboxo, mboxrd and mboxcl, with or without quoted `From ` lines.

A line that begins with `From ` parts two mails if a header follows it and it stands at the start, after a blank line,
or in the full form with a date, or as Mozilla writes it. Where a mail states its Content-Length and a parting line stands there, that counts.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FROM = re.compile(rb"^From [^\r\n]{0,998}\r?\n(?=(?:>?From [^\r\n]*\r?\n)?[!-9;-~]{1,76}[ \t]*:)", re.MULTILINE)
_STRONG = re.compile(
    rb"From (?:-[ \t]*\r?\n|.{0,900}?(?:[A-Z][a-z]{2} +){0,2}\d{1,2} +\d\d:\d\d(?::\d\d)?.{0,40}\d{4})"
)
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BLANK = re.compile(rb"\r?\n\r?\n")
_ANY = re.compile(rb"^From ", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"

Bytes = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Boxed:
    """One mail: its parting line and the range of its bytes, without that line and the blank line at the end."""

    line: bytes
    start: int
    end: int


def mails(data: Bytes) -> Iterator[Boxed]:
    """The mails of an mbox, in order. What stands before the first parting line belongs to no mail."""
    begin = _next(data, 0)
    while begin is not None:
        following = _following(data, begin)
        end = following.start() if following else len(data)
        yield Boxed(begin[0].rstrip(), begin.end(), _without_blank(data, begin.end(), end))
        begin = following


def preamble(data: Bytes) -> int:
    """Bytes before the first parting line."""
    first = _next(data, 0)
    return first.start() if first else len(data)


def unparted(data: Bytes, found: int) -> int:
    """Lines that begin with `From ` and were taken for text."""
    return sum(1 for _ in _ANY.finditer(data)) - found


def _next(data: Bytes, position: int) -> re.Match[bytes] | None:
    for line in _FROM.finditer(data, position):
        if _parts(data, line):
            return line
    return None


def _parts(data: Bytes, line: re.Match[bytes]) -> bool:
    start = line.start()
    before = data[max(0, start - 3) : start]
    if start == 0 or before == _BOM or before.endswith((b"\n\n", b"\n\r\n")) or not before.strip():
        return True
    return _STRONG.match(line[0]) is not None


def _following(data: Bytes, begin: re.Match[bytes]) -> re.Match[bytes] | None:
    """The next parting line, by the stated length where it leads to one."""
    blank = _BLANK.search(data, begin.end())
    length = _LENGTH.search(data, begin.end(), blank.start() + 1) if blank else None
    if blank and length:
        position = blank.end() + int(length[1])
        for skip in (0, 1, 2, 3, 4):
            line = _FROM.match(data, position + skip)
            if line and data[position : position + skip].strip() == b"":
                return line
    return _next(data, begin.end())


def _without_blank(data: Bytes, start: int, end: int) -> int:
    """The blank line before a parting line belongs to the mbox."""
    for blank in (b"\r\n\r\n", b"\n\n"):
        if data[max(start, end - len(blank)) : end] == blank:
            return end - len(blank) // 2
    return end
