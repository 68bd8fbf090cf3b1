"""What every adapter shares: the files of a set, and cases whose truth speaks only of what it is sure of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from thresher.schemas import json_pointer
from thresher.schemas.target import Target
from thresher.service.formats.dates import DateOrder
from thresher.service.formats.displayed_values import parse_date, parse_number
from thresher.service.scorecard.cases import Case, checked_case
from thresher.service.scorecard.evidence import TrueEvidence
from thresher.service.scorecard.scored_fields import FieldRules

Name = Annotated[str, Field(json_schema_extra={"score": "name"})]
Money = Annotated[float, Field(json_schema_extra={"score": "money"})]
Id = Annotated[str, Field(json_schema_extra={"score": "id"})]
UNSURE = object()  # a value that is known to be wrong or can not be read: its place is not judged


def manifest(folder: Path) -> Iterator[dict[str, Any]]:
    """Entries of a set's manifest."""
    yield from json.loads((folder / "manifest.json").read_text("utf-8"))


def read(file: Path) -> Any:
    """A JSON file."""
    return json.loads(file.read_text("utf-8"))


def case(
    name: str, source: Path, target: Target, expected: dict[str, Any], evidence: tuple[TrueEvidence, ...] = ()
) -> Case:
    """A case without what is unsure, and without what the target has no field for."""
    sure = _sure(expected, FieldRules(target), "")
    kept = tuple(e for e in evidence if json_pointer.get(sure, e.path) is not None)
    return checked_case(Case(name=name, source=source, target=target, expected=sure, evidence=kept))


def day(text: str | None, order: DateOrder) -> Any:
    """A date as ISO text; null for none, UNSURE for what is no date."""
    if not (text or "").strip():
        return None
    found = parse_date(str(text), order=order)
    return UNSURE if found is None else found.isoformat()


def amount(text: str | None) -> Any:
    """A number; null for none, UNSURE for what is none."""
    if not (text or "").strip():
        return None
    found = parse_number(str(text))
    return UNSURE if found is None else float(found)


def _sure(value: Any, fields: FieldRules, path: str) -> Any:
    """The value without what is unsure, and without what the target has no field for; UNSURE when nothing is left."""
    if isinstance(value, dict) and value:
        inside = {k: _sure(v, fields, json_pointer.join(path, k)) for k, v in value.items()}
        sure = {k: v for k, v in inside.items() if v is not UNSURE}
        return sure or (UNSURE if path else {})
    if isinstance(value, list) and value:
        members = [_sure(v, fields, f"{path}/{i}") for i, v in enumerate(value)]
        return [m for m in members if m is not UNSURE] or UNSURE
    known = fields.below(path) if value in (None, "", [], {}) else fields.pattern(path)
    return value if value is not UNSURE and known else UNSURE
