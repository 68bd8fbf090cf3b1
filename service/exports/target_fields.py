"""Find the fields of the targets of Results: a Result itself carries only the name and fingerprint of its target.

The schemas of a run's targets lie beside its Results, see `storage/run_inputs.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import Result
from thresher.schemas.target import Field, Target, fingerprint_of
from thresher.service.storage.run_inputs import inputs_of
from thresher.service.targets.fields import TooManyFieldsError, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFields:
    """What tables need of a target: its leaves in schema order and its lists of objects, as pointer patterns."""

    name: str
    fingerprint: str
    fields: tuple[Field, ...]
    lists: tuple[str, ...]
    inferred: bool = False  # from the data, because the schema is not known

    @classmethod
    def of(cls, target: Target) -> TargetFields:
        """Return those of a loaded target."""
        return cls(name=target.name, fingerprint=target.fingerprint, fields=target.fields, lists=target.lists)


def kept_target(folder: Path, fingerprint: str) -> TargetFields | None:
    """Return the target with a fingerprint, if a run into the folder kept its schema there; None if not.

    A schema that does not have the fingerprint is passed over: columns never come from another target than the Results.
    """
    inputs = inputs_of(folder)
    name, schema = inputs.names.get(fingerprint, ""), inputs.targets.get(fingerprint)
    if schema is None or fingerprint_of(name, schema) != fingerprint:
        return None
    fields, lists = _leaves(schema)
    return TargetFields(name=name, fingerprint=fingerprint, fields=fields, lists=lists)


def _leaves(schema: dict[str, Any]) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    try:
        return leaves(schema)
    except TooManyFieldsError:
        return leaves(schema, again=0)


def inferred_target(results: Iterable[Result[Any]]) -> TargetFields:
    """Return the fields that the data of some Results of one target has: a last resort, for a target not known."""
    fields: dict[str, None] = {}
    lists: dict[str, None] = {}
    name = fingerprint = ""
    for result in results:
        name, fingerprint = result.target.name, result.target.fingerprint
        _walk(result.values, "", fields, lists)
    made = tuple(Field(path=p, kind="any") for p in fields)
    return TargetFields(name=name, fingerprint=fingerprint, fields=made, lists=tuple(lists), inferred=True)


def _walk(value: Any, path: str, fields: dict[str, None], lists: dict[str, None]) -> None:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            _walk(member, json_pointer.join(path, key), fields, lists)
    elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
        lists.setdefault(path)
        for item in value:
            _walk(item, f"{path}/*", fields, lists)
    elif path:
        fields.setdefault(path)
