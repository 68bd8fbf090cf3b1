"""Encrypt with a Keyring: the first key encrypts and all keys decrypt, so that keys can be replaced at any time.

A record is encrypted with AES-256-GCM under a key that is derived (HKDF-SHA256) from one of the Keyring's and a salt of
this Keyring's own; a random nonce of 96 bits is then safe for 2^32 records (NIST SP 800-38D, 8.3) of one process:

    magic 5 | key id 8 | salt 16 | nonce 12 | ciphertext and tag

An upload is encrypted with the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015), laid out as the age format lays out its
payload: a key for each stream, chunks of 64 KiB; the nonce is a counter of 11 bytes and a byte that is 1 in the last
chunk alone. A chunk that is lost, moved, doubled or cut off does not decrypt:

    magic 5 | key id 8 | salt 16 | chunk | chunk | ... | last chunk
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from thresher.schemas.errors import SetupProblem
from thresher.service.storage.encryption.base import KEY_ID_BYTES, MAGIC

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, SALT, NONCE, TAG = 32, 16, 12, 16  # sizes in bytes
HEAD = len(MAGIC) + KEY_ID_BYTES + SALT
CHUNK = 64 * 1024  # bytes of plaintext


@dataclass(frozen=True, slots=True)
class Key:
    """One key; its repr hides it."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> bytes:
        """Return the key's id, which does not reveal the key."""
        return _derive(self.secret, b"", b"thresher key id", KEY_ID_BYTES)

    def cipher(self, salt: bytes, purpose: bytes) -> AESGCM:
        """Return the AES-GCM cipher for a salt and a purpose."""
        return _cipher(self.secret, salt, purpose)


@lru_cache(maxsize=1024)
def _derive(secret: bytes, salt: bytes, purpose: bytes, length: int = KEY) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - only where something is encrypted
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above

    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=purpose).derive(secret)


@lru_cache(maxsize=1024)
def _cipher(secret: bytes, salt: bytes, purpose: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only where something is encrypted

    return AESGCM(_derive(secret, salt, purpose))


class Keyring:
    """A Cipher with one or more keys."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """Take at least one key; the first encrypts. Names are made with the first key until others are adopted."""
        self._first = keys[0]
        self._keys = {key.id: key for key in reversed(keys)}
        self._all = tuple(dict.fromkeys(keys))
        self._salt = secrets.token_bytes(SALT)
        self._names = _derive(self._first.secret, b"", b"thresher names")

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the keys, the encrypting one first."""
        return tuple(key.id.hex() for key in self._all)

    def encrypt(self, data: bytes, place: str) -> bytes:
        """Encrypt bytes for a place."""
        head = MAGIC + self._first.id + self._salt
        nonce = secrets.token_bytes(NONCE)
        cipher = self._first.cipher(self._salt, b"thresher record")
        return head + nonce + cipher.encrypt(nonce, data, head + place.encode())

    def decrypt(self, data: bytes, place: str) -> bytes:
        """Decrypt bytes; those that were never encrypted come back unchanged."""
        if not data.startswith(MAGIC):
            return data
        head, nonce, rest = data[:HEAD], data[HEAD : HEAD + NONCE], data[HEAD + NONCE :]
        key, salt = self._key_and_salt(head, place)
        return _decrypted(key.cipher(salt, b"thresher record"), nonce, rest, head + place.encode())

    def name(self, plain: str) -> str:
        """Return the keyed hash (HMAC-SHA256) of a content's hash."""
        return hmac.new(self._names, plain.encode(), hashlib.sha256).hexdigest()

    def names(self, plain: str) -> tuple[str, ...]:
        """Return the keyed hash and the plain one."""
        return self.name(plain), plain

    def adopt(self, names: str) -> None:
        """Make names with this secret from now on."""
        self._names = names.encode()

    def encrypting(self) -> EncryptingStream:
        """Return a Stream that encrypts with the first key."""
        return EncryptingStream(self._first)

    def decrypting(self) -> DecryptingStream:
        """Return a Stream that decrypts with the key that the stream names."""
        return DecryptingStream(self)

    def _key_and_salt(self, head: bytes, place: str) -> tuple[Key, bytes]:
        """Return the key and the salt that a head names.

        Raises SetupProblem(encryption_key_missing, storage_damaged).
        """
        what, id_, salt = (
            place.partition(" ")[0],
            head[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES],
            head[len(MAGIC) + KEY_ID_BYTES :],
        )
        if not head.startswith(MAGIC) or len(salt) != SALT:
            raise SetupProblem("storage_damaged", what)
        if id_ not in self._keys:
            raise SetupProblem("encryption_key_missing", f"{what}, key {id_.hex()}")
        return self._keys[id_], salt


class EncryptingStream:
    """A Stream that encrypts."""

    def __init__(self, key: Key) -> None:
        """Draw a salt and derive the key of the stream."""
        salt = secrets.token_bytes(SALT)
        self._head = MAGIC + key.id + salt
        self._cipher = key.cipher(salt, b"thresher stream")
        self._ready = self._head
        self._held = bytearray()
        self._number = 0

    def take(self, piece: bytes) -> bytes:
        """Encrypt the full chunks so far. The last full chunk is held back until more comes: it could be the last."""
        self._held += piece
        out, self._ready = [self._ready], b""
        out += [self._chunk(chunk, last=False) for chunk in _take_chunks(self._held, CHUNK)]
        return b"".join(out)

    def end(self) -> bytes:
        """Encrypt the rest as the last chunk."""
        out, self._ready = self._ready, b""
        return out + self._chunk(bytes(self._held), last=True)

    def _chunk(self, data: bytes, *, last: bool) -> bytes:
        encrypted = self._cipher.encrypt(_nonce(self._number, last=last), data, self._head)
        self._number += 1
        return encrypted


class DecryptingStream:
    """A Stream that decrypts."""

    def __init__(self, keyring: Keyring) -> None:
        """Take the Keyring; the stream's head names its key."""
        self._keyring = keyring
        self._cipher: AESGCM | None = None
        self._head = b""
        self._held = bytearray()
        self._number = 0

    def take(self, piece: bytes) -> bytes:
        """Decrypt the full chunks so far."""
        self._held += piece
        if self._cipher is None and len(self._held) < HEAD:
            return b""
        cipher = self._cipher or self._begin()
        return b"".join(self._chunk(cipher, chunk, last=False) for chunk in _take_chunks(self._held, CHUNK + TAG))

    def end(self) -> bytes:
        """Decrypt the last chunk. Raises SetupProblem(storage_damaged) for a stream that is cut off."""
        return self._chunk(self._cipher or self._begin(), bytes(self._held), last=True)

    def _begin(self) -> AESGCM:
        self._head = bytes(self._held[:HEAD])
        del self._held[:HEAD]
        key, salt = self._keyring._key_and_salt(self._head, "upload")  # noqa: SLF001 - the Keyring's own stream
        self._cipher = key.cipher(salt, b"thresher stream")
        return self._cipher

    def _chunk(self, cipher: AESGCM, data: bytes, *, last: bool) -> bytes:
        self._number += 1
        return _decrypted(cipher, _nonce(self._number - 1, last=last), data, self._head)


def _take_chunks(held: bytearray, size: int) -> list[bytes]:
    """Take the chunks that cannot be the last off what is held."""
    count = max(len(held) - 1, 0) // size
    taken = bytes(held[: count * size])
    del held[: count * size]
    return [taken[n * size : (n + 1) * size] for n in range(count)]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(NONCE - 1, "big") + bytes([last])


def _decrypted(cipher: AESGCM, nonce: bytes, data: bytes, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only where something is encrypted

    try:
        return cipher.decrypt(nonce, data, bound)
    except (InvalidTag, ValueError):
        raise SetupProblem("storage_damaged", "it does not decrypt") from None


def keyring_of(text: str) -> Keyring:
    """Parse a Keyring: keys of 32 bytes in base64 or hexadecimal, parted by commas or white space.

    `#` begins a comment.

    Raises SetupProblem(encryption_key_invalid); the message gives a key's number, never the key.

    >>> len(keyring_of("00" * 32 + " # of 2025").ids)
    1
    """
    lines = (line.partition("#")[0] for line in text.splitlines())
    words = [word for line in lines for word in line.replace(",", " ").split()]
    if not words:
        raise SetupProblem("encryption_key_invalid", "there is none")
    return Keyring([_parsed_key(word, n) for n, word in enumerate(words, 1)])


def _parsed_key(word: str, number: int) -> Key:
    try:
        secret = bytes.fromhex(word) if len(word) == 2 * KEY else base64.b64decode(word, altchars=None, validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != KEY:
        raise SetupProblem("encryption_key_invalid", f"key {number}")
    return Key(secret)
