"""Encode answers for storage: JSON, compressed, and encrypted where there is a key."""

from __future__ import annotations

import json
import zlib
from typing import Any

from thresher.schemas.errors import SetupProblem
from thresher.schemas.job import LoggedCall
from thresher.service.storage.encryption.base import Cipher

LEVEL = 3  # of zlib: most of the compression for a third of the time


def encoded(answer: dict[str, Any], name: str, cipher: Cipher) -> bytes:
    """Encode an answer under its stored name."""
    return cipher.encrypt(zlib.compress(json.dumps(answer).encode(), level=LEVEL), f"answer {name}")


def decoded(body: bytes, name: str, cipher: Cipher) -> dict[str, Any]:
    """Decode an answer. Raises SetupProblem(encryption_key_missing, storage_damaged)."""
    try:
        answer: dict[str, Any] = json.loads(zlib.decompress(cipher.decrypt(body, f"answer {name}")))
    except (zlib.error, ValueError) as error:
        raise SetupProblem("storage_damaged", f"an answer ({type(error).__name__})") from error
    return answer


def with_stored_key(call: LoggedCall, cipher: Cipher) -> LoggedCall:
    """Return a call that names its answer by the stored name."""
    if not cipher.ids:
        return call
    attempt = call.attempt.model_copy(update={"key": cipher.name(call.attempt.key)})
    return call.model_copy(update={"attempt": attempt})
