"""Ask a provider for a schema and find its answer in the response, with instructor's provider modes.

instructor shapes the request and parses the response; it never sends, retries or validates anything. The class it is given
stands for a ready-made JSON Schema, and takes whatever the model wrote as it is.
"""

from __future__ import annotations

import json
import threading
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, Literal

from thresher.service.llm.base import Question
from thresher.service.llm.response_parsing import bare_json, text_of

Mode = Literal["json_schema", "tools", "md_json"]
KNOWN_SCHEMAS = 512
importing = threading.Lock()  # litellm and instructor both import openai, whose parts import each other in a circle:
# of two threads that begin at different ends one sees a half


def request(mode: Mode, question: Question, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the messages and the arguments that ask for the schema: `response_format`, or `tools` and `tool_choice`.

    The schema (or the tool) has the name of the question's kind.
    """
    text = json.dumps(question.schema, ensure_ascii=False)
    if mode == "md_json":  # the only one that puts the schema into the messages
        return _prepared(mode, _asked(text, question.kind), messages)
    return {"messages": messages, **json.loads(_extras(mode, text, question.kind))}


def read(mode: Mode, response: dict[str, Any], question: Question) -> str:
    """Return the JSON text of an answer in any mode; what cannot be parsed is returned unchanged."""
    if question.schema is None:
        return text_of(response, question)
    instructor_parts()
    try:
        found = _parsed(mode, response, question.kind)
    except Exception:  # noqa: BLE001 - instructor raises of many kinds: cut, refused, or not in the asked form
        return text_of(response, question)
    return bare_json(found) or text_of(response, question)


@lru_cache(maxsize=KNOWN_SCHEMAS)
def _extras(mode: Mode, schema: str, name: str) -> str:
    """Return the request's arguments besides the messages, as JSON: each request gets a copy that it may change."""
    made = _prepared(mode, _asked(schema, name), [])
    made.pop("messages", None)
    if mode == "json_schema":
        made["response_format"]["json_schema"]["strict"] = True
    return json.dumps(made)


@cache
def instructor_parts() -> SimpleNamespace:
    """Return the parts of instructor that are used. Blocks for half a second once; longer if litellm is being imported.

    Best called before the first call is sent: a loop that is blocked keeps no answers.
    """
    with importing:
        from instructor import Mode as Modes  # noqa: PLC0415 - half a second
        from instructor.processing.function_calls import ResponseSchema  # noqa: PLC0415 - half a second
        from instructor.processing.response import (  # noqa: PLC0415 - half a second
            handle_response_model,
            process_response,
        )
    return SimpleNamespace(modes=Modes, schema=ResponseSchema, prepare=handle_response_model, parse=process_response)


def _prepared(mode: Mode, asked: type[Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
    parts = instructor_parts()
    return dict(parts.prepare(asked, mode=parts.modes[mode.upper()], messages=messages)[1])


def _parsed(mode: Mode, response: dict[str, Any], name: str) -> str:
    """Return the text that instructor hands to validation."""
    parts = instructor_parts()
    whole: Any = json.loads(json.dumps(response), object_hook=lambda d: SimpleNamespace(**d))
    found = parts.parse(whole, response_model=_asked("{}", name), stream=False, mode=parts.modes[mode.upper()])
    return str(found.text)


@lru_cache(maxsize=KNOWN_SCHEMAS)
def _asked(schema: str, name: str) -> type[Any]:
    """Return a named class with the JSON Schema `schema`, whose instances keep their JSON as text."""
    body = {"title": name, "properties": {}, **json.loads(schema)}

    class Asked(instructor_parts().schema):  # type: ignore[misc] # a class of instructor's
        text: str = ""

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return dict(body)

        @classmethod
        def model_validate_json(cls, json_data: Any, **_: Any) -> Any:
            return cls(text=json_data)

    Asked.__name__ = name
    Asked.__doc__ = ""
    return Asked
