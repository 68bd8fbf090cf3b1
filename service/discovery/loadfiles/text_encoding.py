"""Find a load file's character encoding from its bytes, and decode it without losing any.

The order: byte order mark; share of NULs in the first 4 KiB; strict UTF-8 over the whole file; else Windows-1252.
One pass finds the encoding, the SHA-256 and the end of the content (a DOS end-of-file mark and NULs behind it are padding).
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 1 << 20
NUL_SAMPLE_BYTES = 4096
UTF16_MIN_NUL_SHARE = 0.20  # without a mark
BIG_ENDIAN_MIN_NUL_SHARE = 0.30  # behind FE FF, which in Windows-1252 is the text "þÿ"
UNDEFINED_BYTES = b"\x81\x8d\x8f\x90\x9d"  # of Windows-1252
PADDING = b"\x00\x1a"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CP1252 = "".join(
    chr(byte) if byte in UNDEFINED_BYTES else bytes([byte]).decode("cp1252") for byte in range(256)
)  # the undefined bytes as in Latin-1, so that none is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEncoding:
    """How a load file's bytes are decoded, and why."""

    name: str  # utf-8, utf-16-le, utf-16-be, cp1252, or a codec the job named
    evidence: str  # byte order mark, share of NULs, valid UTF-8, fallback, or forced
    mark_bytes: int  # of the byte order mark, 0 to 3
    content_end: int  # in bytes; what follows is padding
    size: int  # of the file in bytes
    sha256: str
    undefined_bytes: int = 0  # bytes without a meaning in Windows-1252


def detect(path: Path, forced: str | None = None) -> TextEncoding:
    """Return the encoding of a file in one pass over it; raise LookupError where `forced` names no codec."""
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    mark, name, evidence = _from_head(head)
    if forced:
        name, evidence = codecs.lookup(forced).name, "forced"
        mark = _mark_of(name, head)
    scan = _Scan(path, check_utf8=not name)
    if not name:
        name, evidence = ("utf-8", "valid UTF-8") if scan.is_utf8 else ("cp1252", "not UTF-8")
    return TextEncoding(
        name=name,
        evidence=evidence,
        mark_bytes=mark,
        content_end=_content_end(path, scan.size, 2 if name.startswith("utf-16") else 1, mark),
        size=scan.size,
        sha256=scan.sha256,
        undefined_bytes=scan.undefined_bytes if name == "cp1252" else 0,
    )


def _from_head(head: bytes) -> tuple[int, str, str]:
    """Return length of the mark, encoding and evidence as the first bytes tell them; the encoding is empty if they do not."""
    for mark, name in _MARKS:
        if head.startswith(mark) and (name != "utf-16-be" or _is_big_endian(head[2:])):
            return len(mark), name, "byte order mark"
    sample = head[:NUL_SAMPLE_BYTES].rstrip(PADDING)
    if sample.count(0) > UTF16_MIN_NUL_SHARE * max(len(sample), 1):
        little = sample[1::2].count(0) >= sample[::2].count(0)
        return 0, "utf-16-le" if little else "utf-16-be", "share of NUL bytes"
    return 0, "", ""


def _is_big_endian(rest: bytes) -> bool:
    """Whether bytes behind FE FF are UTF-16 and not Windows-1252 that begins with "þÿ"."""
    even = rest[: len(rest) // 2 * 2]
    if rest.count(0) < BIG_ENDIAN_MIN_NUL_SHARE * max(len(rest), 1):
        return False
    decoder = codecs.getincrementaldecoder("utf-16-be")()
    try:
        decoder.decode(even)
    except UnicodeDecodeError:
        return False
    return True


def _mark_of(name: str, head: bytes) -> int:
    return next((len(mark) for mark, marked in _MARKS if marked == name and head.startswith(mark)), 0)


class _Scan:
    """What one pass over all bytes of a file finds."""

    def __init__(self, path: Path, *, check_utf8: bool) -> None:
        digest, utf8 = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
        self.size = self.undefined_bytes = 0
        self.is_utf8 = check_utf8
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                self.size += len(block)
                if check_utf8:
                    self.is_utf8 = self.is_utf8 and _decodes(utf8, block)
                    self.undefined_bytes += len(block) - len(block.translate(None, UNDEFINED_BYTES))
        self.is_utf8 = self.is_utf8 and _decodes(utf8, b"", final=True)
        self.sha256 = digest.hexdigest()


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _content_end(path: Path, size: int, unit: int, mark: int) -> int:
    """Return where a file's content ends, in bytes: before a DOS end-of-file mark and NULs; `unit` is a character's bytes."""
    end = size
    with path.open("rb") as file:
        while end > mark:
            start = max(mark, end - BLOCK_BYTES)
            file.seek(start)
            block = file.read(end - start)
            kept = _stripped(block, unit, (start - mark) % unit)
            end = start + kept
            if kept:
                break
    return end


def _stripped(block: bytes, unit: int, phase: int) -> int:
    """Return the length of a block without padding at its end; in UTF-16 padding is a whole unit of 0 or 0x1A."""
    if unit == 1:
        return len(block.rstrip(PADDING))
    end = len(block) - (len(block) + phase) % unit
    while end >= unit and block[end - unit : end] in {b"\x00\x00", b"\x1a\x00", b"\x00\x1a"}:
        end -= unit
    return end if end < len(block) - 1 else len(block)


class _Cp1252Decoder(codecs.IncrementalDecoder):
    """Windows-1252 whose five undefined bytes are the code points of the same number."""

    def decode(self, data: bytes, final: bool = False) -> str:  # type: ignore[override]  # noqa: ARG002, FBT001, FBT002
        """Return one character for each byte."""
        return codecs.charmap_decode(data, "strict", _CP1252)[0]


def decoded_blocks(path: Path, encoding: TextEncoding, errors: str = "backslashreplace") -> Iterator[str]:
    r"""Yield a file's content as text, block by block; bytes that do not decode become `\xNN`, never another character."""
    if encoding.name == "cp1252":
        decoder: codecs.IncrementalDecoder = _Cp1252Decoder()
    else:
        decoder = codecs.getincrementaldecoder(encoding.name)(errors)
    with path.open("rb") as file:
        file.seek(encoding.mark_bytes)
        left = encoding.content_end - encoding.mark_bytes
        while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield decoder.decode(block)
    if tail := decoder.decode(b"", True):
        yield tail
