"""Wiring: the only chooser of concrete classes. From a Policy and the operator's Settings to the parts of a run."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from uuid import uuid4

from chunkers.tokens import counter
from schemas.errors import InputProblem, SetupProblem
from schemas.policy import Policy
from schemas.target import Target
from service.budgets import Shelf
from service.jobs.base import Jobs
from service.llm.asking import Asking
from service.llm.base import Model
from service.llm.embedded.weights import KNOWN
from service.llm.embedded.wire import EmbeddedWire, facts, identity, known_setup
from service.llm.embeddings import Embedder, Embedding, spoken, text_of_vectors
from service.llm.facts import facts_of, mode_of, provider_of, tariff_of
from service.llm.limited import Gate, Rate, Rates
from service.llm.prices import Budget, Tariff
from service.llm.retrying import Backoff
from service.llm.stack import End, Surroundings, stacked
from service.llm.wire import Records
from service.pipeline import Engine
from service.planning.budgets import most_fields, plan
from service.planning.groups import groups_of
from service.seals import NO_SEAL, Seal, open_text, shut_text, shut_with
from service.settings import Settings
from service.store.base import Store
from service.store.calls import CallLog
from service.store.session import Transactions
from service.store.spending import Spending
from service.tracing import Tracer
from service.uploads.base import Uploads

log = logging.getLogger(__name__)

FREE = Tariff(prompt=0.0, answer=0.0)
DEFAULT_MODEL = "embedded"
DIALECTS = {  # what of JSON Schema a provider takes when it constrains an answer; others take it as it is
    "openai": "openai_strict",
    "azure": "openai_strict",
    "gemini": "gemini",
    "vertex_ai": "gemini",
    "anthropic": "anthropic",
    "bedrock": "anthropic",
}
FAMILIES = {"claude": "anthropic", "gemini": "gemini"}  # the same behind somebody else's door
LOCAL_WINDOW = 16_384  # tokens of prompt and answer for a GGUF file of the user's own
EMBEDDED = {"embedded": "smollm2", **{f"embedded/{name}": name for name in KNOWN}}


def model_name(policy: Policy, settings: Settings) -> str:
    """The Policy's model, else the environment's, else the embedded one."""
    return policy.model or settings.model or DEFAULT_MODEL


def end_of(name: str, policy: Policy, settings: Settings) -> End:
    """One model's end of the wire, by its name. Nothing is loaded or imported before the first question."""
    if name in EMBEDDED:
        weights = KNOWN[EMBEDDED[name]]
        setup = partial(known_setup, weights.name, weights_folder(settings))
        return End(name=name, wire=EmbeddedWire(setup), identity=identity(weights), facts=facts(), tariff=FREE)
    if name.startswith("local:"):
        return _local(name)
    if name.startswith("scripted:"):
        return _scripted(name, policy)
    return _remote(name, policy, settings)


def _local(name: str) -> End:
    from service.llm.embedded.engine import Setup  # noqa: PLC0415 - only for local models

    path = Path(name.removeprefix("local:")).expanduser()
    if not path.is_file():
        raise InputProblem("file_not_found", f"no weights at {path}")
    wire = EmbeddedWire(lambda: Setup(weights=path, window=LOCAL_WINDOW))
    free = replace(facts(LOCAL_WINDOW), style="free", extra={"dialect": "llama"})  # a model of one's own may write
    return End(name=name, wire=wire, identity=identity(path), facts=free, tariff=FREE)


def _scripted(name: str, policy: Policy) -> End:
    from service.llm.scripted import FACTS, ScriptedWire, load_script, script_identity  # noqa: PLC0415 - only for tests

    path = Path(name.removeprefix("scripted:"))
    table, latency = load_script(path)
    tariff = Tariff.of(policy.prices) if policy.prices else FREE
    return End(name=name, wire=ScriptedWire(table, latency), identity=script_identity(path), facts=FACTS, tariff=tariff)


def _remote(name: str, policy: Policy, settings: Settings) -> End:
    from service.llm.dialect import read  # noqa: PLC0415 - only for hosted models
    from service.llm.litellm_model import LitellmWire, Remote  # noqa: PLC0415 - only for hosted models

    remote = Remote(model=name, mode=mode_of(name), api_base=settings.api_base, timeout=policy.timeout)
    tariff = Tariff.of(policy.prices) if policy.prices else tariff_of(name)
    wire = LitellmWire(remote)
    read_it = partial(read, remote.mode)
    known = facts_of(name)
    dialect = next((d for family, d in FAMILIES.items() if family in name), DIALECTS.get(provider_of(name), "plain"))
    return End(
        name=name,
        wire=wire,
        identity=remote.identity,
        facts=replace(known, extra={**known.extra, "dialect": dialect}),
        tariff=tariff,
        read=read_it,
    )


def weights_folder(settings: Settings) -> Path:
    """Where weights lie."""
    return settings.home / "models"


def model_of(
    policy: Policy,
    settings: Settings,
    store: Records,
    rates: Rates | None = None,
    allowed: Callable[[], Awaitable[None]] | None = None,
) -> Asking:
    """The Model of a run with every wrapper round it; its answers go to `store`.

    `rates`: limits that others share; `allowed`: asked before every call.
    """
    name = model_name(policy, settings)
    end = end_of(name, policy, settings)
    if policy.read.ocr == "vision" and end.facts.style == "candidates":
        raise InputProblem(
            "policy_invalid", f"--ocr vision needs a model that sees, {name} does not: name one with --model"
        )
    rates = rates or (lambda _, per_minute: Rate(per_minute))
    shared = Surroundings(
        records=store,
        budget=Budget(policy.max_cost),
        backoff=Backoff(retries=policy.retries),
        allowed=allowed,
        count=counter(end.facts.tokenizer),
    )
    asking = stacked(end, _gate(name, policy, rates), shared)
    if policy.ranking != "embeddings":
        return asking
    near = _embedding_end(policy, settings)
    return replace(asking, beside=stacked(near, _gate(near.name, policy, rates), shared))


def _gate(name: str, policy: Policy, rates: Rates) -> Gate:
    return Gate(
        concurrency=policy.concurrency,
        requests=rates(f"{name} requests", policy.requests_per_minute) if policy.requests_per_minute else None,
        tokens=rates(f"{name} tokens", policy.tokens_per_minute) if policy.tokens_per_minute else None,
    )


def _embedding_end(policy: Policy, settings: Settings) -> End:
    """The end of the wire of the model that gives texts as vectors."""
    from service.llm.litellm_model import LitellmWire, Remote  # noqa: PLC0415 - only for hosted models

    name = policy.embedding_model
    if name is None:
        raise InputProblem("policy_invalid", "ranking: embeddings need an embedding_model")
    remote = Remote(model=name, api_base=settings.embedding_api_base or settings.api_base, timeout=policy.timeout)
    price = policy.embedding_price
    tariff = tariff_of(name) if price is None else Tariff(prompt=price / 1e6, answer=0.0)
    return End(
        name=name,
        wire=LitellmWire(remote, spoken),
        identity=f"embed\n{remote.identity}",
        facts=facts_of(name),
        tariff=tariff,
        read=text_of_vectors,
    )


def embedder_of(model: Model) -> Embedder | None:
    """What gives texts as vectors beside a model; None where none was chosen."""
    beside = model.beside if isinstance(model, Asking) else None
    return Embedding(model=beside) if beside else None


def engine_of(model: Model, target: Target, policy: Policy) -> Engine:
    """The parts that every Unit of one target uses. Raises InputProblem(budget_too_small)."""
    groups = groups_of(target, model.facts.extra.get("dialect", "plain"), most_fields(model.facts, policy))
    count = counter(model.facts.tokenizer)
    budgets = plan(model.facts, target, groups, policy, count)
    return Engine(
        model=model,
        target=target,
        groups=groups,
        policy=policy,
        plan=budgets,
        count=count,
        embedder=embedder_of(model),
    )


def tracer_of(settings: Settings) -> Tracer | None:
    """Where spans go; None where no address for traces is set, or nothing that could send them is installed."""
    if not settings.traces:
        return None
    try:
        from service.otel import Otel  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        log.warning(
            "no traces: pip install 'thresher[otel]'", extra={"action": "traces.extra_missing", "why": error.name}
        )
        return None
    return Otel()


@asynccontextmanager
async def opened_store(folder: Path) -> AsyncIterator[Store]:
    """The answer store of a run's folder, for this run alone. Raises SetupProblem(store_locked)."""
    from service.store.sqlite import SqliteStore  # noqa: PLC0415 - the Python door may use memory alone

    hidden = folder / ".thresher"
    hidden.mkdir(parents=True, exist_ok=True, mode=0o700)
    hidden.chmod(0o700)
    store = await SqliteStore.open(hidden / "store.sqlite")
    try:
        yield store
    finally:
        await store.aclose()


class Kept(Store, Transactions, Protocol):
    """A Store that can be asked in SQL too."""


@asynccontextmanager
async def opened_shelf(folder: Path, database: str | None = None, seal: Seal = NO_SEAL) -> AsyncIterator[Shelf]:
    """The small records of a service: in a file that commands may open while it runs, or in the database of all machines."""
    if database is not None:
        async with opened_jobs(folder, database, seal) as (_, jobs, _):
            yield jobs
        return
    from service.store.shelf import SqliteShelf  # noqa: PLC0415 - only the service has accounts

    shelf = await SqliteShelf.open(folder / "accounts.sqlite")
    try:
        yield shelf
    finally:
        await shelf.aclose()


@asynccontextmanager
async def opened_calls(place: Path | str) -> AsyncIterator[CallLog]:
    """The log of calls in a SQLite file that nobody else has open, or in a database. Raises SetupProblem."""
    store: SqliteStore | PostgresStore
    if isinstance(place, Path):
        from service.store.sqlite import SqliteStore  # noqa: PLC0415 - the Python door may use memory alone

        store = await SqliteStore.open(place)
    else:
        from service.store.postgres import PostgresStore  # noqa: PLC0415 - an extra

        store = await PostgresStore.open(place)
    try:
        yield CallLog(store)
    finally:
        await store.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a server and its workers share."""

    store: Store
    jobs: Jobs
    uploads: Uploads
    calls: CallLog
    spending: Spending
    rates: Rates | None = None  # limits that all machines share; None: of this process alone
    seal: Seal = NO_SEAL
    scratch: Path | None = None  # for what must not outlive the process; None: where the system keeps such things
    owned: bool = True  # the uploads are this house's alone, so that those that no Job names are nobody's


def seal_of(settings: Settings) -> Seal:
    """What the service shuts what it keeps with. Raises SetupProblem(encryption_key_invalid)."""
    text = settings.encryption_key
    if settings.encryption_key_file is not None:
        try:
            text = settings.encryption_key_file.read_text("ascii", "replace")
        except OSError as error:
            raise SetupProblem("encryption_key_invalid", f"{settings.encryption_key_file}: {error.strerror}") from None
    if text is None:
        return NO_SEAL
    from service.ring import ring_of  # noqa: PLC0415 - only where something is encrypted

    return ring_of(text)


@asynccontextmanager
async def opened_house(
    folder: Path, database: str | None = None, uploads: str | Path | None = None, seal: Seal = NO_SEAL
) -> AsyncIterator[House]:
    """Jobs, their Store and their uploads: in one SQLite file for this process alone, or in a PostgreSQL database.

    `folder` holds the file, what is on its way, and the uploads where no other folder and no s3://… is named for them.
    Raises SetupProblem(store_locked, store_failed, extra_missing, encryption_key_missing) and what Uploads raise.
    """
    async with AsyncExitStack() as stack:
        store, jobs, rates = await stack.enter_async_context(opened_jobs(folder, database, seal))
        kept, scratch = _uploads(folder, str(uploads or folder / "uploads"), seal, stack)
        yield House(
            store=store,
            jobs=jobs,
            uploads=kept,
            calls=CallLog(store),
            spending=Spending(store),
            rates=rates,
            seal=seal,
            scratch=scratch,
            owned=await _owned(jobs, kept),
        )


def _uploads(folder: Path, place: str, seal: Seal, stack: AsyncExitStack) -> tuple[Uploads, Path | None]:
    """The Uploads at a place; and where a Spool is, which is needed where they can not be read as they lie."""
    from service.uploads.disk import DiskUploads  # noqa: PLC0415 - only the service keeps uploads
    from service.uploads.spool import Spool  # noqa: PLC0415 - as above

    far = place.startswith("s3:")
    if not far and not seal.ids:
        return DiskUploads(Path(place)), None
    spool = Spool(folder / "spool")
    stack.callback(spool.close)
    if not far:
        return DiskUploads(Path(place), spool, seal), spool.folder
    from service.uploads.s3 import Bucket, S3Uploads  # noqa: PLC0415 - an extra

    return S3Uploads(Bucket.of(place), spool, seal), spool.folder


async def _owned(jobs: Jobs, uploads: Uploads) -> bool:
    """Whether the uploads belong to these Jobs; a place that nobody has used becomes theirs."""
    mine = await jobs.once("owner", "", "uploads", {"id": uuid4().hex})
    return bool(await uploads.owner(mine["id"]) == mine["id"])


async def _keyed(jobs: Jobs, seal: Seal) -> None:
    """Let names be made with the secret that these Jobs keep, shut. Raises SetupProblem(encryption_key_missing)."""
    place = ("seal", "", "names")
    kept = await jobs.records(*place)
    if not kept and seal.ids:
        kept = [await jobs.once(*place, {"shut": shut_text(seal, token_hex(32), "names")})]
    for record in kept:
        names = open_text(seal, record["shut"], "names")
        seal.adopt(names)
        if shut_with(record["shut"]) != seal.ids[0]:  # the older key may go once nothing else needs it
            await jobs.put(*place, {"shut": shut_text(seal, names, "names")})


@asynccontextmanager
async def opened_jobs(
    folder: Path, database: str | None = None, seal: Seal = NO_SEAL
) -> AsyncIterator[tuple[Kept, Jobs, Rates | None]]:
    """Jobs and their Store, without uploads.

    Raises SetupProblem(store_locked, store_failed, extra_missing, encryption_key_missing).
    """
    async with _database(database, seal) if database else _file(folder, seal) as opened:
        await _keyed(opened[1], seal)
        yield opened


@asynccontextmanager
async def _file(folder: Path, seal: Seal) -> AsyncIterator[tuple[Kept, Jobs, Rates | None]]:
    from service.jobs.sql import SqlJobs  # noqa: PLC0415 - only the service has Jobs
    from service.store.sqlite import SqliteStore  # noqa: PLC0415 - as above

    store = await SqliteStore.open(folder / "service.sqlite", seal, patience=float("inf"))
    jobs = SqlJobs(store)
    try:
        await jobs.orphan()
        yield store, jobs, None
    finally:
        await jobs.aclose()
        await store.aclose()


@asynccontextmanager
async def _database(address: str, seal: Seal) -> AsyncIterator[tuple[Kept, Jobs, Rates | None]]:
    from service.jobs.postgres_news import PostgresNews  # noqa: PLC0415 - an extra
    from service.jobs.sql import SqlJobs  # noqa: PLC0415 - only the service has Jobs
    from service.store.postgres import PostgresStore  # noqa: PLC0415 - an extra
    from service.store.postgres_rate import PostgresRate  # noqa: PLC0415 - an extra

    store = await PostgresStore.open(address, seal=seal)
    jobs = SqlJobs(store, PostgresNews(address))
    try:
        yield store, jobs, partial(PostgresRate, store)
    finally:
        await jobs.aclose()
        await store.aclose()
