"""ExtractBench: long agreements, wide filings, resumes and tables, each kind with its own JSON Schema.

Not judged: what the gold says was not found, and what its own schema has no field for. The metrics that ask a model
(semantic, array_llm) are compared as free text and by assignment instead, so scores are not those of the paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.adapters.base import UNSURE, case, manifest, read
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import target_from_schema

_AS = {"string_exact": "id", "string_case_insensitive": "id"}


def cases(folder: Path) -> Iterator[Case]:
    """One case a document, named after its kind and file."""
    for entry in manifest(folder):
        schema, source = folder / entry["schema"], folder / entry["document"]
        body = read(schema)
        target = target_from_schema(_hinted(body.get("schema_definition", body)), schema.stem.removesuffix("-schema"))
        yield case(f"{target.name}-{source.stem}", source, target, _sure(_flat(read(folder / entry["truth"]))))


def _flat(gold: dict[str, Any]) -> dict[str, Any]:
    """The gold of result tables puts its one event into a list that its own schema does not have."""
    events = gold.pop("events", [])
    return {**gold, **events[0]} if len(events) == 1 else gold


def _hinted(schema: Any) -> Any:
    """The schema with our hints where it names metrics that we have."""
    if isinstance(schema, list):
        return [_hinted(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    metric = schema.get("evaluation_config")
    hint = {"score": _AS[metric]} if isinstance(metric, str) and metric in _AS else {}
    return {k: _hinted(v) for k, v in schema.items()} | hint


def _sure(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sure(v) for k, v in value.items()}
    if isinstance(value, list):
        return UNSURE if value == ["NOT_FOUND"] else [_sure(v) for v in value]
    return UNSURE if value == "NOT_FOUND" else value
