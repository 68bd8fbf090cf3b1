"""What is known of hosted models without asking anyone."""

from __future__ import annotations

import pytest

from thresher.schemas.question import Message, Question
from thresher.service.llm.model_catalog import facts_of, needs_cache_marks, schema_mode_of, tariff_of
from thresher.service.llm.providers.litellm_transport import body
from thresher.service.llm.providers.remote import Remote


def test_a_known_model() -> None:
    """Its window, its longest answer and its prices come from litellm's bundled table."""
    facts = facts_of("openai/gpt-4o-mini")
    assert (facts.window, facts.most_answer, facts.tokenizer) == (128_000, 16_384, "o200k_base")
    assert facts.usd_prompt is not None
    assert schema_mode_of("openai/gpt-4o-mini") == "json_schema"
    assert schema_mode_of("openai/gpt-4") == "tools"


def test_an_unknown_model() -> None:
    """Sane guesses, and no price: an unknown price is never nought. Another provider's price is not borrowed."""
    for name in ("openai/my-own", "hosted_vllm/gpt-4o", ""):
        assert tariff_of(name) is None
        assert facts_of(name).usd_prompt is None
        assert facts_of(name).window >= 8_192
        assert schema_mode_of(name) == "json_schema"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("anthropic/claude-sonnet-4-5", True),
        ("bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("vertex_ai/claude-sonnet-4-5", True),
        ("openrouter/anthropic/claude-sonnet-4", True),
        ("openai/gpt-4o-mini", False),
        ("azure/gpt-4o", False),
        ("gemini/gemini-2.5-pro", False),
        ("vertex_ai/gemini-2.5-pro", False),
        ("ollama_chat/qwen3", False),
        ("hosted_vllm/some-model", False),
    ],
)
def test_who_wants_marks(name: str, wanted: bool) -> None:  # noqa: FBT001 - a column of the table above
    """By the bundled table; a model that caches by itself, or not at all, gets plain messages."""
    messages = (Message(role="system", content="Rules."), Message(role="user", content="Text."))
    question = Question(prompt="p", fingerprint="f", messages=messages, schema=None, answer_tokens=5)
    assert needs_cache_marks(name) is wanted
    system, user = body(Remote(model=name), question)["messages"]
    assert ("cache_control" in str(system), "cache_control" in str(user)) == (wanted, False)
