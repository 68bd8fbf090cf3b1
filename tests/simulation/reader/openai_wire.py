"""OpenAI's wire format: /v1/chat/completions with a JSON Schema, a tool, or neither."""

from __future__ import annotations

from typing import Any

from tests.simulation.reader.reader import Ask, Said

ERRORS = {400: "context_length_exceeded", 429: "rate_limit_exceeded", 500: "server_error"}


def ask(request: dict[str, Any]) -> Ask:
    """What a request asks. Raises KeyError or TypeError for what is none."""
    asked = (request.get("response_format") or {}).get("json_schema") or {}
    schema = asked.get("schema")
    if tools := request.get("tools"):
        schema = tools[0]["function"].get("parameters")
    most = request.get("max_completion_tokens") or request.get("max_tokens")
    return Ask(messages=list(request["messages"]), schema=schema, most=most)


def response(request: dict[str, Any], said: Said) -> dict[str, Any]:
    """A chat completion, or an error's body."""
    if said.status != 200:
        code = ERRORS[said.status]
        kind = "invalid_request_error" if said.status == 400 else code
        return {"error": {"message": said.error, "type": kind, "param": None, "code": code}}
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    finish = said.finish
    if tools := request.get("tools"):
        call = {"name": tools[0]["function"]["name"], "arguments": said.text}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
        finish = "tool_calls" if finish == "stop" else finish
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": request.get("model", "reader"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage(said),
    }


def usage(said: Said) -> dict[str, Any]:
    """Tokens, as OpenAI counts them."""
    return {
        "prompt_tokens": said.prompt_tokens,
        "completion_tokens": said.answer_tokens,
        "total_tokens": said.prompt_tokens + said.answer_tokens,
        "prompt_tokens_details": {"cached_tokens": said.cached_tokens},
    }
