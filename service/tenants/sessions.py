"""Make, find and end sessions of browsers: begun with an API key, held in a cookie, ended by time, by hand or with the key.

A token reads `ths_<id>_<secret>`; stored is a hash of it, as of a key. The CSRF token is derived from the secret, so that
only pages that asked with the cookie know it, and every machine of the service can check it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from thresher.schemas.tenants.account import ApiKey, Session
from thresher.service.tenants.accounts import Accounts

SESSION_SECONDS = 12 * 3600.0  # after which a session ends by itself: a working day
SESSIONS_MAX = 1000  # of a tenant at once: with one more, the oldest ends
TOKEN_PATTERN = re.compile(r"ths_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
DUMMY_DIGEST = hashlib.sha256(
    b""
).hexdigest()  # compared with where there is no such session, so that both take as long


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one service, beside its accounts."""

    accounts: Accounts
    clock: Callable[[], float] = time.time

    async def begin(self, key: ApiKey) -> tuple[str, Session]:
        """Begin a session with a valid key; return its token, which only the cookie holds, and its record."""
        await self._forget_ended(key.tenant)
        id_, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), self.clock()
        ends = min(now + SESSION_SECONDS, key.expires or now + SESSION_SECONDS)
        made = Session(id=id_, tenant=key.tenant, key=key.id, digest=_digest(secret), created=now, expires=ends)
        await self.accounts.record_store.put("session", key.tenant, id_, made.model_dump())
        return f"ths_{id_}_{secret}", made

    async def key_of(self, token: str) -> tuple[Session, ApiKey] | None:
        """Return a live session with the key that it was begun with; None for any other token."""
        parts = TOKEN_PATTERN.fullmatch(token)
        found = await self.accounts.record_store.records("session", key=parts[1] if parts else "")
        kept = Session.model_validate(found[0]) if found else None
        same = hmac.compare_digest(_digest(parts[2] if parts else ""), kept.digest if kept else DUMMY_DIGEST)
        if kept is None or not same or self.clock() >= kept.expires:
            return None
        keys = await self.accounts.record_store.records("key", kept.tenant, kept.key)
        key = ApiKey.model_validate(keys[0]) if keys else None
        ended = key is None or key.revoked is not None or (key.expires is not None and self.clock() >= key.expires)
        return None if key is None or ended else (kept, key)

    async def end(self, token: str) -> None:
        """End a session; a token that is none ends nothing."""
        found = await self.key_of(token)
        if found is not None:
            await self.accounts.record_store.put("session", found[0].tenant, found[0].id, None)

    async def _forget_ended(self, tenant: str) -> None:
        """Delete a tenant's sessions whose time is over, and the oldest where there is no room for one more."""
        records = sorted(await self.accounts.record_store.records("session", tenant), key=lambda r: float(r["created"]))
        live = [r for r in records if r["expires"] > self.clock()]
        kept = {r["id"] for r in live[-(SESSIONS_MAX - 1) :]}
        for record in records:
            if record["id"] not in kept:
                await self.accounts.record_store.put("session", tenant, record["id"], None)


def csrf_token(token: str) -> str:
    """Return what a page must send with each writing request of a session.

    >>> csrf_token("ths_1") == csrf_token("ths_1") != csrf_token("ths_2")
    True
    """
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
