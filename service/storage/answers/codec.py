"""Encode answers for storage: JSON, compressed, and encrypted where there is a key."""

from __future__ import annotations

import json
import zlib
from typing import Any

from thresher.schemas.errors import SetupProblem
from thresher.schemas.job import LoggedCall
from thresher.service.storage.encryption.base import Cipher

LEVEL = 3  # of zlib: most of the compression for a third of the time


def packed(answer: dict[str, Any], name: str, seal: Cipher) -> bytes:
    """Encode an answer under its stored name."""
    return seal.encrypt(zlib.compress(json.dumps(answer).encode(), level=LEVEL), f"answer {name}")


def unpacked(body: bytes, name: str, seal: Cipher) -> dict[str, Any]:
    """Decode an answer. Raises SetupProblem(encryption_key_missing, storage_damaged)."""
    try:
        answer: dict[str, Any] = json.loads(zlib.decompress(seal.decrypt(body, f"answer {name}")))
    except (zlib.error, ValueError) as error:
        raise SetupProblem("storage_damaged", f"an answer ({type(error).__name__})") from error
    return answer


def renamed(call: LoggedCall, seal: Cipher) -> LoggedCall:
    """Return a call that names its answer by the stored name."""
    if not seal.ids:
        return call
    attempt = call.attempt.model_copy(update={"key": seal.name(call.attempt.key)})
    return call.model_copy(update={"attempt": attempt})
