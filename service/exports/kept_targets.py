"""Keep the schemas of a run's targets in the folder of its Results: a Result itself carries only their fingerprints.

They lie in `DIR/.thresher/targets/<fingerprint>.json`, each an object with `name` and `schema`. A file whose content does
not have the fingerprint of its name is passed over, so that columns never come from another target than the Results.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.result import Result
from thresher.schemas.target import Field, Target, fingerprint_of
from thresher.service.base import json_pointer
from thresher.service.base.atomic_files import write_atomically
from thresher.service.targets.fields import TooManyFieldsError, leaves

FOLDER = Path(".thresher") / "targets"


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


def keep_targets(folder: Path, targets: Iterable[Target]) -> None:
    """Write the schema of each target below a folder of Results. Raises OSError."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for target in targets:
        file = place / f"{target.fingerprint}.json"
        if not file.exists():
            body = {"name": target.name, "schema": target.schema}
            write_atomically(file, json.dumps(body, ensure_ascii=False, indent=2) + "\n")


def kept_target(folder: Path, fingerprint: str) -> TargetFields | None:
    """Return the target with a fingerprint, if its schema is kept with the Results; None if not."""
    if not fingerprint.isalnum():
        return None
    try:
        body = json.loads((folder / FOLDER / f"{fingerprint}.json").read_text(encoding="utf-8"))
        name, schema = body["name"], body["schema"]
        fields, lists = _leaves(schema)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if fingerprint_of(name, schema) != fingerprint:
        return None
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
