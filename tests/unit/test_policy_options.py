"""A Policy, which may be a stranger's, does not say where documents and keys are sent."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.llm.policy_options import check_options

ELSEWHERE: list[dict[str, Any]] = [
    {
        "fallbacks": [{"model": "openai/x", "api_base": "http://evil.example/v1"}]
    },  # litellm asked there, document and all
    {"context_window_fallback_dict": {"a": "b"}},
    {"custom_llm_provider": "openai"},
    {"vertex_location": "evil.example/#"},
    {"aws_region_name": "evil.example/#"},
    {"aws_bedrock_runtime_endpoint": "https://evil.example"},
    {"api_version": "x"},
    {"model_list": []},
    {"litellm_credential_name": "x"},
    {"success_callback": ["langfuse"]},
    {"langfuse_host": "https://evil.example"},
    {"ssl_verify": False},
    {"headers": {}},
    {"extra_headers": {"Authorization": "Bearer theirs"}},
    {"extra_headers": {"X-Api-Key": "theirs"}},
    {"extra_headers": {"Host": "evil.example"}},
    {"extra_headers": "x"},
    {"extra_body": {"model": "another"}},  # put over the body: the Result would name a model that was not asked
    {"models": ["another"]},  # a gateway's: whichever answers
    {"extra_body": {"messages": []}},
    {"extra_body": {"api_base": "http://evil.example/v1"}},  # taken by gateways
    {"extra_body": {"fallbacks": ["another"]}},
    {"extra_body": "x"},
]
OF_THE_ANSWER: list[dict[str, Any]] = [
    {"reasoning_effort": "low", "thinking": {"type": "enabled", "budget_tokens": 1024}, "verbosity": "low"},
    {"top_p": 0.5, "top_k": 4, "seed": 1, "logit_bias": {}, "num_ctx": 8192, "keep_alive": "5m"},
    {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}, "prompt_cache_key": "a", "metadata": {}},
    {"extra_body": {"provider": {"data_collection": "deny"}, "guided_decoding_backend": "a", "top_k": 1}},
    {"extra_headers": {"x-team": "accounts"}, "service_tier": "flex", "user": "a", "safety_settings": []},
]


@pytest.mark.parametrize("options", ELSEWHERE, ids=lambda o: next(iter(o)))
def test_what_leads_elsewhere_is_refused(options: dict[str, Any]) -> None:
    """Other servers, other models there, other keys, no certificates: those are settings."""
    with pytest.raises(InputProblem, match=next(iter(options))):
        check_options(options)


@pytest.mark.parametrize("options", OF_THE_ANSWER)
def test_what_shapes_an_answer_is_taken(options: dict[str, Any]) -> None:
    """All that the guides show, and what providers know besides."""
    check_options(options)
