"""Ask a provider for a schema in instructor's modes: what litellm sends to providers other than OpenAI.

instructor shapes the request; it never sends, retries or validates anything. The class it is given stands for a ready-made
JSON Schema. What OpenAI takes is written by `structured_output.request`, without the import; both are compared in a test.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from thresher.schemas.question import Question
from thresher.service.llm.structured_output import Mode

KNOWN_SCHEMAS = 512


def request(mode: Mode, question: Question) -> dict[str, Any]:
    """Return the arguments that ask for the Question's schema: `response_format`, or `tools` and `tool_choice`.

    Empty for a Question without a schema.
    """
    if question.schema is None:
        return {}
    made: dict[str, Any] = json.loads(_arguments(mode, json.dumps(question.schema, ensure_ascii=False), question.kind))
    return made


@lru_cache(maxsize=KNOWN_SCHEMAS)
def _arguments(mode: Mode, schema: str, name: str) -> str:
    """Return the arguments as JSON: each request gets a copy that a provider's adapter may change."""
    made = dict(parts().prepare(_requested(schema, name), mode=parts().modes[mode.upper()], messages=[])[1])
    made.pop("messages", None)
    if mode == "json_schema":
        made["response_format"]["json_schema"]["strict"] = True
    return json.dumps(made)


@cache
def parts() -> SimpleNamespace:
    """Return the parts of instructor that are used. Blocks for half a second once, so it is best called off the event loop."""
    from instructor import Mode as Modes  # noqa: PLC0415 - half a second
    from instructor.processing.function_calls import ResponseSchema  # noqa: PLC0415 - half a second
    from instructor.processing.response import handle_response_model  # noqa: PLC0415 - half a second

    return SimpleNamespace(modes=Modes, schema=ResponseSchema, prepare=handle_response_model)


@lru_cache(maxsize=KNOWN_SCHEMAS)
def _requested(schema: str, name: str) -> type[Any]:
    """Return a named class with the JSON Schema `schema`."""
    body = {"title": name, "properties": {}, **json.loads(schema)}

    class Requested(parts().schema):  # type: ignore[misc] # a class of instructor's
        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return dict(body)

    Requested.__name__ = name
    Requested.__doc__ = ""
    return Requested
