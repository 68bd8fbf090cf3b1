"""Find the fields that a failed check of the whole document concerns.

An error at a leaf concerns that leaf. One of a whole object (a validator over several fields) concerns the fields
that its message names, and of those that the validator's source reads; where neither names one, of everything there.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel

from thresher.schemas import json_pointer
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.targets.validators import json_key

MESSAGE_CONSTANT_MIN_CHARS = 8  # characters from which a text constant of a validator says that a message is its own


def fields_of_error(target: Target, error: FieldError) -> tuple[str, ...]:
    """Return pointers of the fields and of the outermost lists that an error concerns, in the target's order.

    >>> from thresher.schemas.target import Field, Validation
    >>> fields = tuple(Field(path=p, kind="text") for p in ("/total", "/day", "/lines/*/amount"))
    >>> target = Target(name="T", schema={}, validate=lambda v: Validation(data=v), fields=fields)
    >>> fields_of_error(target, FieldError(path="/lines/3/amount", message="is no number"))
    ('/lines',)
    >>> fields_of_error(target, FieldError(path="", message="the lines do not add up to the total"))
    ('/total', '/lines')
    """
    at = json_pointer.pattern(error.path)
    below = [f.path for f in target.fields if not at or f.path == at or f.path.startswith(f"{at}/")]
    if at in below:
        return (outermost_list(at),)
    message = re.sub(r"^(?:Value error|Assertion failed), ", "", error.message)
    names = _said(message, below) | _read(target.model, message)
    named = [p for p in below if names & set(_parts(p))]
    return tuple(dict.fromkeys(outermost_list(p) for p in named or below))


def outermost_list(path: str) -> str:
    """Return the outermost list that a field lies in, or the field itself.

    >>> outermost_list("/orders/*/lines/*/amount"), outermost_list("/buyer/name")
    ('/orders', '/buyer/name')
    """
    return path.partition("/*")[0]


def _parts(path: str) -> list[str]:
    return [p for p in json_pointer.parts(path) if p != "*"]


def _said(message: str, paths: list[str]) -> set[str]:
    """Return the names of fields that a message contains, as they are or in words."""
    text = _words(message)
    return {name for p in paths for name in _parts(p) if _words(name) in text}


def _words(text: str) -> str:
    """Return the words of a text in lower case between blanks, with camelCase split."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " " + " ".join(re.findall(r"[^\W_]+", parted.casefold())) + " "


def _read(model: Any, message: str) -> set[str]:
    """Return JSON names of fields read by a class's validators: by those whose words the message has, else by all."""
    classes = list(_classes(model)) if inspect.isclass(model) and issubclass(model, BaseModel) else []
    sources = [tree for c in classes for tree in _validators(c)]
    own = [t for t in sources if any(told in message for told in _told(t))]
    keys: dict[str, set[str]] = {}
    for known in classes:
        for name, info in known.model_fields.items():
            keys.setdefault(name, set()).add(json_key(name, info))
    return {key for tree in own or sources for name in _identifiers(tree) for key in keys.get(name, ())}


def _classes(model: Any, seen: set[Any] | None = None) -> Iterator[type[BaseModel]]:
    """Yield a class and the classes of its fields."""
    seen = set() if seen is None else seen
    for inner in (model, *get_args(model)):
        if inner in seen:
            continue
        if inspect.isclass(inner) and issubclass(inner, BaseModel):
            seen.add(inner)
            yield inner
            for info in inner.model_fields.values():
                yield from _classes(info.annotation, seen)
        elif inner is not model:
            yield from _classes(inner, seen)


@lru_cache(maxsize=256)
def _validators(model: type[BaseModel]) -> tuple[ast.AST, ...]:
    """Return the syntax tree of each validator of a whole object; none where the source is not available."""
    found = []
    for decorator in model.__pydantic_decorators__.model_validators.values():
        function = getattr(decorator.func, "__func__", decorator.func)
        try:
            found.append(ast.parse(textwrap.dedent(inspect.getsource(function))))
        except (OSError, TypeError, SyntaxError):
            continue
    return tuple(found)


def _told(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and len(node.value.strip()) >= MESSAGE_CONSTANT_MIN_CHARS
        ):
            yield node.value.strip()


def _identifiers(tree: ast.AST) -> set[str]:
    """Return attribute names, and texts that may be keys."""
    found = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return found | {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
