"""Decrypt members of a ZIP that were encrypted with AES, as WinZip wrote it down (AE-1 and AE-2)."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from thresher.service.readers.archives.container import PIECE_BYTES, Damaged

_EXTRA, _LOCAL = 0x9901, struct.Struct("<4s22xHH")
_SUM_BYTES, _ROUNDS = 10, 1000
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class AesForm:
    """How a member was encrypted: bytes of the salt and of the key, and the method of its compression."""

    salt: int
    key: int
    method: int


def aes_form(info: zipfile.ZipInfo) -> AesForm | None:
    """Return how a member was encrypted; None where it does not say, or in an unknown way."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _EXTRA and size >= 7 and len(extra) >= 11 and extra[8] in {1, 2, 3}:
            strength, method = extra[8], struct.unpack("<H", extra[9:11])[0]
            return AesForm(4 + 4 * strength, 8 + 8 * strength, method)
        extra = extra[4 + size :]
    return None


def aes_pieces(path: Path, info: zipfile.ZipInfo, form: AesForm, password: bytes) -> Iterator[bytes] | None:
    """Return the bytes of a member in pieces; None where the password is wrong. The pieces may raise Damaged."""
    file = path.open("rb")
    try:
        file.seek(info.header_offset)
        _, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        file.seek(name + extra, 1)
        salt, check = file.read(form.salt), file.read(2)
    except (struct.error, OSError):
        file.close()
        return None
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, _ROUNDS, 2 * form.key + 2)
    if keys[-2:] != check:
        file.close()
        return None
    size = info.compress_size - form.salt - 2 - _SUM_BYTES
    return _inflated(_decrypted(file, size, keys[: form.key], keys[form.key : 2 * form.key]), form)


def _decrypted(file: BinaryIO, size: int, key: bytes, sum_key: bytes) -> Iterator[bytes]:
    """Yield what was encrypted; at the end, raise Damaged where its authentication code is wrong."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - of counters: this is CTR from the low end
    digest, counter = hmac.new(sum_key, digestmod="sha1"), 1
    with file:
        while size > 0:
            piece = file.read(min(PIECE_BYTES, size))
            if not piece:
                raise Damaged("cut off")
            size -= len(piece)
            digest.update(piece)
            blocks = -(-len(piece) // 16)
            stream = cipher.update(b"".join(n.to_bytes(16, "little") for n in range(counter, counter + blocks)))
            counter += blocks
            mixed = int.from_bytes(piece, "little") ^ int.from_bytes(stream[: len(piece)], "little")
            yield mixed.to_bytes(len(piece), "little")
        if not hmac.compare_digest(digest.digest()[:_SUM_BYTES], file.read(_SUM_BYTES)):
            raise Damaged("its authentication code is wrong")


def _inflated(pieces: Iterator[bytes], form: AesForm) -> Iterator[bytes]:
    if form.method == _STORED:
        yield from pieces
        return
    if form.method != _DEFLATED:
        raise Damaged(f"compression method {form.method}")
    stream = zlib.decompressobj(-15)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                yield stream.decompress(rest, PIECE_BYTES)
                rest = stream.unconsumed_tail
        yield stream.flush()
    except zlib.error as error:
        raise Damaged(str(error)) from error
