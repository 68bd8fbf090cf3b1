"""Find the mails of an mbox as ranges of bytes: mboxo, mboxrd and mboxcl, with or without quoted `From ` lines.

A line that begins with `From ` separates two mails if a header follows it, and if it stands at the start or after a
blank line, or has a date, or is as Mozilla writes it. Where a mail states its Content-Length and such a line stands at
that offset, the length is used.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FROM = re.compile(rb"^From [^\r\n]{0,998}\r?\n(?=(?:>?From [^\r\n]*\r?\n)?[!-9;-~]{1,76}[ \t]*:)", re.MULTILINE)
_DATED_FROM = re.compile(
    rb"From (?:-[ \t]*\r?\n|.{0,900}?(?:[A-Z][a-z]{2} +){0,2}\d{1,2} +\d\d:\d\d(?::\d\d)?.{0,40}\d{4})"
)
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BLANK = re.compile(rb"\r?\n\r?\n")
_ANY_FROM = re.compile(rb"^From ", re.MULTILINE)
_MARK = b"From "
_BOM = b"\xef\xbb\xbf"

Bytes = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class MailRange:
    """One mail: its `From ` line and the range of its bytes, without that line and the blank line at the end."""

    line: bytes
    start: int
    end: int


def mail_ranges(data: Bytes) -> Iterator[MailRange]:
    """Yield the mails of an mbox, in order. Text before the first `From ` line belongs to no mail."""
    begin = _next(data, 0)
    while begin is not None:
        following = _following(data, begin)
        end = following.start() if following else len(data)
        yield MailRange(begin[0].rstrip(), begin.end(), _without_blank(data, begin.end(), end))
        begin = following


def preamble(data: Bytes) -> int:
    """Return the number of bytes before the first `From ` line."""
    first = _next(data, 0)
    return first.start() if first else len(data)


def count_from_lines_in_text(data: Bytes, found: int) -> int:
    """Count the lines that begin with `From ` and were taken for text; `found` is the number of mails."""
    return sum(1 for _ in _ANY_FROM.finditer(data)) - found


def _next(data: Bytes, position: int) -> re.Match[bytes] | None:
    """Return the next line that separates mails, from `position` on; a search for bytes is faster than the pattern."""
    while (position := data.find(_MARK, position)) >= 0:
        line = _FROM.match(data, position)
        if line and _separates(data, line):
            return line
        position += len(_MARK)
    return None


def _separates(data: Bytes, line: re.Match[bytes]) -> bool:
    """Whether a `From ` line separates mails: by its position, or by its date."""
    start = line.start()
    before = data[max(0, start - 3) : start]
    if start == 0 or before == _BOM or before.endswith((b"\n\n", b"\n\r\n")) or not before.strip():
        return True
    return _DATED_FROM.match(line[0]) is not None


def _following(data: Bytes, begin: re.Match[bytes]) -> re.Match[bytes] | None:
    """Return the next line that separates mails, by the stated length where it leads to one."""
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
    """Return the end of a mail without the blank line before the next `From ` line, which belongs to the mbox."""
    for blank in (b"\r\n\r\n", b"\n\n"):
        if data[max(start, end - len(blank)) : end] == blank:
            return end - len(blank) // 2
    return end
