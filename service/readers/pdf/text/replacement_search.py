"""Decide from a file's bytes whether a replacement text (/ActualText) in it may differ from what its glyphs say.

None does where all are as short as a ligature and hold no figure, which is so in nearly every file. Asking PDFium for
the marks of every object costs a tenth of the reading, so the file is searched once, each stream decompressed. What
this search cannot read (encrypted, damaged, large, other compressions) counts as a file that may have such texts.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_FILE_MAX_BYTES = 64 * 2**20
_STREAM_MAX_BYTES = 16 * 2**20  # of one stream, decompressed
_ALL_MAX_BYTES = 96 * 2**20  # of all streams, decompressed
_MAX_DEPTH = 3  # of streams compressed more than once
_STREAM, _END = b"stream", b"endstream"
_LINE_END = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)")
_SHORT = rb"\s*(?:<(?i:FEFF)(?:00[2A-Fa-f4-7][0-9A-Fa-f]|20[0-9A-Fa-f]{2}|(?i:FB0[0-6])){0,3}>|\([A-Za-z .,'-]{0,3}\))"  # up to three letters, signs, or ligatures
_KNOWN_FILTER = re.compile(
    rb"\s*(?:/(?:Flate|DCT|JPX|CCITTFax|JBIG2)Decode(?=[\s/>])|\[\s*/(?:Flate|DCT|JPX|CCITTFax|JBIG2)Decode\s*\])"
)
_DIRECT = re.compile(rb"\s*\[?\s*<<")
_COLUMNS = re.compile(rb"/Columns\s+(\d{1,2})\b")


def spelt(name: str) -> re.Pattern[bytes]:
    """Return a pattern for a name, each character as it is or as #xx."""
    every = "".join(f"(?:{c}|#(?i:{ord(c):02x}))" for c in name)
    return re.compile(f"/{every}(?![A-Za-z0-9#])".encode())


_NAMES, _FILTERS, _PARAMETERS = map(spelt, ("ActualText", "Filter", "DecodeParms"))
_HARMLESS = re.compile(_NAMES.pattern + _SHORT)
_ESCAPED = re.compile(rb"#(?:[46]1|63|7[458]|6[Cc5]|54)")  # a character of that name as #xx
_PREDICTOR, _ENCRYPTED = map(spelt, ("Predictor", "Encrypt"))


class _UnreadableError(Exception):
    """What a stream holds cannot be told."""


def may_have_false_replacements(path: str) -> bool:
    """Whether a replacement text of the file is longer than a ligature or holds a figure, as far as one can tell."""
    if Path(path).stat().st_size > _FILE_MAX_BYTES:
        return True
    data = Path(path).read_bytes()
    try:
        return not all(map(_is_harmless, _parts(data)))
    except (_UnreadableError, zlib.error):
        return True


def _is_harmless(part: bytes) -> bool:
    """Whether all replacement texts in a part of the file are short."""
    if b"ActualText" not in part and not _ESCAPED.search(part):
        return True
    return len(_NAMES.findall(part)) == len(_HARMLESS.findall(part))


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield what is between streams, and what each of these holds. Raises for a stream that cannot be read."""
    room, begin, place = _ALL_MAX_BYTES, 0, 0
    while (at := data.find(_STREAM, place)) >= 0:
        place = at + len(_STREAM)
        if data[at - 3 : at] == b"end":
            continue
        line, head = _LINE_END.match(data, place), data[begin:at]
        begin = data.find(_END, place)
        if line is None or begin < line.end() or data.find(_STREAM, place, begin) >= 0:
            raise _UnreadableError
        place, stored = begin + len(_END), data[line.end() : begin]
        _check(head)
        yield head
        for part in _opened(stored, 0):
            room -= len(part)
            if room < 0:
                raise _UnreadableError
            yield _unpredicted(part, head) if _PREDICTOR.search(head) else part
    _check(data[begin:])
    yield data[begin:]


def _check(head: bytes) -> None:
    """Raise where what is between two streams names an encryption, or a compression that is not read here."""
    values = [(name.end(), _KNOWN_FILTER) for name in _FILTERS.finditer(head)]
    values += [(name.end(), _DIRECT) for name in _PARAMETERS.finditer(head)]
    if _ENCRYPTED.search(head) or not all(pattern.match(head, at) for at, pattern in values):
        raise _UnreadableError


def _opened(stored: bytes, depth: int) -> Iterator[bytes]:
    """Yield what a stream holds, decompressed as often as it is compressed."""
    if len(stored) < 2 or stored[0] & 15 != zlib.DEFLATED or int.from_bytes(stored[:2], "big") % 31:
        yield stored
        return
    opener = zlib.decompressobj()
    part = opener.decompress(stored, _STREAM_MAX_BYTES)
    if not opener.eof or depth > _MAX_DEPTH:
        raise _UnreadableError
    yield from _opened(part, depth + 1)


def _unpredicted(part: bytes, head: bytes) -> bytes:
    """Return a table of cross-references with the differences of its rows added up; raise for any other predictor."""
    columns = _COLUMNS.findall(head)
    if b"/XRef" not in head or b"#" in head or len(columns) != 1 or len(part) % (int(columns[0]) + 1):
        raise _UnreadableError
    rows = np.frombuffer(part, np.uint8).reshape(-1, int(columns[0]) + 1)
    if (rows[:, 0] != 2).any():  # 2: each byte is the difference from the one above it
        raise _UnreadableError
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).tobytes()
