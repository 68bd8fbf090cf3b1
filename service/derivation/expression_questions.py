"""One question a target: by which expression is each of its derived fields computed?

The question holds nothing of any document, so that the store answers it for every further one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.extraction import Calls
from thresher.schemas.target import Field, Target
from thresher.service.derivation.derived_fields import parsed
from thresher.service.derivation.described_expressions import described
from thresher.service.derivation.evaluator import MissingError
from thresher.service.derivation.expression_language import Binary, Call, Column, Duration, Expression, Negative, Path
from thresher.service.derivation.scopes import Tables
from thresher.service.llm.base import Model, Question
from thresher.service.llm.optional_questions import try_ask
from thresher.service.prompts.answer_repair import parse
from thresher.service.prompts.questions import question_of

MOST_ASKED = 60  # fields of one target; those beyond have no expression
MOST_LISTED = 300  # fields of the form that are shown
TOKENS = 60  # of answer for each


async def with_expressions(target: Target, model: Model, documents: Sequence[Document]) -> tuple[Target, Calls]:
    """Return the target with an expression for each derived field that one is known for, and the calls made for it.

    A target's own word (`x-derived`) comes first, then what a plain description says of the documents' tables, then the
    model's answer. One that is no expression, or rests on the field itself, counts for nothing.
    """
    known = {f.path: f.derived or _described(f, target, documents) for f in target.fields if f.method == "derived"}
    open_fields = [f for f in target.fields if f.method == "derived" and not known[f.path]][:MOST_ASKED]
    calls = Calls()
    if open_fields:
        told, calls = await _asked(target, model, open_fields)
        known |= told
    return _with(target, known), calls


def _with(target: Target, known: dict[str, str]) -> Target:
    """The target with expressions that can be used."""
    paths = {f.path for f in target.fields}
    usable = {path: text for path, text in known.items() if _is_usable(path, text, paths)}
    fields = tuple(replace(f, derived=usable.get(f.path, "")) if f.method == "derived" else f for f in target.fields)
    return replace(target, fields=fields)


def _described(field: Field, target: Target, documents: Sequence[Document]) -> str:
    """What a description says, where a list of the target or one table of the documents has what it names."""
    text = "" if field.in_list else described(field)
    if not text:
        return ""
    named = [t.heading for t in terms(parsed(text)) if isinstance(t, Column)]
    paths = {name: column_path(target, field, name) for name in named}
    if all(paths.values()) and (named or _has_one_list(target)):
        for name, path in paths.items():
            text = text.replace(f"[{name}]", path)
        return text
    try:
        Tables(documents).with_columns(named)
    except MissingError:
        return ""
    return text


def _has_one_list(target: Target) -> bool:
    return sum("*" not in name for name in target.lists) == 1


def column_path(target: Target, field: Field, name: str) -> str:
    """Return the path of the one field of a list's items that a name in a description can mean; "" where it is none."""
    wanted = _stems(name)
    found = [
        f.path
        for f in target.fields
        if f.path.count("*") == 1 and f is not field and wanted in (_stems(f.name), _stems(f.title))
    ]
    return found[0] if len(found) == 1 else ""


def _stems(name: str) -> frozenset[str]:
    """Words of a name without an English plural's end."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).casefold()
    return frozenset(w.removesuffix("s") for w in re.findall(r"[^\W\d_]+", parted))


def _is_usable(path: str, text: str, paths: set[str]) -> bool:
    """Whether a text is an expression of known fields that does not rest on its own."""
    expression = parsed(text) if text else None
    if expression is None:
        return False
    named = {t.path for t in terms(expression) if isinstance(t, Path)}
    return path not in named and all(n in paths or any(p.startswith(f"{n}/") for p in paths) for n in named)


def terms(expression: Expression | None) -> list[Path | Column]:
    """Return the paths and columns that an expression names, from left to right."""
    match expression:
        case Path() | Column():
            return [expression]
        case Negative(inner) | Duration(inner):
            return terms(inner)
        case Binary(_, left, right):
            return [*terms(left), *terms(right)]
        case Call(_, of, tests):
            return [*terms(of), *(t for test in tests for side in (test.left, test.right) for t in terms(side))]
    return []


async def _asked(target: Target, model: Model, fields: Sequence[Field]) -> tuple[dict[str, str], Calls]:
    reply, calls = await try_ask(model, expressions_question(target, fields))
    said = (reply and parse(reply)) or {}
    told = {f.path: text for i, f in enumerate(fields, 1) if isinstance(text := said.get(str(i)), str)}
    return told, calls


def expressions_question(target: Target, fields: Sequence[Field]) -> Question:
    """Return the question about derived fields; its answer has an expression, or null, for each by its number from 1."""
    listed = "\n".join(_line(f) for f in target.fields[:MOST_LISTED])
    wanted = "\n".join(f"{i}: {_line(f)}" for i, f in enumerate(fields, 1))
    members: dict[str, Any] = {str(i): {"type": ["string", "null"]} for i in range(1, len(fields) + 1)}
    schema = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    return question_of("derive", "derive", {"fields": listed, "wanted": wanted}, schema, TOKENS * len(fields))


def _line(field: Field) -> str:
    """A field on one line."""
    told = " ".join(field.description.split())
    return f"{field.path} ({field.kind}){': ' + told if told else ''}"
