"""Report model calls as log lines, and as spans named by OpenTelemetry's GenAI conventions (1.42).

None of it holds a prompt or an answer: names, counts, prices, and the key under which the answer is stored.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Any

from thresher.schemas.extraction import Attempt
from thresher.service.llm.response_parsing import tokens_of
from thresher.service.llm.transport import Answer, Call
from thresher.service.telemetry import metrics, tracing

log = logging.getLogger(__name__)

PROVIDERS = {  # the conventions' words for what litellm calls otherwise
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
CALL_ID_DIGITS = 16  # digits of an answer's key that name a call
_FIELDS = ("model", "prompt", "purpose", "finish", "prompt_tokens", "answer_tokens", "cached_tokens", "usd", "seconds")


def call_id(key: str) -> str:
    """Return the id of a call in logs and traces: the first characters of its answer's key."""
    return key[:CALL_ID_DIGITS]


def log_call(attempt: Attempt) -> None:
    """Log and count a call that was made, failed, or was answered from the store."""
    metrics.count_call(attempt)
    if not log.isEnabledFor(logging.INFO):
        return
    facts: dict[str, Any] = {"call": call_id(attempt.key), **attempt.model_dump(include=set(_FIELDS))}
    facts["usd"] = attempt.usd and round(attempt.usd, 9)
    if attempt.error:
        log.info("call failed", extra={"action": "call.failed", "code": attempt.code, **facts})
    else:
        action = "call.stored" if attempt.stored else "call.made"
        log.info("call", extra={"action": action, **facts})


def call_span(call: Call) -> AbstractContextManager[tracing.Span]:
    """Return the span of one call, as a client of a provider."""
    if not tracing.is_enabled():
        return tracing.NO_SPAN
    provider, model = provider_and_model(call.model)
    facts: dict[str, tracing.Fact] = {
        "gen_ai.operation.name": "embeddings" if call.question.purpose == "embed" else "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": call.question.answer_tokens,
        "gen_ai.request.temperature": call.question.temperature,
        "gen_ai.output.type": "text" if call.question.schema is None else "json",
    }
    return tracing.span(f"chat {model}", {**facts, **_own(call)}, kind="client")


def answer_attributes(answer: Answer) -> dict[str, tracing.Fact]:
    """Return the span's attributes that are known once a call is answered."""
    response = answer.response
    prompt, told, cached = tokens_of(response)
    facts: dict[str, tracing.Fact] = {
        "gen_ai.usage.input_tokens": prompt,
        "gen_ai.usage.output_tokens": told,
        "gen_ai.usage.cache_read.input_tokens": cached,
        "gen_ai.response.finish_reasons": [str(c.get("finish_reason")) for c in response.get("choices") or ()],
    }
    named_too = {"gen_ai.response.model": response.get("model"), "gen_ai.response.id": response.get("id")}
    facts |= {k: str(v) for k, v in named_too.items() if v}
    return facts if answer.usd is None else {**facts, "thresher.usd": answer.usd}


def trace_stored_answer(call: Call) -> None:
    """Record a span without length or usage for an answer from the store: no call was made."""
    if tracing.is_enabled():
        with tracing.span("stored answer", {"thresher.stored": True, **_own(call)}):
            pass


def provider_and_model(model: str) -> tuple[str, str]:
    """Return (provider, model) as the conventions name them.

    >>> provider_and_model("openai/gpt-4o-mini"), provider_and_model("vertex_ai/gemini-2.5-pro"), provider_and_model("local:/models/a.gguf"), provider_and_model("embedded")
    (('openai', 'gpt-4o-mini'), ('gcp.vertex_ai', 'gemini-2.5-pro'), ('local', 'a.gguf'), ('embedded', 'embedded'))
    """
    for kind in ("local", "scripted"):
        if model.startswith(f"{kind}:"):
            return kind, model.rpartition("/")[2]
    provider, slash, name = model.partition("/")
    if not slash:
        from thresher.service.llm.model_catalog import provider_of  # noqa: PLC0415 - the table of all models, only for a bare name

        provider, name = provider_of(model), model
    return PROVIDERS.get(provider, provider), name


def _own(call: Call) -> dict[str, tracing.Fact]:
    return {
        "thresher.call": call_id(call.key),
        "thresher.prompt": call.question.prompt,
        "thresher.purpose": call.question.purpose,
    }
