"""Read a raw chat-completions response (text, why it ended, tokens) and build its Attempt."""

from __future__ import annotations

import re
from typing import Any

from thresher.schemas.errors import Problem
from thresher.schemas.extraction import Attempt, Finish
from thresher.schemas.question import Question
from thresher.service.llm.transport import Answer, Call

FINISH_REASONS: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_calls": "stop",
    "tool_use": "stop",
    "function_call": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "refusal",
    "content_filtered": "refusal",
    "refusal": "refusal",
    "safety": "refusal",
}
"""Providers' words for why an answer ended, most of them already turned into OpenAI's by litellm."""

TOKEN_MAX_CHARS = 32  # code points that an asked token may be on average; of ordinary answers it is 2 to 5
ANSWER_MIN_CHARS = 1 << 16  # code points that any answer may have
MOST_TOKENS = 1 << 31  # of one call, as its provider counts them
_HALF = re.compile(r"[\ud800-\udfff]")
_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)


def finish_of(response: dict[str, Any]) -> Finish:
    """Return why the answer ended; an unknown or missing reason is "error"."""
    choice = _choice(response)
    if _refusal(_message(response)):
        return "refusal"
    return FINISH_REASONS.get(str(choice.get("finish_reason")).lower(), "error")


def text_of(response: dict[str, Any], question: Question) -> str:
    """Return the answer's text: a tool's arguments, or the content; bare JSON where a schema was asked for.

    Half of a character (a lone surrogate, as models give that cut an emoji in two) becomes the sign for one unknown.
    """
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", _text(response, question))


def _text(response: dict[str, Any], question: Question) -> str:
    message = _message(response)
    for tool in message.get("tool_calls") or ():
        arguments = (tool.get("function") or {}).get("arguments")
        if arguments is not None:
            return str(arguments)
    content = _content(message)
    return content if question.schema is None else bare_json(content)


def bare_json(text: str) -> str:
    r"""Extract the JSON from a reply that wraps it in a fence or in prose; cut JSON stays cut, other text stays whole.

    >>> bare_json('Here you are:\n```json\n{"a": 1}\n```')
    '{"a": 1}'
    >>> bare_json('```json\n{"a": [1, 2')
    '{"a": [1, 2'
    >>> bare_json('Sure! {"a": 1} Anything else?')
    '{"a": 1}'
    >>> bare_json("I can not say.")
    'I can not say.'
    """
    text = text.strip()
    if text[:1] in ("{", "["):
        return text
    if (fenced := _FENCED.search(text)) and fenced[1].lstrip()[:1] in ("{", "["):
        return fenced[1].strip()
    begin = text.find("{")
    end = text.rfind("}")
    return text[begin : end + 1] if 0 <= begin < end else text


def tokens_of(response: dict[str, Any]) -> tuple[int, int, int]:
    """Return (prompt, answer, cached) tokens as the provider counted them; 0 where it gave none."""
    usage = response.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    return count_of(usage, "prompt_tokens"), count_of(usage, "completion_tokens"), count_of(details, "cached_tokens")


def count_of(usage: dict[str, Any], name: str) -> int:
    """Return a count of tokens within what one call can take. Raises TypeError, ValueError, OverflowError."""
    return min(max(int(usage.get(name) or 0), 0), MOST_TOKENS)


def is_readable(response: dict[str, Any], question: Question) -> bool:
    """Whether a response is such that the functions here read it: a server may send anything."""
    try:
        if not isinstance(response["choices"][0], dict):
            return False
        text = text_of(response, question)
        if len(text.strip()) > max(ANSWER_MIN_CHARS, TOKEN_MAX_CHARS * question.answer_tokens):
            return False  # a server that pays no heed to the limit: a value of megabytes is searched for a minute
        finish_of(response), tokens_of(response), is_mostly_reasoning(response)
        for name in ("total_tokens", "cache_creation_input_tokens"):
            count_of(response.get("usage") or {}, name)
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError):
        return False
    return True


def is_mostly_reasoning(response: dict[str, Any]) -> bool:
    """Whether reasoning took over half of the answer's tokens, or there is reasoning but no text and no tool call."""
    usage = response.get("usage") or {}
    thought = int((usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0)
    whole = int(usage.get("completion_tokens") or 0)
    message = _message(response)
    is_silent = not _content(message).strip() and not message.get("tool_calls")
    return bool(thought and 2 * thought > whole) or bool(is_silent and (thought or message.get("reasoning_content")))


def attempt_of(call: Call, answer: Answer) -> Attempt:
    """Build the log's Attempt of a Call that was answered."""
    prompt, told, cached = tokens_of(answer.response)
    return _attempt(call).model_copy(
        update={
            "finish": finish_of(answer.response),
            "prompt_tokens": prompt,
            "answer_tokens": told,
            "cached_tokens": cached,
            "usd": answer.usd,
            "seconds": 0.0 if answer.stored else answer.seconds,
            "stored": answer.stored,
        }
    )


def failed_attempt(call: Call, problem: Problem, seconds: float) -> Attempt:
    """Build the log's Attempt of a Call that failed."""
    return _attempt(call).model_copy(update={"error": problem.detail, "code": problem.code, "seconds": seconds})


def _attempt(call: Call) -> Attempt:
    asked = call.question
    named = {"prompt": asked.prompt, "fingerprint": asked.fingerprint, "purpose": asked.purpose}
    return Attempt(key=call.key, model=call.model, finish="error", retry=call.tried, **named)


def _choice(response: dict[str, Any]) -> dict[str, Any]:
    choices = response.get("choices") or [{}]
    return choices[0] or {}


def _message(response: dict[str, Any]) -> dict[str, Any]:
    return _choice(response).get("message") or {}


def _refusal(message: dict[str, Any]) -> str:
    """Return the text of a refusal, from OpenAI's or litellm's field; "" where there is none."""
    return str(message.get("refusal") or (message.get("provider_specific_fields") or {}).get("refusal") or "")


def _content(message: dict[str, Any]) -> str:
    """Return the text content, given as a string or as a list of parts."""
    content = message.get("content") or _refusal(message)
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
