"""API keys: made from chance, shown once, kept as a hash, compared in constant time.

A key reads `thr_<id>_<secret>`. The id finds the row; the secret has 256 bits of chance, so one SHA-256 of it is as good
at rest as a slow hash, and costs a request nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from thresher.schemas.account import ApiKey

FORM = re.compile(r"thr_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
NOBODY = hashlib.sha256(b"").hexdigest()  # compared with where there is no such key, so that it takes as long


def new_key(
    tenant: str, now: float, *, note: str = "", expires: float | None = None, admin: bool = False
) -> tuple[str, ApiKey]:
    """A new key as its owner must keep it, and what is kept of it here.

    >>> text, kept = new_key("acme", 0.0)
    >>> fits(text, kept, 0.0), text in repr(kept) or kept.digest in repr(kept)
    (True, False)
    """
    id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    kept = ApiKey(id=id_, tenant=tenant, digest=_digest(secret), note=note, created=now, expires=expires, admin=admin)
    return f"thr_{id_}_{secret}", kept


def id_of(text: str) -> str | None:
    """The id of a key; None where it is no key at all."""
    found = FORM.fullmatch(text)
    return found[1] if found else None


def fits(text: str, kept: ApiKey | None, now: float) -> bool:
    """Whether a key is the kept one, and may still be used."""
    found = FORM.fullmatch(text)
    secret = found[2] if found else ""
    same = hmac.compare_digest(_digest(secret), kept.digest if kept else NOBODY)
    return same and kept is not None and kept.revoked is None and (kept.expires is None or now < kept.expires)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
