"""Assemble found spans in the target's shape, and compute baseline values without a model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.ranking.span_score import MIN_SCORE
from thresher.service.rules.spans.line_pieces import lay_out
from thresher.service.rules.spans.scalar_lists import list_spans
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import candidates, concept_of, found_spans, shape_of


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A span for a path of the result (JSON Pointer)."""

    path: str
    span: Span


def assemble(target: Target, found: list[FoundValue]) -> dict[str, Any]:
    """Return the data in the target's shape: each scalar or null, each list, possibly empty.

    An object below the root without any found value is null.
    """
    data: dict[str, Any] = {}
    given = {f.path: f.span.value for f in found}
    for leaf in target.fields:
        head, star, _ = leaf.path.partition("/*")
        _set(data, _keys(head), [] if star else given.get(leaf.path), keep=True)
    for path, value in given.items():
        _set(data, _keys(path), value, keep=False)
    return {k: _without_empty(v) for k, v in data.items()}


def _keys(path: str) -> list[str]:
    return [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]


def _set(container: Any, keys: list[str], value: Any, *, keep: bool) -> None:
    """Set a value at a path and create objects and list items on the way; `keep` preserves an existing value."""
    for key, following in pairwise(keys):
        fresh: Any = [] if following.isdigit() else {}
        if isinstance(container, list):
            container.extend({} for _ in range(int(key) + 1 - len(container)))
            container = container[int(key)]
        else:
            container = container.setdefault(key, fresh)
    last = keys[-1]
    if isinstance(container, list):
        container.append(value)
    elif not keep or last not in container:
        container[last] = value


def _without_empty(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {k: _without_empty(v) for k, v in value.items()}
    return inside if any(v not in (None, []) for v in inside.values()) else None


def first_values(document: Document, target: Target) -> dict[str, Any]:
    """Return a baseline without ranking or model: for each field the first candidate of its shape in document order."""
    layout = lay_out(document, 0, len(document.text))
    return {f.path: _first(found_spans(layout, f, shape_of(f, concept_of(f))), f) for f in target.fields}


def ranked_values(document: Document, target: Target) -> dict[str, Any]:
    """Return a baseline without a model: for each field the best candidate if its score is good enough."""
    layout = lay_out(document, 0, len(document.text))
    return {f.path: _best(candidates(layout, f), f) for f in target.fields}


def _first(spans: list[Span], leaf: Field) -> Any:
    in_order = [s.value for s in sorted(spans, key=lambda s: (s.start, s.end))]
    if leaf.in_list:
        return in_order[:2]
    return in_order[0] if in_order else None


def _best(spans: list[Span], leaf: Field) -> Any:
    if leaf.in_list:
        return [s.value for s in list_spans(spans)]
    return spans[0].value if spans and spans[0].score >= MIN_SCORE else None
