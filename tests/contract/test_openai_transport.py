"""What goes to OpenAI's protocol by httpx is what litellm would send and say, for every model of its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.question import Message, Question
from thresher.service.llm import structured_output
from thresher.service.llm.model_catalog import schema_mode_of
from thresher.service.llm.providers import instructor_forms
from thresher.service.llm.providers.litellm_errors import kind_of as litellm_kind
from thresher.service.llm.providers.litellm_transport import ready
from thresher.service.llm.providers.openai_transport import body, kind_of, speaks_openai
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.structured_output import Mode

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
QUESTION = Question(
    prompt="p", fingerprint="f", messages=(Message(role="user", content="x"),), schema=SCHEMA, answer_tokens=77
)
NOT_COMPARED = (
    "model",
    "messages",
    "stream",
    "extra_body",
    "reasoning_effort",
)  # litellm drops some efforts in silence
FAILURES = (
    (400, "Invalid schema for response_format", "invalid_request_error"),
    (400, "This model's maximum context length is 10 tokens.", "context_length_exceeded"),
    (400, "Flagged", "content_policy_violation"),
    (400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy", "invalid_prompt"),
    (401, "Incorrect API key provided", "invalid_api_key"),
    (403, "Not for this project", ""),
    (404, "no such model", "model_not_found"),
    (408, "late", ""),
    (422, "no", ""),
    (429, "Rate limit reached for gpt-4o", "rate_limit_exceeded"),
    (429, "You exceeded your current quota", "insufficient_quota"),
    (500, "The server had an error processing your request.", "server_error"),
    (502, "bad gateway", ""),
    (503, "overloaded", ""),
    (504, "late", ""),
    (520, "Web server is returning an unknown error", ""),
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def litellm() -> Any:
    """The library, as it is used."""
    return ready("openai/gpt-4o-mini")


def table(litellm: Any) -> list[str]:
    """Models of the table that are spoken to directly."""
    rows = json.loads(
        (Path(litellm.__file__).with_name("model_prices_and_context_window_backup.json")).read_text("utf-8")
    )
    return sorted(name for name, row in rows.items() if row.get("litellm_provider") == "openai" and speaks_openai(name))


@pytest.mark.parametrize("options", [{}, {"reasoning_effort": "none"}, {"reasoning_effort": "low"}], ids=str)
def test_bodies_are_those_of_litellm(litellm: Any, options: dict[str, Any]) -> None:
    """The limit of the answer, the temperature and the schema, by the names that each model takes."""
    differing = []
    for model in table(litellm):
        ours = body(Remote(model=model, mode=schema_mode_of(model), options=options), QUESTION)
        given = {k: v for k, v in ours.items() if k not in ("model", "messages", "max_completion_tokens")}
        given |= {"max_tokens": 77, "temperature": 0.0}
        named = {"model": model, "custom_llm_provider": "openai", "messages": ours["messages"], "drop_params": True}
        theirs = litellm.get_optional_params(**named, **given)
        own = {k: v for k, v in ours.items() if k not in NOT_COMPARED}
        theirs = {k: v for k, v in theirs.items() if k not in NOT_COMPARED}
        if own != theirs:
            differing.append((model, {k: (own.get(k), theirs.get(k)) for k in own.keys() ^ theirs.keys()}))
    assert len(table(litellm)) > 40
    assert differing == []


@pytest.mark.parametrize(("status", "message", "code"), FAILURES)
def test_failures_mean_what_they_mean_to_litellm(litellm: Any, status: int, message: str, code: str) -> None:
    """By the words of the body first, and else by the status."""
    from litellm.llms.openai.common_utils import OpenAIError

    text = json.dumps(
        {"error": {"message": message, "type": "invalid_request_error" if status < 403 else code, "code": code}}
    )
    with pytest.raises(Exception) as failed:  # noqa: PT011 - whatever it raises is compared
        litellm.exception_type(
            model="gpt-4o-mini", original_exception=OpenAIError(status, text), custom_llm_provider="openai"
        )
    assert kind_of(status, text) == litellm_kind(failed.value)


@pytest.mark.parametrize("mode", ["json_schema", "tools"])
def test_instructor_asks_in_the_same_form(mode: Mode) -> None:
    """What litellm sends is shaped by instructor, what OpenAI is sent by ten lines: the schema is asked for alike."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "description": "An a"}
    question = Question(prompt="p", fingerprint="f", messages=(), schema=schema, answer_tokens=9)
    assert instructor_forms.request(mode, question) == structured_output.schema_request(mode, question)
