"""How a schema is asked of a provider, and how its answer is found in the response: instructor's provider modes.

instructor shapes the request and parses the response; it never sends, retries or judges anything. The class it is given
stands for a ready-made JSON Schema, and takes whatever the model wrote as it is.
"""

from __future__ import annotations

import json
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Literal

from service.llm.base import Question
from service.llm.reading import bare_json, text_of

Mode = Literal["json_schema", "tools", "md_json"]
NAME = "answer"  # what the schema is called on the wire
KNOWN_SCHEMAS = 512


def request(mode: Mode, schema: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The messages and whatever else asks for the schema: `response_format`, or `tools` and `tool_choice`."""
    text = json.dumps(schema, ensure_ascii=False)
    if mode == "md_json":  # the only one that puts the schema into the messages
        return _prepared(mode, _asked(text), messages)
    return {"messages": messages, **json.loads(_extras(mode, text))}


def read(mode: Mode, response: dict[str, Any], question: Question) -> str:
    """The JSON text of an answer, whatever the mode; what can not be parsed comes back as it is."""
    if question.schema is None:
        return text_of(response, question)
    try:
        found = _parsed(mode, response)
    except Exception:  # noqa: BLE001 - instructor raises of many kinds: cut, refused, or not in the asked form
        return text_of(response, question)
    return bare_json(found) or text_of(response, question)


@lru_cache(maxsize=KNOWN_SCHEMAS)
def _extras(mode: Mode, schema: str) -> str:
    """What a request needs beside its messages, as JSON: each request gets a copy that a provider may change."""
    made = _prepared(mode, _asked(schema), [])
    made.pop("messages", None)
    if mode == "json_schema":
        made["response_format"]["json_schema"]["strict"] = True
    return json.dumps(made)


def _prepared(mode: Mode, asked: type[Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
    from instructor import Mode as Modes  # noqa: PLC0415 - half a second
    from instructor.processing.response import handle_response_model  # noqa: PLC0415 - half a second

    return dict(handle_response_model(asked, mode=Modes[mode.upper()], messages=messages)[1])


def _parsed(mode: Mode, response: dict[str, Any]) -> str:
    """The text that instructor hands to validation."""
    from instructor import Mode as Modes  # noqa: PLC0415 - half a second
    from instructor.processing.response import process_response  # noqa: PLC0415 - half a second

    whole: Any = json.loads(json.dumps(response), object_hook=lambda d: SimpleNamespace(**d))
    found = process_response(whole, response_model=_asked("{}"), stream=False, mode=Modes[mode.upper()])
    return str(found.text)


@lru_cache(maxsize=KNOWN_SCHEMAS)
def _asked(schema: str) -> type[Any]:
    """A class whose JSON Schema is `schema`, and which keeps the JSON it is made from as text."""
    from instructor.processing.function_calls import ResponseSchema  # noqa: PLC0415 - half a second

    body = {"title": NAME, "properties": {}, **json.loads(schema)}

    class Asked(ResponseSchema):
        text: str = ""

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return dict(body)

        @classmethod
        def model_validate_json(cls, json_data: Any, **_: Any) -> Any:
            return cls(text=json_data)

    Asked.__name__ = NAME
    Asked.__doc__ = ""
    return Asked
