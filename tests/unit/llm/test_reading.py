"""Reading raw responses, those of the odd providers too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thresher.schemas.extraction import Finish
from thresher.schemas.question import Question
from thresher.service.llm.response_parsing import bare_json, finish_of, text_of, tokens_of

FREE = Question(prompt="p", fingerprint="f", messages=(), schema=None, answer_tokens=1)
ASKED = Question(prompt="p", fingerprint="f", messages=(), schema={"type": "object"}, answer_tokens=1)


def response(message: dict[str, Any] | None, finish: str | None = "stop") -> dict[str, Any]:
    """A chat completion."""
    return {"choices": [{"message": message, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("finish", "meaning"),
    [
        ("stop", "stop"),
        ("tool_calls", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("content_filter", "refusal"),
        ("weather", "error"),
        (None, "error"),
    ],
)
def test_why_an_answer_ended(finish: str | None, meaning: Finish) -> None:
    """Providers' words become ours; a word that nobody knows is not taken for success."""
    assert finish_of(response({"content": "x"}, finish)) == meaning


@pytest.mark.parametrize("wrap", [lambda r: r, lambda r: {"provider_specific_fields": r}])
def test_a_refusal_in_words(wrap: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """OpenAI's structured outputs refuse in a field of their own, with finish reason stop; litellm moves it."""
    refused = response({"content": None, **wrap({"refusal": "I can not help with that."})})
    assert finish_of(refused) == "refusal"
    assert text_of(refused, ASKED) == "I can not help with that."


@pytest.mark.parametrize("broken", [{}, {"choices": []}, {"choices": [None]}, response(None), response({})])
def test_an_empty_response_is_empty_text(broken: dict[str, Any]) -> None:
    """Nothing in a response may be relied on."""
    assert text_of(broken, ASKED) == ""
    assert tokens_of(broken) == (0, 0, 0)


def test_a_tool_call_is_read_by_its_arguments() -> None:
    """In tools mode the answer is the arguments of the call."""
    call = {"function": {"name": "answer", "arguments": '{"a": 1}'}}
    assert text_of(response({"content": None, "tool_calls": [call]}), ASKED) == '{"a": 1}'


def test_content_in_parts() -> None:
    """Some providers give content as a list of parts."""
    assert text_of(response({"content": [{"type": "text", "text": "a"}, {"text": "b"}, "c"]}), FREE) == "ab"


def test_free_text_is_left_alone() -> None:
    """Fences belong to an answer for which no JSON was asked."""
    assert text_of(response({"content": "```json\n{}\n```"}), FREE) == "```json\n{}\n```"


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('  {"a": 1}\n', '{"a": 1}'),
        ('```json\n{"a": "```"}\n', '{"a": "'),
        ("```\n[1]\n```", "[1]"),
        ('<think>{ hm }</think>```json\n{"a": 1}\n```', '{"a": 1}'),
        ('{"a": [1, 2', '{"a": [1, 2'),
        ("", ""),
        ("} nothing {", "} nothing {"),
    ],
)
def test_json_is_taken_out_of_its_wrapping(text: str, json: str) -> None:
    """Fences and talk go; a cut answer stays cut."""
    assert bare_json(text) == json


def test_cached_tokens_are_counted() -> None:
    """The provider's own count of what it had cached."""
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
    assert tokens_of({"usage": usage}) == (10, 3, 8)
