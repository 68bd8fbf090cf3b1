"""Target: the user's schema, in whatever form it was written, as one JSON Schema and a validator of whole documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from thresher.schemas.extraction import Method
from thresher.schemas.result import FieldError

Kind = Literal[
    "text", "integer", "number", "boolean", "date", "datetime", "time", "enum", "email", "uri", "const", "any"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One leaf of a target. `path` is a JSON Pointer pattern in which `*` stands for any list index or map key."""

    path: str  # "/lines/*/amount"
    kind: Kind
    description: str = ""
    title: str = ""
    required: bool = False
    nullable: bool = False
    choices: tuple[Any, ...] = ()  # of an enum or const
    aliases: tuple[str, ...] = ()
    schema: dict[str, Any] = field(default_factory=dict)  # the leaf's own JSON Schema, constraints and all
    method: Method = "read"  # how its values are had, by the target's own word or by what kind and description say
    derived: str = ""  # for method "derived": the expression that computes it, where one is known

    @property
    def name(self) -> str:
        """Return the last part of the path that is a name.

        >>> Field(path="/parties/*", kind="text").name
        'parties'
        """
        return next((p for p in reversed(self.path.split("/")) if p and p != "*"), "")

    @property
    def in_list(self) -> bool:
        """Whether the field may occur more than once."""
        return "*" in self.path.split("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A judgement of a whole: the validated value in JSON form, or the errors."""

    data: Any | None
    errors: tuple[FieldError, ...] = ()
    typed: Any = None  # instance of the user's class, where there is one


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be known. `schema` is JSON Schema 2020-12 whose root is an object."""

    name: str
    schema: dict[str, Any]
    validate: Callable[[Any], Validation]  # the strict validator of a whole document
    fields: tuple[Field, ...]  # leaves, in schema order; recursion is cut where a $ref meets itself
    lists: tuple[str, ...] = ()  # pointer patterns of the lists of objects: "/lines", "/orders/*/lines"
    model: Any = None  # the user's class, where there is one: pydantic, dataclass or TypedDict
    made_from: tuple[Any, Path] | None = None  # spec and base for `load_target`, where another process can load it too
    code: str = ""  # hash of the user's Python file that validates, where there is one

    @property
    def nested(self) -> bool:
        """Whether a list of objects holds another."""
        return any(a.startswith(f"{b}/*/") for a in self.lists for b in self.lists)

    @property
    def several(self) -> bool:
        """Whether any field may have several values."""
        return any(f.in_list for f in self.fields)

    @cached_property
    def aliases(self) -> dict[str, tuple[str, ...]]:
        """Return the further names of fields, by path."""
        return {f.path: f.aliases for f in self.fields if f.aliases}

    @cached_property
    def fingerprint(self) -> str:
        """Hash name and schema: part of every question's identity."""
        return fingerprint_of(self.name, self.schema)


def fingerprint_of(name: str, schema: dict[str, Any]) -> str:
    """Return the fingerprint of the target with this name and schema: 16 hexadecimal digits."""
    body = json.dumps([name, schema], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:16]
