"""Encrypt what is stored: the contract, and the member that encrypts nothing.

A place names what is stored there ("answer 0a1b…"): what was encrypted for one place does not decrypt at another.
"""

from __future__ import annotations

import base64
from typing import Protocol

from thresher.schemas.errors import SetupProblem

MAGIC = b"\xfethr1"  # begins encrypted bytes; no zlib stream and no UTF-8 text begins so
KEY_ID_BYTES = 8  # bytes of a key's id, which follows the magic
TEXT_MARK = "sealed:"  # begins an encrypted text; the rest is base64

PLAIN_MARK = "plain:"  # follows TEXT where a plain text happens to begin with TEXT; no base64 begins so


class Stream(Protocol):
    """Encrypts or decrypts bytes piece by piece, in bounded memory."""

    def take(self, piece: bytes) -> bytes:
        """Take a piece; return what is ready."""
        ...

    def end(self) -> bytes:
        """Return the rest. Nothing decrypted may be trusted until this has returned."""
        ...


class Cipher(Protocol):
    """Encrypts and decrypts. Raises SetupProblem(encryption_key_missing, storage_damaged) where it cannot decrypt."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the keys, the encrypting one first; none where nothing is encrypted."""
        ...

    def encrypt(self, data: bytes, place: str) -> bytes:
        """Encrypt bytes for a place."""
        ...

    def decrypt(self, data: bytes, place: str) -> bytes:
        """Decrypt bytes; those that were never encrypted come back unchanged."""
        ...

    def name(self, plain: str) -> str:
        """Return the stored name of a content's hash.

        Without a key nobody can tell whether a known content is stored.
        """
        ...

    def names(self, plain: str) -> tuple[str, ...]:
        """Return all stored names that a hash may have: the present one, and that from before there was a key."""
        ...

    def adopt(self, names: str) -> None:
        """Make names with this secret from now on. It outlives the keys, so that names do not change when keys do."""
        ...

    def encrypting(self) -> Stream | None:
        """Return a Stream that encrypts; None where nothing is encrypted."""
        ...

    def decrypting(self) -> Stream:
        """Return a Stream that decrypts."""
        ...


class NoCipher:
    """Encrypts nothing: for disks that are encrypted as a whole, and for tests."""

    ids: tuple[str, ...] = ()

    def encrypt(self, data: bytes, place: str) -> bytes:  # noqa: ARG002 - of the contract
        """Return the bytes unchanged."""
        return data

    def decrypt(self, data: bytes, place: str) -> bytes:
        """Return the bytes unchanged. Raises SetupProblem(encryption_key_missing) for encrypted ones."""
        if data.startswith(MAGIC):
            raise SetupProblem("encryption_key_missing", place.partition(" ")[0])
        return data

    def name(self, plain: str) -> str:
        """Return the hash itself."""
        return plain

    def names(self, plain: str) -> tuple[str, ...]:
        """Return the hash itself."""
        return (plain,)

    def adopt(self, names: str) -> None:
        """Ignore the secret: names are the hashes themselves."""

    def encrypting(self) -> Stream | None:
        """Return None."""
        return None

    def decrypting(self) -> Stream:
        """Raise SetupProblem(encryption_key_missing): the upload is encrypted, and there is no key."""
        raise SetupProblem("encryption_key_missing", "an upload")


NO_CIPHER = NoCipher()


def encrypt_text(cipher: Cipher, text: str, place: str) -> str:
    """Encrypt a text as base64 behind a mark; return it unchanged where there is no key.

    >>> encrypt_text(NO_CIPHER, "plain", ""), encrypt_text(NO_CIPHER, "sealed: plan.pdf", "")
    ('plain', 'sealed:plain:sealed: plan.pdf')
    """
    if not cipher.ids:
        return f"{TEXT_MARK}{PLAIN_MARK}{text}" if text.startswith(TEXT_MARK) else text
    return TEXT_MARK + base64.b64encode(cipher.encrypt(text.encode("utf-8", "surrogatepass"), place)).decode("ascii")


def encrypting_key_id(text: str) -> str | None:
    """Return the id of the key that encrypted a text; None for a plain one."""
    if not text.startswith(TEXT_MARK) or text.startswith(TEXT_MARK + PLAIN_MARK):
        return None
    head = base64.b64decode(text.removeprefix(TEXT_MARK)[:32])
    return head[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES].hex()


def decrypt_text(cipher: Cipher, text: str, place: str) -> str:
    """Decrypt a text. Raises as Cipher does.

    >>> decrypt_text(NO_CIPHER, "plain", ""), decrypt_text(NO_CIPHER, "sealed:plain:sealed: plan.pdf", "")
    ('plain', 'sealed: plan.pdf')
    """
    if not text.startswith(TEXT_MARK):
        return text
    rest = text.removeprefix(TEXT_MARK)
    if rest.startswith(PLAIN_MARK):
        return rest.removeprefix(PLAIN_MARK)
    try:
        data = base64.b64decode(rest, validate=True)
    except ValueError:
        raise SetupProblem("storage_damaged", place) from None
    return cipher.decrypt(data, place).decode("utf-8", "surrogatepass")
