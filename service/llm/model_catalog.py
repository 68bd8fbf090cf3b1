"""Look up facts of hosted models in litellm's bundled table, read without importing litellm."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from thresher.schemas.question import ModelFacts
from thresher.service.llm.prices import Tariff
from thresher.service.llm.structured_output import Mode

PRICE_TABLE_FILE = "model_prices_and_context_window_backup.json"
DEFAULT_WINDOW_TOKENS = 32_768  # tokens; what current local servers are usually started with at least
DEFAULT_ANSWER_TOKENS = 4_096
OLLAMA = ("ollama", "ollama_chat")
SILENTLY_TRUNCATING_PROVIDERS = (
    *OLLAMA,
    "lm_studio",
    "llamafile",
    "xinference",
    "vllm",
    "hosted_vllm",
)  # servers of one's own
LONG_PROMPT_SUFFIX = "_above_200k_tokens"
AUTOMATIC_CACHE_PROVIDERS = ("openai", "azure", "azure_ai")
OLD_TOKENIZERS = ("gpt-4-", "gpt-3.5", "gpt-4,")  # o200k_base is the rule since gpt-4o


def facts_of(model: str) -> ModelFacts:
    """Return window, longest answer, tokenizer and prices of a litellm model string; guesses where unknown."""
    row = catalog_row(model)
    window = _whole(row.get("max_input_tokens") or row.get("max_tokens"), DEFAULT_WINDOW_TOKENS)
    answer = _whole(row.get("max_output_tokens") or row.get("max_tokens"), DEFAULT_ANSWER_TOKENS)
    tariff = tariff_of(model)
    return ModelFacts(
        window=window,
        most_answer=min(answer, window // 2),
        tokenizer=_tokenizer(model),
        usd_prompt=tariff.prompt if tariff else None,
        usd_answer=tariff.answer if tariff else None,
        sees=bool(row.get("supports_vision")),
    )


def tariff_of(model: str) -> Tariff | None:
    """Return the bundled prices of a model; None where they are unknown."""
    row = catalog_row(model)
    prompt, answer = row.get("input_cost_per_token"), row.get("output_cost_per_token")
    if prompt is None or answer is None:
        return None
    long_prompt, long_answer = (
        row.get(f"input_cost_per_token{LONG_PROMPT_SUFFIX}"),
        row.get(f"output_cost_per_token{LONG_PROMPT_SUFFIX}"),
    )
    return Tariff(
        prompt=prompt,
        answer=answer,
        cached=row.get("cache_read_input_token_cost"),
        written=row.get("cache_creation_input_token_cost"),
        long_from=None if long_prompt is None else 200_000,
        long_prompt=long_prompt or 0.0,
        long_answer=answer if long_answer is None else long_answer,
    )


def schema_mode_of(model: str) -> Mode:
    """Choose how to ask for a schema. JSON Schema where the table says nothing: most local servers take one."""
    row = catalog_row(model)
    if row.get("supports_response_schema") or not row.get("supports_function_calling"):
        return "json_schema"
    return "tools"


def needs_cache_marks(model: str) -> bool:
    """Whether a provider caches the prefix of a prompt only where it is marked: writing it then has a price of its own.

    OpenAI and Azure cache by themselves. For Gemini a mark would make litellm ask for a cache by a call of its own.

    >>> needs_cache_marks("anthropic/claude-sonnet-4-5"), needs_cache_marks("openai/gpt-4o"), needs_cache_marks("gemini/gemini-2.5-pro")
    (True, False, False)
    """
    name, row = model.lower(), catalog_row(model)
    if "claude" in name:
        return True
    if provider_of(model) in AUTOMATIC_CACHE_PROVIDERS or "gemini" in name:
        return False
    return bool(row.get("supports_prompt_caching") and row.get("cache_creation_input_token_cost"))


def may_truncate_prompts(model: str, api_base: str | None) -> bool:
    """Whether a model's server may cut prompts in silence: the user's own server, or an unknown one.

    >>> may_truncate_prompts("openai/gpt-4o", None), may_truncate_prompts("openai/gpt-4o", "http://127.0.0.1:8080/v1"), may_truncate_prompts("ollama/qwen3", None)
    (False, True, True)
    """
    return bool(api_base) or provider_of(model) in SILENTLY_TRUNCATING_PROVIDERS or not catalog_row(model)


def provider_of(model: str) -> str:
    """Return the provider whose limits a model's calls count against.

    >>> provider_of("anthropic/claude-sonnet-4-5"), provider_of("gpt-4o-mini"), provider_of("groq/openai/gpt-oss-20b")
    ('anthropic', 'openai', 'groq')
    """
    name, slash, _ = model.partition("/")
    return name if slash else str(catalog_row(model).get("litellm_provider") or name)


def catalog_row(model: str) -> dict[str, Any]:
    """Return the table's row of a model: of the full name, or of the name without its own provider; else {}."""
    table = _table()
    provider, _, name = model.partition("/")
    short = table.get(name) or {}
    return table.get(model) or (short if short.get("litellm_provider") == provider else {})


def _tokenizer(model: str) -> str:
    """Return a name for thresher.chunkers.tokens; o200k_base is near enough to plan with for other families."""
    name = model.rpartition("/")[2] + ","
    return "cl100k_base" if name.startswith(OLD_TOKENIZERS) and "gpt-4-1" not in name else "o200k_base"


def _whole(value: Any, otherwise: int) -> int:
    """Return a count from the table, or `otherwise` where it is text or not positive."""
    return int(value) if isinstance(value, int | float) and value > 0 else otherwise


@cache
def _table() -> dict[str, dict[str, Any]]:
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    path = Path(spec.origin).with_name(PRICE_TABLE_FILE)
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}
