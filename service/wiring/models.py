"""Choose the Model of a run: an Endpoint with limits, batches and the store of answers around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from thresher.chunkers.tokens import counter
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy
from thresher.service.llm.client import ModelClient
from thresher.service.llm.model_catalog import catalog_row, facts_of, provider_of
from thresher.service.llm.prices import Budget, Tariff
from thresher.service.llm.providers.embeddings import spoken, text_of_vectors
from thresher.service.llm.rate_limiting import Limits, LocalLimits, ProviderLimiter
from thresher.service.llm.retrying import Backoff
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.llm.transport import Records, Transport
from thresher.service.settings import Settings
from thresher.service.storage.answers.session import Transactions
from thresher.service.wiring.endpoints import address_of, endpoint_of, model_name, remote_of, weights_folder

TOKENIZER = "o200k_base"  # of most models
BATCH_PROVIDERS = ("openai", "anthropic")  # providers whose batch API is supported


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
    _check_able(policy, end)
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


def _check_able(policy: Policy, end: Endpoint) -> None:
    """Check that a model can do what the Policy wants of it. Raises InputProblem(policy_invalid)."""
    if end.facts.style != "candidates":
        return
    if policy.read.ocr == "vision":
        about = f"--ocr vision needs a model that sees, {end.name} does not: name one with --model"
        raise InputProblem("policy_invalid", about)
    if policy.ranking == "embeddings":
        about = f"ranking: {end.name} reads every text whole and ranks nothing by embeddings"
        raise InputProblem("policy_invalid", about)


def _gate(name: str, policy: Policy, limits: Limits) -> ProviderLimiter:
    """Return what calls of one model wait at: its limits by minute, and how many may run at once."""
    return ProviderLimiter(
        name=name,
        concurrency=policy.concurrency,
        requests=limits.rate(f"{name} requests", policy.requests_per_minute) if policy.requests_per_minute else None,
        tokens=limits.rate(f"{name} tokens", policy.tokens_per_minute) if policy.tokens_per_minute else None,
        shared=limits.places(name, policy.shared_concurrency),
    )


def _batches(name: str, policy: Policy, settings: Settings, book: Transactions | None) -> Transport:
    """Return the Transport in which Calls wait for a batch. Raises InputProblem(policy_invalid)."""
    if book is None:
        raise InputProblem("policy_invalid", "batch: a store is needed in which batches are found again")
    if provider_of(name) not in BATCH_PROVIDERS:
        raise InputProblem("policy_invalid", f"batch: only for models of {' and '.join(BATCH_PROVIDERS)}, not {name}")
    from thresher.service.llm.batch.base import BatchTiming  # noqa: PLC0415 - only for batches
    from thresher.service.llm.batch.pending_transport import PendingTransport  # noqa: PLC0415 - as above
    from thresher.service.storage.answers.batches import SqlBatchLedger  # noqa: PLC0415 - as above

    return PendingTransport(
        remote_of(name, policy, settings), SqlBatchLedger(book), BatchTiming(wait=policy.batch_wait)
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
    model, address, key = address_of(name, there if is_same else replace(there, api_key=None))
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
