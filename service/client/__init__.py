"""Call the HTTP service: a small typed client over httpx.

    async with Client("http://127.0.0.1:8080") as thresher:
        job = await thresher.extract(["invoice.pdf"], "invoice")
        async for result in thresher.results(await thresher.wait(job.id)):
            print(result.status, result.data)

A problem of the service is raised as a `ServiceProblem` with its stable code. Lost connections, and problems with a
Retry-After, are tried again: an upload carries an Idempotency-Key, so that it makes one job however often it is sent;
events continue where they were cut off.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import httpx

from thresher.schemas.result import AnyResult, Result
from thresher.schemas.tenants.account import KeyEvent
from thresher.schemas.tenants.calls import CallFilter, GroupBy
from thresher.schemas.work import JobState
from thresher.service.client.answers import filter_parameters, opened, without_none
from thresher.service.client.files import EXTRACTIONS, FileCalls
from thresher.service.client.matters import Export, Import, Matter, MatterCalls, MatterExtraction
from thresher.service.client.models import (
    BudgetState,
    Call,
    CallSums,
    CreatedKey,
    Event,
    Extraction,
    FinishedFile,
    Key,
    QuotaState,
    ServiceProblem,
    Target,
)
from thresher.service.client.reviews import ReviewCalls

__all__ = [
    "BudgetState",
    "Call",
    "CallFilter",
    "CallSums",
    "Client",
    "CreatedKey",
    "Event",
    "Export",
    "Extraction",
    "FinishedFile",
    "Import",
    "Key",
    "KeyEvent",
    "Matter",
    "MatterExtraction",
    "QuotaState",
    "ServiceProblem",
    "Target",
]
LONGEST_WAIT = 60.0  # seconds of one ?wait
TARGETS = "/v1/targets"
CALLS = "/v1/calls"
KEYS = "/v1/keys"
ALL = CallFilter()


class UploadOptions(TypedDict, total=False):
    """Options of an upload besides files, target and policy."""

    idempotency_key: str | None
    webhook: str | None
    priority: int | None


class KeyOptions(TypedDict, total=False):
    """What is said of a new API key besides its tenant: see the service's `POST /v1/keys`."""

    note: str
    days: float  # until it expires
    admin: bool
    documents: int  # that the tenant may send in a month
    bytes: int
    usd: float


class Client(FileCalls, MatterCalls, ReviewCalls):
    """A client of one service. Raises ServiceProblem, and httpx.TransportError where the service cannot be reached."""

    async def extract(
        self,
        files: Sequence[str | Path],
        target: str | dict[str, Any],
        policy: dict[str, Any] | None = None,
        **more: Unpack[UploadOptions],
    ) -> Extraction:
        """Upload files, streamed from the disk; return the job at once. `target` is a name or a JSON Schema.

        If no `idempotency_key` is given, one is made up for this call. `webhook` is called when the job has ended; jobs
        of higher `priority` (-9 to 9) come first.
        """
        fields = {"target": target if isinstance(target, str) else json.dumps(target)}
        fields |= {"policy": json.dumps(policy)} if policy else {}
        fields |= {name: str(more[name]) for name in ("webhook", "priority") if more.get(name) is not None}
        headers = {"Idempotency-Key": more.get("idempotency_key") or uuid.uuid4().hex}

        async def sent() -> httpx.Response:
            with ExitStack() as stack:
                parts = [("file", (Path(f).name, stack.enter_context(opened(f)))) for f in files]
                return await self._http.post(EXTRACTIONS, files=parts, data=fields, headers=headers)

        return Extraction.model_validate(await self._retried(sent))

    async def job(self, id: str) -> Extraction:  # noqa: A002 - the field's own name
        """Return how far a job has come."""
        return Extraction.model_validate(await self._request("GET", f"{EXTRACTIONS}/{id}"))

    async def jobs(self, state: JobState | None = None) -> AsyncIterator[Extraction]:
        """Iterate over all jobs, or those in one state, newest first."""
        async for one in self._pages(EXTRACTIONS, "extractions", {"state": state}):
            yield Extraction.model_validate(one)

    async def wait(self, id: str) -> Extraction:  # noqa: A002 - as above
        """Wait for a job to end; return it."""
        while (job := await self.job(id)).state == "open":
            params: dict[str, Any] = {"wait": LONGEST_WAIT, "limit": 1, "partial": True}
            await self._request(
                "GET", f"{EXTRACTIONS}/{id}/result", params=params, timeout=self._timeout + LONGEST_WAIT
            )
        return job

    async def results(self, job: Extraction, *, partial: bool = False) -> AsyncIterator[Result[Any]]:
        """Iterate over the Results of an ended job, page by page; `partial`: over those there are of an open one."""
        asked = {"partial": "true" if partial else None}
        async for one in self._pages(f"{EXTRACTIONS}/{job.id}/result", "results", asked):
            yield AnyResult.model_validate(one)

    async def events(self, id: str, after: int = 0) -> AsyncIterator[Event]:  # noqa: A002 - as above
        """Iterate over a job's events to its end; `after` is the number of the last event that was seen."""
        async for one in self._events(f"{EXTRACTIONS}/{id}/events", after):
            yield one

    async def retry(self, id: str) -> Extraction:  # noqa: A002 - as above
        """Try the failed and set aside files of a job again."""
        return Extraction.model_validate(await self._request("POST", f"{EXTRACTIONS}/{id}/retry"))

    async def cancel(self, id: str) -> Extraction:  # noqa: A002 - as above
        """Cancel a job, a running one too."""
        return Extraction.model_validate(await self._request("DELETE", f"{EXTRACTIONS}/{id}"))

    async def result_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a Result."""
        found: dict[str, Any] = await self._request("GET", "/v1/schemas/result")
        return found

    async def targets(self) -> list[Target]:
        """Return every target that can be named."""
        return [Target.model_validate(one) for one in (await self._request("GET", TARGETS))["targets"]]

    async def target(self, name: str) -> Target:
        """Return one target."""
        return Target.model_validate(await self._request("GET", f"{TARGETS}/{name}"))

    async def register(self, name: str, schema: dict[str, Any]) -> Target:
        """Register a JSON Schema as a target, in place of an older one."""
        return Target.model_validate(await self._request("PUT", f"{TARGETS}/{name}", json=schema))

    async def forget(self, name: str) -> None:
        """Delete a registered target. Jobs that use it keep it."""
        await self._request("DELETE", f"{TARGETS}/{name}")

    async def calls(
        self, wanted: CallFilter = ALL, order: Literal["oldest", "newest"] = "oldest"
    ) -> AsyncIterator[Call]:
        """Iterate over calls of models by time. An admin key sees every tenant's, any other its own."""
        async for one in self._pages(CALLS, "calls", {**filter_parameters(wanted), "order": order}):
            yield Call.model_validate(one)

    async def sums(self, by: GroupBy, wanted: CallFilter = ALL) -> list[CallSums]:
        """Return sums over calls by document, job, prompt, model, tenant or day: most expensive first, days in order."""
        found = await self._request("GET", f"{CALLS}/by/{by}", params=filter_parameters(wanted))
        return [CallSums.model_validate(one) for one in found["groups"]]

    async def budgets(self, tenant: str | None = None) -> list[BudgetState]:
        """Return budgets and how far each is used up; with an admin key those of all tenants, or of one."""
        found = await self._request("GET", "/v1/budgets", params=without_none({"tenant": tenant}))
        return [BudgetState.model_validate(one) for one in found["budgets"]]

    async def quota(self, tenant: str | None = None) -> QuotaState:
        """Return what the tenant may use in this month and what is left; with an admin key that of another tenant, too."""
        return QuotaState.model_validate(
            await self._request("GET", "/v1/quota", params=without_none({"tenant": tenant}))
        )

    async def webhook_secret(self, tenant: str | None = None) -> str:
        """Return the secret that signs webhooks; `*` with an admin key: that of the budgets of all tenants."""
        return str(
            (await self._request("GET", "/v1/webhooks/secret", params=without_none({"tenant": tenant})))["secret"]
        )

    async def create_key(self, tenant: str, **more: Unpack[KeyOptions]) -> CreatedKey:
        """Create an API key; its text is shown this once. Needs an admin key; sent once, for twice would make two."""
        return CreatedKey.model_validate(await self._once("POST", KEYS, json={"tenant": tenant, **more}))

    async def keys(self, tenant: str | None = None) -> list[Key]:
        """Return the API keys of all tenants, or of one, without their secrets. Needs an admin key."""
        found = await self._request("GET", KEYS, params=without_none({"tenant": tenant}))
        return [Key.model_validate(one) for one in found["keys"]]

    async def revoke_key(self, id: str) -> Key:  # noqa: A002 - as above
        """Revoke an API key, from the next request on. Needs an admin key."""
        return Key.model_validate(await self._request("DELETE", f"{KEYS}/{id}"))

    async def key_events(self, limit: int = 100) -> list[KeyEvent]:
        """Return who made and revoked which key, newest first. Needs an admin key."""
        found = await self._request("GET", f"{KEYS}/events", params={"limit": limit})
        return [KeyEvent.model_validate(one) for one in found["events"]]

    async def alive(self) -> bool:
        """Whether the service answers at all; sent once."""
        return await self._is_ok("/healthz")

    async def ready(self) -> bool:
        """Whether the service takes work now; sent once."""
        return await self._is_ok("/readyz")

    async def metrics(self) -> str:
        """Return counters in Prometheus' text format."""
        return str(await self._request("GET", "/metrics"))
