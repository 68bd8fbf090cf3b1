"""Hold what requests are answered from: the parts of the service, and the operator's limits."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from thresher.schemas.errors import JobProblem
from thresher.schemas.policy import Policy
from thresher.schemas.target import Target
from thresher.service.backend.matters.folders import MatterFolders
from thresher.service.jobs.base import Jobs
from thresher.service.reviews.review_service import ReviewService
from thresher.service.server.api.fair_slots import RefusedUploads, TenantQueues, TenantSlots
from thresher.service.server.api.schema_checking import SchemaChecker
from thresher.service.settings import ImportRoot
from thresher.service.storage.answers.call_log import CallLog
from thresher.service.storage.uploads.base import Uploads
from thresher.service.telemetry.metrics import Metrics
from thresher.service.tenants.accounts import Accounts
from thresher.service.tenants.budgets import Budgets

MIB = 1 << 20
RESULT_PAGES_AT_ONCE = 4  # pages of Results that are joined at once, one of a tenant: each may take some 100 MB
BODIES_AT_ONCE = 64  # bodies of one tenant that are read at once, of each kind
SMALL_BODY_BYTES = 16 * 1024  # up to which a body that says its length counts as small
SMALL_BODIES_AT_ONCE = 512  # of one tenant: the more are written together, the fewer writes a small upload costs
TABLES_AT_ONCE = 2  # exports that are made at once: each holds a thread and a workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of one request. Passing one gives a Problem, never a crash."""

    upload: int = 512 * MIB  # bytes of one request's body
    file: int = 256 * MIB  # bytes of one file
    files: int = 200  # in one request
    refused: int = 4096 * MIB  # bytes of files that a tenant's refused requests may leave in a day
    field: int = 256 * 1024  # bytes of a target, a policy and the like
    idle: float = 30.0  # seconds in which the next piece of an upload must arrive
    slowest: int = 1024  # bytes a second, averaged over an upload
    wait: float = 300.0  # seconds that ?wait may ask for at most
    listeners: int = 200  # event streams and waits open at once


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    """What the operator lets callers choose."""

    policy: Policy = field(default_factory=Policy)  # the defaults of a caller's policy
    models: tuple[str, ...] = ()  # besides the policy's own
    targets: dict[str, Target] = field(default_factory=dict)  # the operator's own, by name: these may be Python
    keyless: bool = False  # callers without a key are one tenant: on loopback only
    private_webhooks: bool = False  # webhooks may go to addresses that are not public
    webhook_ports: frozenset[int] = frozenset()  # that webhooks may go to, besides 80 and 443


@dataclass(slots=True, kw_only=True)
class AppState:
    """The parts that requests are answered from."""

    jobs: Jobs
    uploads: Uploads
    accounts: Accounts
    calls: CallLog
    budgets: Budgets
    matters: MatterFolders | None = None  # None: the service keeps no matters
    import_roots: tuple[ImportRoot, ...] = ()
    review_service: ReviewService | None = None  # None: without reviews
    offer: ServiceConfig = field(default_factory=ServiceConfig)
    bounds: Bounds = field(default_factory=Bounds)
    metrics: Metrics = field(default_factory=Metrics)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    body_turns: defaultdict[tuple[str, int], asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(partial(asyncio.Semaphore, BODIES_AT_ONCE))
    )  # by tenant and limit of bytes: more wait, and hold up their own alone
    small_body_turns: defaultdict[tuple[str, int], asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(partial(asyncio.Semaphore, SMALL_BODIES_AT_ONCE))
    )
    schema_checker: SchemaChecker = field(default_factory=SchemaChecker)
    listener_slots: TenantSlots = field(default_factory=TenantSlots)  # slots of listeners
    refused_uploads: RefusedUploads = field(default_factory=RefusedUploads)
    page_turns: TenantQueues = field(default_factory=lambda: TenantQueues(RESULT_PAGES_AT_ONCE))
    table_turns: TenantQueues = field(default_factory=lambda: TenantQueues(TABLES_AT_ONCE))
    clock: Callable[[], float] = time.time

    def body_turn(self, tenant: str, most: int, declared: int | None) -> asyncio.Semaphore:
        """Return the turns of bodies of at most `most` bytes. `declared`: the length of this one; None where it is not known."""
        is_small = declared is not None and declared <= SMALL_BODY_BYTES
        return (self.small_body_turns if is_small else self.body_turns)[tenant, most]

    def must_run(self) -> None:
        """Raise JobProblem(shutting_down) once the service is being stopped."""
        if self.stopping.is_set():
            raise JobProblem("shutting_down")
