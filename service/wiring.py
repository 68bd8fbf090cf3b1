"""Choose concrete classes, here and nowhere else: from a Policy and the operator's Settings to the parts of a run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.chunkers.tokens import counter
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.nearest_name import suggestion
from thresher.schemas.policy import Policy
from thresher.schemas.question import DialectName
from thresher.service.llm.client import ModelClient
from thresher.service.llm.model_catalog import (
    catalog_row,
    facts_of,
    may_truncate_prompts,
    provider_of,
    schema_mode_of,
    tariff_of,
)
from thresher.service.llm.policy_options import check_options
from thresher.service.llm.prices import Budget, Tariff
from thresher.service.llm.providers.embedded.embedded_transport import EmbeddedTransport, facts, identity, known_setup
from thresher.service.llm.providers.embedded.model_weights import KNOWN
from thresher.service.llm.providers.embeddings import spoken, text_of_vectors
from thresher.service.llm.rate_limiting import Limits, LocalLimits, ProviderLimiter
from thresher.service.llm.retrying import Backoff
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.llm.transport import Records, Transport
from thresher.service.settings import Provider, Settings
from thresher.service.storage.answers.base import DurableStore
from thresher.service.storage.answers.session import Transactions
from thresher.service.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from thresher.service.llm.providers.remote import Remote

log = logging.getLogger(__name__)

FREE_TARIFF = Tariff(prompt=0.0, answer=0.0)
DEFAULT_MODEL = "embedded"
TOKENIZER = "o200k_base"  # of most models
NO_KEY = "none"  # sent to a server that needs no key, so that no other server's key is
DIALECTS: dict[
    str, DialectName
] = {  # what of JSON Schema a provider takes when it constrains an answer; others take it as it is
    "openai": "openai_strict",
    "azure": "openai_strict",
    "gemini": "gemini",
    "vertex_ai": "gemini",
    "anthropic": "anthropic",
    "bedrock": "anthropic",
}
BATCH_PROVIDERS = ("openai", "anthropic")  # providers whose batch API is supported
DIALECT_BY_FAMILY: dict[str, DialectName] = {
    "claude": "anthropic",
    "gemini": "gemini",
}  # the same models, offered by other providers
LOCAL_WINDOW_TOKENS = 16_384  # tokens of prompt and answer for a GGUF file of the user's own
EMBEDDED_MODELS = {"embedded": "smollm2", **{f"embedded/{name}": name for name in KNOWN}}


def model_name(policy: Policy, settings: Settings) -> str:
    """Return the Policy's model, else the environment's, else the embedded one."""
    return policy.model or settings.model or DEFAULT_MODEL


def endpoint_of(name: str, policy: Policy, settings: Settings) -> Endpoint:
    """Return the Endpoint of a model, by its name. Nothing is loaded or imported before the first question."""
    if name in EMBEDDED_MODELS:
        weights = KNOWN[EMBEDDED_MODELS[name]]
        setup = partial(known_setup, weights.name, weights_folder(settings))
        return Endpoint(
            name=name, wire=EmbeddedTransport(setup), identity=identity(weights), facts=facts(), tariff=FREE_TARIFF
        )
    if name.startswith("local:"):
        return _local(name, settings)
    if name.startswith("scripted:"):
        return _scripted(name, policy)
    return _remote(name, policy, settings)


def _local(name: str, settings: Settings) -> Endpoint:
    from thresher.service.llm.providers.embedded.engine import Setup  # noqa: PLC0415 - only for local models

    path = _local_path(name.removeprefix("local:"), settings)
    wire = EmbeddedTransport(lambda: Setup(weights=path, window=LOCAL_WINDOW_TOKENS))
    free = replace(facts(LOCAL_WINDOW_TOKENS), style="free", dialect="llama")  # a model of the user's own may write
    return Endpoint(name=name, wire=wire, identity=identity(path), facts=free, tariff=FREE_TARIFF)


def _local_path(given: str, settings: Settings) -> Path:
    """Return the file that was pulled under a name, else the one at a path. Raises InputProblem(file_not_found)."""
    from thresher.service.llm.providers.embedded.hub_weights import path_of  # noqa: PLC0415 - only for local models

    pulled, path = path_of(given, weights_folder(settings)), Path(given).expanduser()
    found = next((p for p in (pulled, path) if p is not None and p.is_file()), None)
    if found is None:
        raise InputProblem(
            "file_not_found", f"no weights at {path}" + (f", nor pulled as hf:{given}" if pulled else "")
        )
    return found


def _scripted(name: str, policy: Policy) -> Endpoint:
    from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport, load_script, script_identity  # noqa: PLC0415 - only for tests

    path = Path(name.removeprefix("scripted:"))
    table, latency = load_script(path)
    tariff = Tariff.of(policy.prices) if policy.prices else FREE_TARIFF
    return Endpoint(
        name=name, wire=ScriptedTransport(table, latency), identity=script_identity(path), facts=FACTS, tariff=tariff
    )


def _remote(name: str, policy: Policy, settings: Settings) -> Endpoint:
    from thresher.service.llm.providers.hosted import transport_to  # noqa: PLC0415 - only for hosted models

    remote = _reached(name, policy, settings)
    tariff = Tariff.of(policy.prices) if policy.prices else tariff_of(remote.model)
    wire = transport_to(remote)
    return Endpoint(
        name=name,
        wire=wire,
        identity=remote.identity,
        facts=replace(facts_of(remote.model), dialect=_dialect_of(remote.model)),
        tariff=tariff,
        cuts=may_truncate_prompts(remote.model, remote.api_base),
    )


def _dialect_of(name: str) -> DialectName:
    """Return the dialect of a model's family, whoever offers it, else that of its provider."""
    by_family = (dialect for family, dialect in DIALECT_BY_FAMILY.items() if family in name)
    return next(by_family, DIALECTS.get(provider_of(name), "plain"))


def _reached(name: str, policy: Policy, settings: Settings) -> Remote:
    from thresher.service.llm.providers.remote import Remote  # noqa: PLC0415 - only for hosted models

    check_options(policy.model_options)
    model, address, key = _address_of(name, settings)
    if address and not address.startswith(("http://", "https://")):
        about = f"the model's address (base_url, THRESHER_API_BASE) begins with http:// or https://, not as {address!r}"
        raise SetupProblem("setting_invalid", about)
    return Remote(
        model=model,
        mode=schema_mode_of(model),
        api_base=address,
        api_key=key,
        timeout=policy.timeout,
        options=policy.model_options,
    )


def _address_of(name: str, settings: Settings) -> tuple[str, str | None, str | None]:
    """Return a model as litellm names it, with address and key, of the server that is named or of all others.

    Raises InputProblem(policy_invalid) for a model that its server does not have, SetupProblem(key_missing).
    """
    provider, model = _provider_of(name, settings)
    if provider is None:
        return name, settings.api_base, settings.api_key
    if provider.models and model not in provider.models:
        some = f"one of {', '.join(provider.models)}{suggestion(model, provider.models)}"
        raise InputProblem("policy_invalid", f"model: {provider.name} has no {model}, {some}")
    key = settings.api_key or provider.key  # one that is given in Python is for the model that is named there
    if provider.key_variable and not key:
        raise SetupProblem("key_missing", f"{name}: set {provider.key_variable}")
    return f"{provider.protocol}/{model}", provider.base_url, key or NO_KEY


def _provider_of(name: str, settings: Settings) -> tuple[Provider | None, str]:
    """Return the named provider of a model, None where none is named so, and what follows its name."""
    first, _, model = name.partition("/")
    return next((p for p in settings.providers if p.name == first and model), None), model


def _batches(name: str, policy: Policy, settings: Settings, book: Transactions | None) -> Transport:
    """Return the Transport in which Calls wait for a batch. Raises InputProblem(policy_invalid)."""
    if book is None:
        raise InputProblem("policy_invalid", "batch: a store is needed in which batches are found again")
    if provider_of(name) not in BATCH_PROVIDERS:
        raise InputProblem("policy_invalid", f"batch: only for models of {' and '.join(BATCH_PROVIDERS)}, not {name}")
    from thresher.service.llm.batch.base import BatchTiming  # noqa: PLC0415 - only for batches
    from thresher.service.llm.batch.pending_transport import PendingTransport  # noqa: PLC0415 - as above
    from thresher.service.storage.answers.batches import SqlBatchLedger  # noqa: PLC0415 - as above

    return PendingTransport(_reached(name, policy, settings), SqlBatchLedger(book), BatchTiming(wait=policy.batch_wait))


def weights_folder(settings: Settings) -> Path:
    """Return the folder of weights."""
    return settings.home / "models"


def check_weights(name: str, settings: Settings) -> None:
    """Check that an embedded model's weights are here. Raises SetupProblem(weights_missing)."""
    if name in EMBEDDED_MODELS:
        weights = KNOWN[EMBEDDED_MODELS[name]]
        path = weights_folder(settings) / weights.file
        if not path.is_file():
            raise SetupProblem("weights_missing", f"{weights.name} ({path})")


def missing_keys(name: str, settings: Settings) -> tuple[str, ...]:
    """Return variables for a hosted model's key, if none of them is set. Other ways exist, as a role of the machine.

    A server of one's own (THRESHER_API_BASE) needs no key. Blocks for 2 to 3 seconds, once a process, for other providers
    than OpenAI.
    """
    if name in EMBEDDED_MODELS or name.startswith(("local:", "scripted:")):
        return ()
    provider, _ = _provider_of(name, settings)
    if provider is not None:
        return (provider.key_variable,) if provider.key_variable and not provider.key else ()
    if settings.api_base:
        return ()
    from thresher.service.llm.providers.hosted import missing_keys  # noqa: PLC0415 - only for hosted models

    return missing_keys(name)


def model_of(
    policy: Policy,
    settings: Settings,
    store: Records,
    limits: Limits | None = None,
    book: Transactions | None = None,
    allowed: Callable[[], Awaitable[None]] | None = None,
) -> ModelClient:
    """Return the Model of a run with every wrapper around it; its answers go to `store`.

    `limits`: shared with other runs; `book`: where batches are recorded, in the database of the answers; `allowed`: awaited
    before every call.
    """
    name = model_name(policy, settings)
    end = endpoint_of(name, policy, settings)
    end = replace(end, facts=replace(end.facts, weights=str(weights_folder(settings))))
    if policy.batch:
        end = replace(end, batch=_batches(name, policy, settings, book))
    if policy.read.ocr == "vision" and end.facts.style == "candidates":
        raise InputProblem(
            "policy_invalid", f"--ocr vision needs a model that sees, {name} does not: name one with --model"
        )
    if policy.ranking == "embeddings" and end.facts.style == "candidates":
        raise InputProblem("policy_invalid", f"ranking: {name} reads every text whole and ranks nothing by embeddings")
    limits = limits or LocalLimits()
    shared = SharedServices(
        records=store,
        budget=Budget(policy.max_cost),
        backoff=Backoff(retries=policy.retries),
        allowed=allowed,
        count=counter(end.facts.tokenizer),
    )
    asking = build_model(end, _gate(name, policy, limits), shared)
    if policy.ranking != "embeddings":
        return asking
    near = _embedding_end(policy, settings)
    return replace(asking, beside=build_model(near, _gate(near.name, policy, limits), shared))


def _gate(name: str, policy: Policy, limits: Limits) -> ProviderLimiter:
    return ProviderLimiter(
        name=name,
        concurrency=policy.concurrency,
        requests=limits.rate(f"{name} requests", policy.requests_per_minute) if policy.requests_per_minute else None,
        tokens=limits.rate(f"{name} tokens", policy.tokens_per_minute) if policy.tokens_per_minute else None,
        shared=limits.places(name, policy.shared_concurrency),
    )


def _embedding_end(policy: Policy, settings: Settings) -> Endpoint:
    """Return the Endpoint of the embedding model."""
    from thresher.service.llm.providers.litellm_transport import LitellmTransport  # noqa: PLC0415 - only for hosted models
    from thresher.service.llm.providers.remote import Remote  # noqa: PLC0415 - only for hosted models

    name = policy.embedding_model
    if name is None:
        raise InputProblem("policy_invalid", "ranking: embeddings need an embedding_model")
    is_same = settings.embedding_api_base is None and provider_of(name) == provider_of(model_name(policy, settings))
    there = replace(settings, api_base=settings.embedding_api_base or settings.api_base)
    model, address, key = _address_of(name, there if is_same else replace(there, api_key=None))
    remote = Remote(model=model, api_base=address, api_key=key, timeout=policy.timeout)
    known = catalog_row(model).get("input_cost_per_token")
    price = known if policy.embedding_price is None else policy.embedding_price / 1e6
    return Endpoint(
        name=name,
        wire=LitellmTransport(remote, speak=spoken),
        identity=f"embed\n{remote.identity}",
        facts=facts_of(model),
        tariff=None if price is None else Tariff(prompt=price, answer=0.0),
        read=text_of_vectors,
    )


def load_vocabulary() -> None:
    """Load the vocabulary of most models' tokenizer, which is large, before it is needed; blocks."""
    counter(TOKENIZER)("")


def tracer_of(settings: Settings) -> Tracer | None:
    """Return where spans go; None where no address for traces is set, or the extra `otel` is not installed."""
    if not settings.traces:
        return None
    try:
        from thresher.service.telemetry.otel import Otel  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        log.warning(
            "no traces: pip install 'thresher[otel]'", extra={"action": "traces.extra_missing", "why": error.name}
        )
        return None
    return Otel()


def _log_waiting(_: Path) -> None:
    log.warning("another run uses this folder; waiting", extra={"action": "store.waiting", "why": "locked"})


@asynccontextmanager
async def opened_store(folder: Path, waiting: Callable[[Path], None] = _log_waiting) -> AsyncIterator[DurableStore]:
    """Open the answer store of a run's folder: shared in this event loop, and waited for while another process has it.

    `waiting` is called once with the folder where it has to wait. Raises SetupProblem(store_failed).
    """
    hidden = folder / ".thresher"
    if link := next((p for p in (hidden, hidden / "store.sqlite") if p.is_symlink()), None):
        raise SetupProblem("store_failed", f"{link} is a link, which is not followed: others may have put it there")
    hidden.mkdir(parents=True, exist_ok=True, mode=0o700)
    hidden.chmod(0o700)
    from thresher.service.storage.answers.sharing import shared_store  # noqa: PLC0415 - the Python door may use memory alone

    file = await asyncio.to_thread((hidden / "store.sqlite").absolute)
    async with shared_store(file, lambda: waiting(folder)) as store:
        yield store
