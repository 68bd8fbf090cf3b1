"""Parse an answer, build the question that repairs an unusable one, and limit what the next answer may change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.numbers import has_doubled_keys, read_json
from thresher.schemas.question import Message, Question, Reply
from thresher.schemas.result import FieldError
from thresher.service.prompts import load_prompt
from thresher.service.prompts.malformed_json import doubled_keys, letters, repaired_json, without

_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)
_QUOTE = re.compile(r'(?<!\\)"')
_CLOSED = re.compile(r"\]\s*\}\s*$")
MAX_ERRORS_SHOWN = 12  # shown at once, with the number of the others


@dataclass(frozen=True, slots=True)
class Parsed:
    """The object in a reply, and what of it is broken."""

    data: dict[str, Any] | None  # None: no object
    broken: tuple[FieldError, ...] = ()  # places that were no valid JSON, and are not in it


def is_cut(reply: Reply) -> bool:
    """Whether an answer ends before its lists do but gave items: at its longest, or though it claims to be complete."""
    return reply.finish == "length" or (_is_open(reply.text) and parse_answer(reply) is not None)


def parse_answer(reply: Reply) -> dict[str, Any] | None:
    """Return the object that a reply writes, without what of it is no valid JSON; None where there is none."""
    return parse_with_repair(reply).data


def parse_with_repair(reply: Reply, schema: dict[str, Any] | None = None) -> Parsed:
    """Return the object that a reply writes: as it is, or mended by a library where it is malformed.

    Of an answer that was cut short, the complete list items are kept and the one in hand is dropped. One that says
    that it is all and ends within its first item is none. `schema`: what was asked for, whose keys alone may be in it.
    """
    is_long = reply.finish == "length"
    cut = is_long or _is_open(reply.text)
    broken: tuple[FieldError, ...] = ()
    try:
        found = read_json(reply.text, partial=cut)
        if not cut and has_doubled_keys(reply.text):
            found, broken = _without_doubled(found, reply.text)
    except ValueError:
        made = repaired_json(reply.text, keys_of(schema)) if "{" in reply.text else None
        found, broken = (made.data, made.broken) if made else (None, ())
    if cut and isinstance(found, dict):
        _drop_last(found)
    if not isinstance(found, dict) or not (is_long or not cut or _has_items(found)):
        return Parsed(None)
    return Parsed(found, broken)


def _without_doubled(found: Any, text: str) -> tuple[Any, tuple[FieldError, ...]]:
    places = doubled_keys(text)
    errors = (FieldError(path=path, message="a key stands here twice; give it again") for path in places)
    return without(found, places), tuple(errors)


def keys_of(schema: Any) -> frozenset[str] | None:
    """Return all keys that objects of a schema may have; None where some may have any."""
    found = list(_keys(schema)) if isinstance(schema, dict) else [None]
    return None if None in found else frozenset(letters(k) for k in found if k is not None)


def _keys(schema: Any) -> Iterator[str | None]:
    if isinstance(schema, list):
        for member in schema:
            yield from _keys(member)
    elif isinstance(schema, dict):
        properties = schema.get("properties")
        if schema.get("type") == "object" and (not properties or schema.get("additionalProperties")):
            yield None
        yield from properties or ()
        for key, member in schema.items():
            yield from _keys(list(member.values()) if key in {"properties", "$defs"} else member)


def _is_open(text: str) -> bool:
    """Whether a text that is no JSON ends before its lists do; one with a quotation mark too few is told by its end."""
    try:
        read_json(text)
    except ValueError:
        if len(_QUOTE.findall(text)) % 2 and _CLOSED.search(text):
            return False
        said = _STRING.sub("", text)
        return said.count("[") > said.count("]")
    return False


def _has_items(found: dict[str, Any]) -> bool:
    return any(part.isdigit() for path, _ in json_pointer.leaves(found) for part in path.split("/"))


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


def repair_question(question: Question, reply: Reply, errors: Sequence[FieldError]) -> Question:
    """Return the same question with the model's own answer and what is wrong with it; never longer than one such pair.

    Only the newest answer is shown: a growing history would cost the square of the attempts.
    """
    prompt = load_prompt("repair")
    messages = tuple(m for m in question.messages if m.role == "system")
    asked = next(m for m in question.messages if m.role == "user")
    return replace(
        question,
        messages=(
            *messages,
            asked,
            Message(role="assistant", content=reply.text),
            Message(role="user", content=prompt.render(errors=listed(errors))),
        ),
        purpose="repair",
        kind="repair",
    )


def listed(errors: Sequence[FieldError]) -> str:
    """Return errors as lines: each on one, the first dozen of them, and how many more there are."""
    lines = [f"- {e.path or '/'}: {' '.join(e.message.split())}" for e in errors[:MAX_ERRORS_SHOWN]]
    more = len(errors) - len(lines)
    return "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])])


def patched(old: Any, new: Any, errors: Sequence[FieldError], broken: Sequence[FieldError] = ()) -> Any:
    """Return an answer with what a later one says of what was wrong with it; what was right stays as it was.

    `errors`: what did not fit, by its place in `old`; `broken`: places whose items are not in `old`. A later answer that
    says nothing of a place leaves it.

    >>> patched({"a": 1, "b": "x"}, {"a": 2, "b": 3}, [FieldError(path="/b", message="")])
    {'a': 1, 'b': 3}
    >>> patched({"r": [1, 3]}, {"r": [1, 2, 3]}, [], [FieldError(path="/r/1", message="")])
    {'r': [1, 2, 3]}
    """
    wrong = frozenset(e.path for e in errors)
    short = frozenset(e.path.rpartition("/")[0] for e in broken)
    return new if old is None or "" in wrong else _Patch(wrong, short).value(old, new, "")


@dataclass(frozen=True, slots=True)
class _Patch:
    wrong: frozenset[str]  # places that did not fit
    short: frozenset[str]  # lists of which items are missing

    def value(self, old: Any, new: Any, path: str) -> Any:
        if isinstance(old, dict) and isinstance(new, dict):
            return {k: self._member(old, new, k, json_pointer.join(path, k)) for k in {**old, **new}}
        if isinstance(old, list) and isinstance(new, list):
            return self._items(old, new, path)
        return new if path in self.wrong and new is not None else old

    def _member(self, old: dict[str, Any], new: dict[str, Any], key: str, path: str) -> Any:
        if key not in old:
            return new[key]
        return self.value(old[key], new.get(key), path)

    def _items(self, old: list[Any], new: list[Any], path: str) -> list[Any]:
        if path in self.short:
            return new if _is_within(old, new) else old
        if len(old) != len(new):
            none_right = bool(new) and all(json_pointer.join(path, i) in self.wrong for i in range(len(old)))
            return new if none_right or (path in self.wrong and len(new) > len(old)) else old
        return [self.value(a, b, json_pointer.join(path, i)) for i, (a, b) in enumerate(zip(old, new, strict=True))]


def _is_within(some: list[Any], of: list[Any]) -> bool:
    """Whether all of some items are among others, in their order."""
    rest = iter(of)
    return all(any(item == other for other in rest) for item in some)
