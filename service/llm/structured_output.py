"""How a schema is asked of a provider: as the format of the answer, or as the arguments of a tool."""

from __future__ import annotations

from typing import Any, Literal

from thresher.schemas.question import Question

Mode = Literal["json_schema", "tools"]
_DESCRIPTION = "Correctly extracted `{}` with all the required parameters with correct types"


def schema_request(mode: Mode, question: Question) -> dict[str, Any]:
    """Return the arguments that ask for the Question's schema: `response_format`, or `tools` and `tool_choice`.

    The format (or the tool) has the name of the question's kind. Empty for a Question without a schema.

    >>> asked = Question(prompt="p", fingerprint="f", messages=(), schema={"type": "object"}, answer_tokens=9)
    >>> schema_request("json_schema", asked)["response_format"]["json_schema"]["schema"]
    {'title': 'extract', 'type': 'object'}
    >>> schema_request("tools", asked)["tool_choice"]
    {'type': 'function', 'function': {'name': 'extract'}}
    """
    if question.schema is None:
        return {}
    schema = {"title": question.kind, **question.schema}
    if mode == "json_schema":
        form = {"name": question.kind, "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    tool = {
        "name": schema["title"],
        "description": schema.get("description") or _DESCRIPTION.format(question.kind),
        "parameters": {k: v for k, v in schema.items() if k not in ("title", "description")},
    }
    choice = {"type": "function", "function": {"name": tool["name"]}}
    return {"tools": [{"type": "function", "function": tool}], "tool_choice": choice}
