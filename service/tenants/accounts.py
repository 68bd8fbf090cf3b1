"""Manage accounts: keys, quotas, registered targets and webhook secrets, stored as small records.

On one machine the records are in a file of their own beside the jobs (`service/storage/record_store.py`), because
`thresher keys` must write it while the service runs.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.tenants.account import ApiKey, KeyEvent, NamedSchema, Quota
from thresher.schemas.work import TenantUsage
from thresher.service.base.single_flight import SingleFlight
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher, decrypt_text, encrypt_text, encrypting_key_id
from thresher.service.tenants.api_keys import id_of, is_usable_key, new_key
from thresher.service.tenants.webhook_signing import new_secret

log = logging.getLogger(__name__)
QUOTA_CACHE_SECONDS = 1.0  # for which a quota is cached


class RecordStore(Protocol):
    """Stores small records by kind, tenant and key."""

    async def put(self, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
        """Store a record for good, in place of an older one; None deletes it."""
        ...

    async def once(self, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Store a record if there is none yet, and return the one that is stored."""
        ...

    async def records(self, kind: str, tenant: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind, sorted by tenant and key; None stands for all tenants or all keys."""
        ...


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one service."""

    record_store: RecordStore
    cipher: Cipher = NO_CIPHER  # encrypts the secrets of webhooks
    _quotas: dict[str, tuple[float, Quota]] = field(
        default_factory=dict
    )  # by tenant, with the monotonic time until which it holds
    _quota_reads: SingleFlight[str, Quota] = field(default_factory=SingleFlight)

    async def create_key(
        self, tenant: str, *, note: str = "", expires: float | None = None, admin: bool = False, by: str = ""
    ) -> tuple[str, ApiKey]:
        """Create a key for a tenant; return its text, which is shown once, and its stored record.

        `by`: who asked, for the audit.
        """
        text, kept = new_key(tenant, time.time(), note=note, expires=expires, admin=admin)
        await self._audit("created", kept, by)
        await self.record_store.put("key", tenant, kept.id, kept.model_dump())
        return text, kept

    async def revoke_key(self, id: str, *, by: str = "") -> ApiKey | None:  # noqa: A002 - the field's own name
        """Revoke a key from this moment on; return it, None if no key has that id. `by`: who asked, for the audit."""
        key = next((k for k in await self.keys() if k.id == id), None)
        if key is None or key.revoked:
            return key
        await self._audit("revoked", key, by)
        gone = key.model_copy(update={"revoked": time.time()})
        await self.record_store.put("key", key.tenant, key.id, gone.model_dump())
        return gone

    async def _audit(self, action: Literal["created", "revoked"], key: ApiKey, by: str) -> None:
        """Store what is about to be done with a key, before it is done, and log it."""
        event = KeyEvent(at=time.time(), action=action, key=key.id, tenant=key.tenant, admin=key.admin, by=by)
        await self.record_store.put("key_event", key.tenant, f"{event.at:017.6f} {key.id}", event.model_dump())
        log.info("a key", extra={"action": f"keys.{action}", "tenant": key.tenant, "key_id": key.id, "asked_by": by})

    async def key_events(self) -> list[KeyEvent]:
        """Return the audit of keys, oldest first."""
        found = map(KeyEvent.model_validate, await self.record_store.records("key_event"))
        return sorted(found, key=lambda e: e.at)

    async def keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        found = map(ApiKey.model_validate, await self.record_store.records("key"))
        return sorted(found, key=lambda k: k.created)

    async def key_of(self, text: str) -> ApiKey | None:
        """Return the stored record of a valid key; None for any other text."""
        found = await self.record_store.records("key", key=id_of(text) or "")
        kept = ApiKey.model_validate(found[0]) if found else None
        return kept if is_usable_key(text, kept, time.time()) else None

    async def set_quota(self, tenant: str, quota: Quota) -> None:
        """Set what a tenant may use in a month."""
        await self.record_store.put("quota", tenant, "", quota.model_dump())
        self._quotas.clear()

    async def quota(self, tenant: str) -> Quota:
        """Return what a tenant may use in a month, unlimited where nothing was set; cached for a second."""
        until, quota = self._quotas.get(tenant, (0.0, Quota()))
        if time.monotonic() >= until:
            quota = await self._quota_reads.of(tenant, lambda: self._quota(tenant))
        return quota

    async def _quota(self, tenant: str) -> Quota:
        found = await self.record_store.records("quota", tenant, "")
        quota = Quota.model_validate(found[0]) if found else Quota()
        self._quotas[tenant] = time.monotonic() + QUOTA_CACHE_SECONDS, quota
        return quota

    async def targets(self, tenant: str) -> list[NamedSchema]:
        """Return the registered targets of a tenant."""
        return [NamedSchema.model_validate(r) for r in await self.record_store.records("target", tenant)]

    async def target(self, tenant: str, name: str) -> NamedSchema | None:
        """Return one registered target; None where there is none."""
        found = await self.record_store.records("target", tenant, name)
        return NamedSchema.model_validate(found[0]) if found else None

    async def register(self, tenant: str, schema: NamedSchema) -> None:
        """Store a target under its name, in place of an older one."""
        await self.record_store.put("target", tenant, schema.name, schema.model_dump())

    async def forget_target(self, tenant: str, name: str) -> None:
        """Delete a registered target."""
        await self.record_store.put("target", tenant, name, None)

    async def webhook_secret(self, tenant: str) -> str:
        """Return the secret that signs a tenant's webhooks; made at first use."""
        found = await self.record_store.records("webhook", tenant, "")
        if not found:  # two that ask at once both get the first one
            found = [await self.record_store.once("webhook", tenant, "", self._secret_record(tenant, new_secret()))]
        return decrypt_text(self.cipher, str(found[0]["secret"]), f"webhook {tenant}")

    async def reencrypt(self) -> None:
        """Encrypt webhook secrets with the newest key where they are not yet: secrets outlive keys. A damaged one stays."""
        for record in await self.record_store.records("webhook"):
            tenant, secret = record.get("tenant"), str(record["secret"])
            try:
                if tenant is not None and self.cipher.ids and encrypting_key_id(secret) != self.cipher.ids[0]:
                    await self._store_secret(tenant, decrypt_text(self.cipher, secret, f"webhook {tenant}"))
            except (SetupProblem, ValueError) as error:
                if getattr(error, "code", "storage_damaged") != "storage_damaged":
                    raise
                log.warning("a secret is damaged", extra={"action": "webhook.unreadable", "tenant": tenant})

    async def _store_secret(self, tenant: str, secret: str) -> None:
        await self.record_store.put("webhook", tenant, "", self._secret_record(tenant, secret))

    def _secret_record(self, tenant: str, secret: str) -> dict[str, str]:
        return {"secret": encrypt_text(self.cipher, secret, f"webhook {tenant}"), "tenant": tenant}


def check_quota(quota: Quota, used: TenantUsage, more: TenantUsage) -> None:
    """Raise InputProblem(quota_exceeded) where `more` does not fit what is left of a month.

    >>> check_quota(Quota(documents=3), TenantUsage(documents=2), TenantUsage(documents=1))
    """
    for name in ("documents", "bytes", "usd"):
        most, have, asked = getattr(quota, name), getattr(used, name), getattr(more, name)
        if most is not None and (have >= most or have + asked > most):
            raise InputProblem(
                "quota_exceeded", f"{have:,.10g} of {most:,.10g} {name} are used, {asked:,.10g} asked for"
            )


def quota_left(quota: Quota, used: TenantUsage) -> Quota:
    """Return what is left of a month's quota: nothing less than 0, and None where nothing is limited.

    >>> quota_left(Quota(documents=3, usd=1.0), TenantUsage(documents=5, usd=0.25))
    Quota(documents=0, bytes=None, usd=0.75)
    """
    most = quota.model_dump()
    return Quota(**{name: None if most[name] is None else max(0, most[name] - getattr(used, name)) for name in most})
