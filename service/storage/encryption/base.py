"""Seals: what is kept is shut for whoever has no key. The contract, and the one that shuts nothing.

A place names what lies there ("answer 0a1b…"): what was shut for one place does not open at another.
"""

from __future__ import annotations

import base64
from typing import Protocol

from thresher.schemas.errors import SetupProblem

MAGIC = b"\xfethr1"  # begins what is shut; no zlib stream and no UTF-8 text begins so
ID = 8  # bytes of a key's id, which stands behind the magic
TEXT = "sealed:"  # begins a text that is shut; the rest is base64

PLAIN = "plain:"  # stands behind TEXT where a plain text happens to begin so; no base64 does


class Stream(Protocol):
    """Bytes shut or opened piece by piece, in bounded memory."""

    def take(self, piece: bytes) -> bytes:
        """What can be given so far."""
        ...

    def end(self) -> bytes:
        """The rest. Nothing given before may be trusted until this has returned, where a stream is opened."""
        ...


class Cipher(Protocol):
    """Shuts and opens. Raises SetupProblem(encryption_key_missing, storage_damaged) where it can not open."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the keys, the one that shuts first; none where nothing is shut."""
        ...

    def shut(self, data: bytes, place: str) -> bytes:
        """Bytes that only a key opens."""
        ...

    def open(self, data: bytes, place: str) -> bytes:
        """The bytes again; what was never shut comes back as it is."""
        ...

    def name(self, plain: str) -> str:
        """What a content's hash is called where it is kept: whoever has the content but no key can not tell that it is here."""
        ...

    def names(self, plain: str) -> tuple[str, ...]:
        """All that a hash may be called: now, and before there was a key."""
        ...

    def adopt(self, names: str) -> None:
        """Make names with this secret from now on: it outlives the keys, so that names do not change when keys do."""
        ...

    def encrypting(self) -> Stream | None:
        """Shuts one stream; None where nothing is shut."""
        ...

    def opening(self) -> Stream:
        """Opens one stream that was shut."""
        ...


class NoCipher:
    """Shuts nothing: for disks that are encrypted as a whole, and for tests."""

    ids: tuple[str, ...] = ()

    def shut(self, data: bytes, place: str) -> bytes:  # noqa: ARG002 - of the contract
        """See Cipher."""
        return data

    def open(self, data: bytes, place: str) -> bytes:
        """See Cipher."""
        if data.startswith(MAGIC):
            raise SetupProblem("encryption_key_missing", place.partition(" ")[0])
        return data

    def name(self, plain: str) -> str:
        """See Cipher."""
        return plain

    def names(self, plain: str) -> tuple[str, ...]:
        """See Cipher."""
        return (plain,)

    def adopt(self, names: str) -> None:
        """See Cipher. What is not shut is called what it is."""

    def encrypting(self) -> Stream | None:
        """See Cipher."""
        return None

    def opening(self) -> Stream:
        """See Cipher."""
        raise SetupProblem("encryption_key_missing", "an upload")


NO_CIPHER = NoCipher()


def encrypt_text(seal: Cipher, text: str, place: str) -> str:
    """A text that only a key opens; as it is where nothing is shut.

    >>> encrypt_text(NO_CIPHER, "plain", ""), encrypt_text(NO_CIPHER, "sealed: plan.pdf", "")
    ('plain', 'sealed:plain:sealed: plan.pdf')
    """
    if not seal.ids:
        return f"{TEXT}{PLAIN}{text}" if text.startswith(TEXT) else text
    return TEXT + base64.b64encode(seal.shut(text.encode("utf-8", "surrogatepass"), place)).decode("ascii")


def encrypt_with(text: str) -> str | None:
    """Id of the key that shut a text; None for a plain one."""
    if not text.startswith(TEXT) or text.startswith(TEXT + PLAIN):
        return None
    head = base64.b64decode(text.removeprefix(TEXT)[:32])
    return head[len(MAGIC) : len(MAGIC) + ID].hex()


def decrypt_text(seal: Cipher, text: str, place: str) -> str:
    """The text again. Raises as Cipher does.

    >>> decrypt_text(NO_CIPHER, "plain", ""), decrypt_text(NO_CIPHER, "sealed:plain:sealed: plan.pdf", "")
    ('plain', 'sealed: plan.pdf')
    """
    if not text.startswith(TEXT):
        return text
    rest = text.removeprefix(TEXT)
    if rest.startswith(PLAIN):
        return rest.removeprefix(PLAIN)
    try:
        data = base64.b64decode(rest, validate=True)
    except ValueError:
        raise SetupProblem("storage_damaged", place) from None
    return seal.open(data, place).decode("utf-8", "surrogatepass")
