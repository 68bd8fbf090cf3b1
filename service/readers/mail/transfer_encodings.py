"""Decode Content-Transfer-Encodings as far as the bytes allow, and files embedded in a text."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_COMMENT = re.compile(r"\([^()]*\)")
_UNCHANGED = frozenset(("", "7bit", "8bit", "binary"))
_ONLY_BASE64 = re.compile(rb"\s*(?:[A-Za-z0-9+/]{4}){3,}[A-Za-z0-9+/=\r\n]*")
_CHUNK = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)?[ \t]+[0-7]{3,4}[ \t]+(\S[^\r\n]{0,254})\r?\n", re.MULTILINE)
_UU_END = re.compile(rb"^(?:`|[ \t])?\r?\n?end[ \t]*\r?$|^====[ \t]*\r?$", re.MULTILINE)
_Y_BEGIN = re.compile(rb"^=ybegin [^\r\n]{0,500}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]*\r?\n)?", re.MULTILINE)
_Y_END = re.compile(rb"^=yend[^\r\n]*\r?$", re.MULTILINE)
_Y_SHIFT = bytes((i - 42) % 256 for i in range(256))
_Y_ESCAPED = re.compile(rb"=(.)", re.DOTALL)


def from_base64(data: bytes) -> tuple[bytes, bool]:
    """Return decoded bytes, and whether the text was valid. Other characters are skipped, missing padding is added.

    >>> from_base64(b"aGVsbG8"), from_base64(b"aGVs bG8=")
    ((b'hello', False), (b'hello', True))
    """
    padding = data.find(b"=")
    if padding < 0 or padding >= len(data.rstrip()) - 2:
        try:
            return binascii.a2b_base64(data), True
        except binascii.Error:
            pass
    chunks = _CHUNK.findall(_NOT_BASE64.sub(b"", data))
    sound = len(chunks) < 2 and not any(len(c) % 4 for c in chunks)
    return b"".join(map(_chunk, chunks)), sound


def _chunk(chunk: bytes) -> bytes:
    """Decode one run of base64 characters, with missing padding added."""
    bare = chunk.rstrip(b"=")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))


def from_quoted(data: bytes) -> bytes:
    """Decode quoted-printable; never raises."""
    return binascii.a2b_qp(data)


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """Return the decoded bytes of a part, and whether its encoding was valid."""
    words = _COMMENT.sub(" ", encoding).strip().strip("\"'").lower().replace(";", " ").split()
    encoding = words[0] if words else ""
    if encoding == "base64":
        return from_base64(data)
    if encoding in {"quoted-printable", "quotedprintable"}:
        return from_quoted(data), True
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue", "x-yenc"}:
        file = next(embedded_files(data), None)
        alone = file is not None and not (data[: file.start] + data[file.end :]).strip()
        return (data if file is None else file.data), alone
    if encoding not in _UNCHANGED and _ONLY_BASE64.fullmatch(data):
        return from_base64(data)[0], False
    return data, True


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file embedded in a text by uuencode or yEnc, and its range in the text."""

    name: bytes
    data: bytes
    start: int
    end: int


def embedded_files(data: bytes) -> Iterator[EmbeddedFile]:
    """Yield files embedded in a text, in order, in linear time.

    Text after a `begin` without an `end` is left as text.
    """
    if b"begin" not in data:
        return
    position = 0
    while True:
        found = [m for m in (_UU_BEGIN.search(data, position), _Y_BEGIN.search(data, position)) if m]
        if not found:
            return
        begin = min(found, key=lambda m: m.start())
        is_yenc = begin[0].startswith(b"=ybegin")
        end = (_Y_END if is_yenc else _UU_END).search(data, begin.end())
        if end is None:
            return
        body = data[begin.end() : end.start()]
        decoded = _from_yenc(body) if is_yenc else _from_uu(body, begin[0])
        if decoded is not None:
            yield EmbeddedFile(begin[1].strip(), decoded, begin.start(), end.end())
        position = end.end()


def _from_yenc(body: bytes) -> bytes:
    bare = body.replace(b"\r", b"").replace(b"\n", b"")
    return _Y_ESCAPED.sub(lambda m: bytes([(m[1][0] - 64) % 256]), bare).translate(_Y_SHIFT)


def _from_uu(body: bytes, begin: bytes) -> bytes | None:
    """Decode the lines of a uuencoded file; None where one is not uuencode."""
    if begin.startswith(b"begin-base64"):
        return from_base64(body)[0]
    pieces = []
    for line in body.splitlines():
        decoded = _uu_line(line)
        if decoded is None:
            return None
        pieces.append(decoded)
    return b"".join(pieces)


def _uu_line(line: bytes) -> bytes | None:
    """Decode one line by its stated length, so white space lost or added at its end is ignored. None: not uuencode."""
    if not line.strip() or line == b"`":
        return b""
    count = (line[0] - 32) & 63
    needed = (count + 2) // 3 * 4
    if not 32 < line[0] <= 96 or len(line) > needed + 4:
        return None
    try:
        return binascii.a2b_uu(line[: needed + 1])
    except binascii.Error:
        return None
