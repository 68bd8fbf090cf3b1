"""Anthropic's wire format: /v1/messages with a tool, an output format, or neither."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from tests.simulation.reader.reader import Ask, Said

ERRORS = {400: "invalid_request_error", 429: "rate_limit_error", 500: "api_error"}


def ask(request: dict[str, Any]) -> Ask:
    """What a request asks. Raises KeyError or TypeError for what is none."""
    system = request.get("system")
    messages = [{"role": "system", "content": system}] if system else []
    form = (request.get("output_config") or {}).get("format") or request.get("output_format") or {}
    schema = form.get("schema")
    if tools := request.get("tools"):
        schema = tools[0].get("input_schema")
    return Ask(messages=[*messages, *request["messages"]], schema=schema, most=request["max_tokens"])


def response(request: dict[str, Any], said: Said) -> dict[str, Any]:
    """A message, or an error's body. A tool's input is an object on this wire: what is no JSON comes as text."""
    if said.status != 200:
        return {"type": "error", "error": {"type": ERRORS[said.status], "message": said.error}}
    content: dict[str, Any] = {"type": "text", "text": said.text}
    stop = "max_tokens" if said.finish == "length" else "end_turn"
    if (tools := request.get("tools")) and (found := _object(said)) is not None:
        content = {"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": found}
        stop = "tool_use" if stop == "end_turn" else stop
    fresh = said.prompt_tokens - said.cached_tokens
    usage = {"input_tokens": fresh, "cache_read_input_tokens": said.cached_tokens}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request.get("model", "reader"),
        "content": [content],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {**usage, "cache_creation_input_tokens": 0, "output_tokens": said.answer_tokens},
    }


def _object(said: Said) -> dict[str, Any] | None:
    try:
        found = from_json(said.text, allow_partial=said.finish == "length")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
