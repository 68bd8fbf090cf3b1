"""Make and check API keys: drawn at random, shown once, stored as a hash, compared in constant time.

A key reads `thr_<id>_<secret>`. The id finds the row. The secret has 256 random bits, so one SHA-256 of it is as safe
at rest as a slow hash, and costs a request nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from thresher.schemas.tenants.account import ApiKey

KEY_PATTERN = re.compile(r"thr_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
DUMMY_DIGEST = hashlib.sha256(b"").hexdigest()  # compared with where there is no such key, so that both take as long


def new_key(
    tenant: str, now: float, *, note: str = "", expires: float | None = None, admin: bool = False
) -> tuple[str, ApiKey]:
    """Return a new key as its owner must keep it, and the record that is stored of it here.

    >>> text, kept = new_key("acme", 0.0)
    >>> is_usable_key(text, kept, 0.0), text in repr(kept) or kept.digest in repr(kept)
    (True, False)
    """
    id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    kept = ApiKey(id=id_, tenant=tenant, digest=_digest(secret), note=note, created=now, expires=expires, admin=admin)
    return f"thr_{id_}_{secret}", kept


def id_of(text: str) -> str | None:
    """Return the id of a key; None for a text that is no key."""
    found = KEY_PATTERN.fullmatch(text)
    return found[1] if found else None


def is_usable_key(text: str, kept: ApiKey | None, now: float) -> bool:
    """Whether a key is the stored one, and may still be used."""
    found = KEY_PATTERN.fullmatch(text)
    secret = found[2] if found else ""
    same = hmac.compare_digest(_digest(secret), kept.digest if kept else DUMMY_DIGEST)
    return same and kept is not None and kept.revoked is None and (kept.expires is None or now < kept.expires)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
