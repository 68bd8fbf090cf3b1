"""Load the user's schema, in any accepted form, as a Target, which every stage reads."""

from __future__ import annotations

import difflib
import importlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
import jsonschema_rs
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from thresher.schemas.errors import InputProblem
from thresher.schemas.library import LIBRARY, library_names
from thresher.schemas.target import Field, Target
from thresher.service.targets.code_fingerprint import fingerprint_of_code
from thresher.service.targets.draft_upgrade import UnusableError, upgrade_draft
from thresher.service.targets.fields import TooManyFieldsError, leaves
from thresher.service.targets.linear_patterns import is_pattern, patterns
from thresher.service.targets.shapes import Shapes
from thresher.service.targets.target_files import from_file, from_module, is_model
from thresher.service.targets.validators import Judge, model_validator_of, schema_validator_of

__all__ = ["library_names", "load_target", "target_from_model", "target_from_schema"]

FORMS = "a ready-made name, path/to/file.py:Model, package.module:Model, or schema.json"
_NO_DRAFT = jsonschema.Draft3Validator  # stands for none: nobody states that draft
_OLD = (jsonschema.Draft7Validator, jsonschema.Draft6Validator, jsonschema.Draft4Validator, jsonschema.Draft3Validator)


def load_target(spec: str | dict[str, Any] | type, *, base: Path = Path()) -> Target:
    """Load the target that a spec names. Paths and modules are found from `base`. Raises InputProblem(target_invalid).

    A spec is a ready-made name (`invoice`), `path/to/file.py:Model` (or `file.py` with one obvious model),
    `package.module:Model`, `schema.json`, a JSON Schema, or a class. Python files and modules are run.
    """
    if not isinstance(spec, str | dict):
        return target_from_model(spec)
    made = _from_words(spec, base) if isinstance(spec, str) else target_from_schema(spec)
    return replace(made, made_from=(spec, base))


def _from_words(spec: str, base: Path) -> Target:
    if spec in LIBRARY:
        module, name = LIBRARY[spec].split(":")
        return target_from_model(getattr(importlib.import_module(module), name))
    file, _, name = spec.rpartition(":")
    if spec.endswith(".py") or file.endswith(".py"):
        path, chosen = (spec, None) if spec.endswith(".py") else (file, name)
        return replace(target_from_model(from_file(base / path, chosen)), code=fingerprint_of_code(base / path))
    if spec.endswith(".json"):
        return _from_json(base / spec)
    if re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", file):
        model = from_module(file, name, base)
        return replace(target_from_model(model), code=fingerprint_of_code(Path(str(sys.modules[file].__file__))))
    return _unknown(spec)


def target_from_model(model: Any, name: str | None = None) -> Target:
    """Build the target of a pydantic class, dataclass or TypedDict. Raises InputProblem(target_invalid).

    >>> from pydantic import BaseModel
    >>> class Note(BaseModel):
    ...     title: str | None
    >>> target_from_model(Note).fields[0].path
    '/title'
    """
    name = name or str(getattr(model, "__name__", model))
    if not is_model(model):
        _refuse(f"{name}: this is not a pydantic model, dataclass or TypedDict")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(model)
        schema = adapter.json_schema(by_alias=True, mode="validation", schema_generator=_Schema)
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        raise InputProblem("target_invalid", f"{name}: {type(error).__name__}: {reason}") from error
    return _target(name, schema, model_validator_of(adapter), model)


def target_from_schema(schema: dict[str, Any], name: str | None = None) -> Target:
    """Build the target of a JSON Schema of draft 3 to 2020-12. Raises InputProblem(target_invalid)."""
    title = schema.get("title")
    name = name or (title if isinstance(title, str) and title else "target")
    validator = _draft(schema, name)
    try:
        whole = upgrade_draft(schema, siblings=validator not in _OLD)
    except (UnusableError, RecursionError) as error:
        _refuse(f"{name}: {_reason(error)}")
    if why := _fault(jsonschema.Draft202012Validator, whole):
        _refuse(f"{name}: {why}")
    for place, pattern in patterns(whole):
        if not is_pattern(pattern):
            _refuse(f"{name}: not a valid pattern at {place or '/'}: {pattern[:200]!r}")
    return _target(name, whole, schema_validator_of(whole), None)


class _Schema(GenerateJsonSchema):
    """Pydantic's JSON Schema, with Decimals marked so that they differ from unions of number and text."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Return the schema of a Decimal: a number, or its digits as text."""
        made = super().decimal_schema(schema)
        for branch in made.get("anyOf", ()):
            if branch.get("type") == "string":
                branch["format"] = "decimal"
        return made


def _target(name: str, schema: dict[str, Any], judge: Judge, model: Any) -> Target:
    try:
        _check_root(name, schema)
        fields, lists = _leaves(schema)
    except (TooManyFieldsError, RecursionError) as error:
        _refuse(f"{name}: {_reason(error)}")
    if not any(f.path for f in fields):
        _refuse(f"{name}: it has no fields")
    return Target(name=name, schema=schema, validate=judge, fields=fields, lists=lists, model=model)


def _leaves(schema: dict[str, Any]) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """Return leaves with recursion followed once; where that is too many, not at all."""
    try:
        return leaves(schema)
    except TooManyFieldsError:
        return leaves(schema, again=0)


def _check_root(name: str, schema: dict[str, Any]) -> None:
    kinds = {s.type for s in Shapes(schema).at(schema)}
    if "object" not in kinds:
        kind = " or ".join(sorted(kinds - {"any"})) or "open"
        remedy = ' as in {"items": [...]}' if kind == "array" else ""
        _refuse(f"{name}: its root is {kind}, but a target is an object; put it under a key{remedy}")


def _from_json(path: Path) -> Target:
    if not path.is_file():
        _refuse(f"{path}: no such file")
    try:
        schema = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        _refuse(f"{path}: {_reason(error)}")
    if not isinstance(schema, dict):
        _refuse(f"{path}: a JSON Schema is an object, this is {type(schema).__name__}")
    name, inner = _unwrapped(schema)
    return target_from_schema(inner, name or path.name.removesuffix(".json"))


def _unwrapped(schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return name and schema without the wrappers that providers and benchmarks put around a schema."""
    title = schema.get("title") or schema.get("name")
    name = title if isinstance(title, str) else ""
    for wrapper in ("json_schema", "schema", "schema_definition"):
        inner = schema.get(wrapper)
        if isinstance(inner, dict) and not schema.keys() & {"properties", "$ref", "allOf", "anyOf", "oneOf"}:
            deeper, found = _unwrapped(inner)
            return name or deeper, found
    return name, schema


def _draft(schema: dict[str, Any], name: str) -> Any:
    """Return the validator of the draft that a schema states, or of the newest that takes it."""
    found = jsonschema.validators.validator_for(schema, default=_NO_DRAFT) if "$schema" in schema else _NO_DRAFT
    stated = None if found is _NO_DRAFT else found
    if stated is None and isinstance(schema.get("$schema"), str) and "json-schema.org/draft-0" in schema["$schema"]:
        stated = jsonschema.Draft7Validator
    fitting = [stated] if stated else [jsonschema.Draft202012Validator, *_OLD]
    first = _fault(fitting[0], schema)
    if not first:
        return fitting[0]
    found = next((validator for validator in fitting[1:] if not _fault(validator, schema)), None)
    if found is None:
        _refuse(f"{name}: {first}")
    return found


def _fault(validator: Any, schema: dict[str, Any]) -> str:
    """Return why a draft does not take a schema, "" where it does. Patterns are checked elsewhere."""
    judge = _of_draft(validator)
    try:
        if judge is None:
            validator.check_schema(schema, format_checker=None)
        else:
            judge.validate(schema)
    except (jsonschema.SchemaError, jsonschema_rs.ValidationError, ValueError, RecursionError) as error:
        return _reason(error)
    return ""


@cache
def _of_draft(validator: Any) -> jsonschema_rs.Validator | None:
    """Return a fast validator of a draft's schemas (jsonschema-rs, about 100 times as fast); None for draft 3."""
    schema_checker = {
        jsonschema.Draft202012Validator: jsonschema_rs.Draft202012Validator,
        jsonschema.Draft201909Validator: jsonschema_rs.Draft201909Validator,
        jsonschema.Draft7Validator: jsonschema_rs.Draft7Validator,
        jsonschema.Draft6Validator: jsonschema_rs.Draft6Validator,
        jsonschema.Draft4Validator: jsonschema_rs.Draft4Validator,
    }
    return (
        schema_checker[validator](validator.META_SCHEMA, validate_formats=False)
        if validator in schema_checker
        else None
    )


def _reason(error: Exception | None) -> str:
    if isinstance(error, jsonschema.SchemaError):
        return _not_valid(error.absolute_path, error.message)
    if isinstance(error, jsonschema_rs.ValidationError):
        return _not_valid(error.instance_path, error.message)
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


def _not_valid(path: Iterable[str | int], message: str) -> str:
    return f"not a valid JSON Schema at /{'/'.join(map(str, path))}: {message[:200]}"


def _unknown(spec: str) -> NoReturn:
    if spec.endswith(".toml"):
        _refuse(f"{spec}: this is a map of targets, to be given for files, not one target")
    close = difflib.get_close_matches(spec, library_names(), 1)
    hint = f"did you mean {close[0]!r}? Else give" if close else f"ready-made are {', '.join(library_names())}; give"
    _refuse(f"{spec!r} is no target: {hint} {FORMS}")


def _refuse(reason: str) -> NoReturn:
    raise InputProblem("target_invalid", reason)
