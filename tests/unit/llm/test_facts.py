"""What is known of hosted models without asking anyone."""

from __future__ import annotations

from service.llm.facts import facts_of, mode_of, tariff_of


def test_a_known_model() -> None:
    """Its window, its longest answer and its prices come from litellm's bundled table."""
    facts = facts_of("openai/gpt-4o-mini")
    assert (facts.window, facts.most_answer, facts.tokenizer) == (128_000, 16_384, "o200k_base")
    assert facts.usd_prompt is not None
    assert mode_of("openai/gpt-4o-mini") == "json_schema"
    assert mode_of("openai/gpt-4") == "tools"


def test_an_unknown_model() -> None:
    """Sane guesses, and no price: an unknown price is never nought. Another provider's price is not borrowed."""
    for name in ("openai/my-own", "hosted_vllm/gpt-4o", ""):
        assert tariff_of(name) is None
        assert facts_of(name).usd_prompt is None
        assert facts_of(name).window >= 8_192
        assert mode_of(name) == "json_schema"
