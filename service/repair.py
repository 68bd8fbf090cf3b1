"""Repair: what the model is shown after an answer that can not be used, and how far one may go."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.numbers import read_json
from schemas.result import FieldError
from service import pointers
from service.llm.base import Message, Question, Reply
from service.prompts import load_prompt

_BARE_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|([{,]\s*)([^\W\d]\w*)\s*:')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
MOST_ERRORS = 12  # shown at once: a model mends the rest with them or not at all


def is_cut(reply: Reply) -> bool:
    """Whether an answer ends before its lists do but gave items: at its longest, or though it says that it is all."""
    return reply.finish == "length" or (_is_open(reply.text) and parse(reply) is not None)


def parse(reply: Reply) -> dict[str, Any] | None:
    """The object that a reply writes: as it is, or mended by rule where it is malformed; None where there is none.

    Of an answer that was cut short, the complete list items are kept and the one in hand is dropped. One that says
    that it is all and ends within its first item is none.
    """
    is_long = reply.finish == "length"
    cut = is_long or _is_open(reply.text)
    try:
        found = read_json(reply.text, partial=cut)
    except ValueError:
        found = _mended(reply.text) if "{" in reply.text else None
    if cut and isinstance(found, dict):
        _drop_last(found)
    return found if isinstance(found, dict) and (is_long or not cut or _has_items(found)) else None


def _is_open(text: str) -> bool:
    """Whether a text that is no JSON ends before its lists do."""
    try:
        read_json(text)
    except ValueError:
        said = _STRING.sub("", text)
        return said.count("[") > said.count("]")
    return False


def _has_items(found: dict[str, Any]) -> bool:
    return any(part.isdigit() for path, _ in pointers.leaves(found) for part in path.split("/"))


def _mended(text: str) -> Any:
    """What a library makes of malformed JSON; None where a number lost its sign or figures on the way."""
    from json_repair import repair_json  # noqa: PLC0415 - few answers need it

    found = repair_json(_BARE_KEY.sub(_quoted, text), return_objects=True)
    written = {Decimal(n) for n in _NUMBER.findall(text)}
    told = (str(value) for _, value in pointers.leaves(found))
    lost = any(_NUMBER.fullmatch(value) and Decimal(value) not in written for value in told)
    return None if lost else found


def _quoted(match: re.Match[str]) -> str:
    """A bare key in quotes: the library takes the sign of a number behind one for something else. Strings stay."""
    return f'{match[1]}"{match[2]}":' if match[2] else match[0]


def _drop_last(value: Any) -> None:
    """Drop the last, unfinished item of the list that an answer was cut in, wherever it is nested."""
    if isinstance(value, dict) and value:
        _drop_last(list(value.values())[-1])
    elif isinstance(value, list) and value:
        last = value[-1]
        inner = list(last.values())[-1] if isinstance(last, dict) and last else None
        if isinstance(inner, list) and inner:
            _drop_last(inner)
        else:
            value.pop()


def ask_again(question: Question, reply: Reply, errors: list[FieldError]) -> Question:
    """The same question with the model's own answer and what is wrong with it; never longer than one such pair.

    Only the newest answer is shown: a growing history would cost the square of the attempts.
    """
    prompt = load_prompt("repair")
    shown = "\n".join(f"- {e.path or '/'}: {e.message}" for e in errors[:MOST_ERRORS])
    messages = tuple(m for m in question.messages if m.role == "system")
    asked = next(m for m in question.messages if m.role == "user")
    return replace(
        question,
        messages=(
            *messages,
            asked,
            Message(role="assistant", content=reply.text),
            Message(role="user", content=prompt.render(errors=shown)),
        ),
        purpose="repair",
    )
