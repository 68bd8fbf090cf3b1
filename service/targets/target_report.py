"""Report what a target asks for, row by row, and what in it is likely to disappoint."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.schemas.target import Field, Target
from thresher.service.targets.shapes import Shapes

MANY_FIELDS = 150  # fields: models begin to leave some out, and providers to refuse the schema
MANY_CHOICES = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field as people read it."""

    path: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a target that its author should know."""

    path: str  # "" for the whole
    message: str


def describe(target: Target) -> list[Row]:
    """Return one Row for each field, in schema order.

    >>> from thresher.service.targets.loading import target_from_schema
    >>> describe(target_from_schema({"type": "object", "properties": {"due": {"type": "string", "format": "date"}}}))
    [Row(path='/due', kind='date', required=False, description='')]
    """
    return [Row(path=f.path, kind=_kind(f), required=f.required, description=_told(f)) for f in target.fields]


def check(target: Target) -> list[Finding]:
    """Return findings about the whole, then field by field. The target is one that could be loaded."""
    found = [Finding(path="", message=m) for m in _whole(target)]
    for field in target.fields:
        found += [Finding(path=field.path, message=m) for m in _one(field)]
    return found


def _whole(target: Target) -> list[str]:
    found = []
    if len(target.fields) > MANY_FIELDS:
        found.append(f"{len(target.fields)} fields: wide targets are asked in groups; fewer fields are found better")
    references = {r for f in _references(target) for r in [f] if Shapes(target.schema).recursive(r)}
    if references:
        names = ", ".join(sorted(r.rsplit("/", 1)[-1] or "the root" for r in references))
        found.append(f"{names} holds itself: fields below its second level are found but not listed")
    return found


def _references(target: Target) -> set[str]:
    found: set[str] = set()
    members = [target.schema]
    while members:
        member = members.pop()
        if isinstance(member, dict):
            found |= {member["$ref"]} if isinstance(member.get("$ref"), str) else set()
            members += member.values()
        elif isinstance(member, list):
            members += member
    return found


def _one(field: Field) -> list[str]:
    found = []
    if not field.description and field.kind != "const":
        found.append("no description: the model sees only the name")
    if field.kind == "any":
        found.append("anything may stand here: give it a type, so that values can be checked and found")
    if field.required and not field.nullable and field.path.count("/") == 1 and field.kind != "const":
        found.append("required and never null: a document without it fails the target as a whole")
    if len(field.choices) > MANY_CHOICES:
        found.append(f"{len(field.choices)} choices: some providers are told them in words")
    return found


def _kind(field: Field) -> str:
    choices = " | ".join(str(c) for c in field.choices[:8]) + (" | …" if len(field.choices) > 8 else "")
    return f"{field.kind} ({choices})" if field.choices else str(field.kind)


def _told(field: Field) -> str:
    return field.description or (
        field.title if field.title.casefold() != field.name.replace("_", " ").casefold() else ""
    )
