"""Ask a model once per target by which expression each derived field is computed.

The question contains nothing of any document, so the answer cache serves it for all later ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.extraction import Calls
from thresher.schemas.question import Model, Question
from thresher.schemas.target import Field, Target
from thresher.service.derivation.derived_fields import parsed_or_none
from thresher.service.derivation.described_expressions import described_expression
from thresher.service.derivation.evaluator import MissingError
from thresher.service.derivation.expression_language import Binary, Call, Column, Duration, Expression, Negative, Path
from thresher.service.derivation.scopes import Tables
from thresher.service.prompts.answer_repair import parse_answer
from thresher.service.prompts.optional_questions import try_ask
from thresher.service.prompts.questions import question_of

MAX_ASKED_FIELDS = 60  # derived fields of one target in the question; further ones get no expression
MAX_LISTED_FIELDS = 300  # fields of the target that are shown
TOKENS_PER_FIELD = 60  # tokens of answer for each field


async def with_expressions(target: Target, model: Model, documents: Sequence[Document]) -> tuple[Target, Calls]:
    """Return the target with an expression for each derived field where one is known, and the calls made for it.

    The target's own expression (`x-derived`) comes first, then a plain description that fits the documents' tables, then the
    model's answer. A text that is no expression, or that depends on the field itself, is ignored.
    """
    known = {f.path: f.derived or _described(f, target, documents) for f in target.fields if f.method == "derived"}
    open_fields = [f for f in target.fields if f.method == "derived" and not known[f.path]][:MAX_ASKED_FIELDS]
    calls = Calls()
    if open_fields:
        answered, calls = await _asked(target, model, open_fields)
        known |= answered
    return _with(target, known), calls


def _with(target: Target, known: dict[str, str]) -> Target:
    """Return the target with the usable expressions."""
    paths = {f.path for f in target.fields}
    usable = {path: text for path, text in known.items() if _is_usable(path, text, paths)}
    fields = tuple(replace(f, derived=usable.get(f.path, "")) if f.method == "derived" else f for f in target.fields)
    return replace(target, fields=fields)


def _described(field: Field, target: Target, documents: Sequence[Document]) -> str:
    """Return the expression of a description, where a list of the target or one table of the documents has what it names."""
    text = "" if field.in_list else described_expression(field)
    if not text:
        return ""
    named = [t.heading for t in terms(parsed_or_none(text)) if isinstance(t, Column)]
    depth = 1 if "(" in text else 0
    paths = {name: field_path(target, field, name, depth) for name in named}
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


def field_path(target: Target, field: Field, name: str, depth: int) -> str:
    """Return the path of the only field, within so many lists, that a name in a description can mean; "" where there is none."""
    wanted = _stems(name)
    found = [
        f.path
        for f in target.fields
        if f.path.count("*") == depth and f is not field and wanted in (_stems(f.name), _stems(f.title))
    ]
    return found[0] if len(found) == 1 else ""


def _stems(name: str) -> frozenset[str]:
    """Return the words of a name without an English plural ending."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).casefold()
    return frozenset(w.removesuffix("s") for w in re.findall(r"[^\W\d_]+", parted))


def _is_usable(path: str, text: str, paths: set[str]) -> bool:
    """Whether a text is an expression of known fields that does not depend on its own field."""
    expression = parsed_or_none(text) if text else None
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
    answer = (reply and parse_answer(reply)) or {}
    answered = {f.path: text for i, f in enumerate(fields, 1) if isinstance(text := answer.get(str(i)), str)}
    return answered, calls


def expressions_question(target: Target, fields: Sequence[Field]) -> Question:
    """Return the question about derived fields.

    Its answer has an expression or null for each field, by its number from 1.
    """
    listed = "\n".join(_line(f) for f in target.fields[:MAX_LISTED_FIELDS])
    wanted = "\n".join(f"{i}: {_line(f)}" for i, f in enumerate(fields, 1))
    members: dict[str, Any] = {str(i): {"type": ["string", "null"]} for i in range(1, len(fields) + 1)}
    schema = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    return question_of("derive", "derive", {"fields": listed, "wanted": wanted}, schema, TOKENS_PER_FIELD * len(fields))


def _line(field: Field) -> str:
    """Return a field on one line."""
    description_text = " ".join(field.description.split())
    return f"{field.path} ({field.kind}){': ' + description_text if description_text else ''}"
