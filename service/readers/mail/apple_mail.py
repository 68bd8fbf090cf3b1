"""Take a mail of Apple Mail (EMLX) out of its file: a byte count before it, a property list behind it."""

from __future__ import annotations

import re

_LIST = re.compile(rb"\s*(?:<\?xml|<!DOCTYPE plist|<plist)")
_LIST_AT_END = re.compile(
    rb"(?:\A|(?<=\n))(?:<\?xml[^>]*>\s*(?:<!DOCTYPE plist[^>]*>\s*)?<plist\b.*</plist>\s*|bplist00.*)\Z", re.DOTALL
)
_LIST_MAX_BYTES = 1 << 16  # of the property list behind a mail
_LENGTH = re.compile(rb"[ \t]*(\d{1,10})[ \t]*\r?\n(?=[!-9;-~]{1,76}[ \t]*:)")  # at the start of an EMLX file


def without_length(data: bytes) -> bytes:
    r"""Remove the byte count before a mail of Apple Mail (EMLX), and the property list after it.

    >>> without_length(b"8  \nA: b\n\nc\n<?xml")
    b'A: b\n\nc\n'
    """
    match = _LENGTH.match(data)
    if match is None:
        return data
    end = match.end() + int(match[1])
    if end <= len(data) and (data[end:].lstrip()[:8] in {b"", b"bplist00"} or _LIST.match(data, end)):
        return data[match.end() : end]
    rest = data[match.end() :]
    found = _LIST_AT_END.search(rest, max(len(rest) - _LIST_MAX_BYTES, 0))
    return rest[: found.start()] if found else rest
