"""A target and Results for tests of tables and reports: every kind of doubt, gap and value that does not fit."""

from __future__ import annotations

from typing import Any

from thresher.schemas.extraction import Evidence, Unresolved, Unsupported
from thresher.schemas.numbers import read_json
from thresher.schemas.result import AnyResult, Coverage, Reason, Result, TargetFacts, Unclaimed
from thresher.schemas.source import SourceFacts
from thresher.schemas.target import Target
from thresher.service.targets.loading import target_from_schema

SCHEMA: dict[str, Any] = {
    "title": "Order",
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "status": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "sent": {"type": "string", "format": "date-time"},
        "total": {"anyOf": [{"type": "number"}, {"type": "string", "format": "decimal"}]},
        "count": {"type": "integer"},
        "paid": {"type": "boolean"},
        "ratio": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "extra": {"type": "object"},
        "buyer": {"type": "object", "properties": {"name": {"type": "string"}}},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "item": {"type": "string"},
                    "amount": {"type": "number"},
                    "parts": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"code": {"type": "string"}}},
                    },
                },
            },
        },
    },
}
DATA = """{"number": "=1+1", "status": "open", "day": "2024-02-29", "sent": "2024-03-04T14:05:00+01:00", "total": "42.00",
  "count": 7, "paid": true, "ratio": 0.50, "tags": ["a", "b"], "extra": {"k": [1, 2]}, "buyer": {"name": "Zoë"}, "more": "kept",
  "lines": [{"item": "Lamp", "amount": 1.50, "parts": [{"code": "x"}, {"code": "y"}]}, {"item": "Desk", "amount": null}]}"""


def target(schema: dict[str, Any] | None = None) -> Target:
    """The order, or a target of another schema."""
    return target_from_schema(schema or SCHEMA)


def result(data: str = DATA, *, of: Target | None = None, **more: Any) -> Result[Any]:
    """A Result of some data; complete unless `more` says otherwise."""
    wanted = of or target()
    facts = {"source": SourceFacts(path="a.pdf", sha256="0", media_type="application/pdf"), "status": "complete"}
    named = TargetFacts(name=wanted.name, fingerprint=wanted.fingerprint)
    return AnyResult(**{**facts, "target": named, "values": read_json(data), **more})


def doubtful() -> Result[Any]:
    """A Result with something wrong of each kind."""
    line = Evidence(path="/lines/0/amount", quote="1.50", start=8, end=12, page=3, boxes=((10.0, 20.0, 40.0, 30.0),))
    number = Evidence(path="/number", quote="=1+1", start=0, end=4, page=1, boxes=((10.0, 20.0, 40.0, 30.0),))
    return result(
        status="partial",
        evidence=[number, line],
        reasons=[
            Reason(code="unsure", path="/total", message="seen once"),
            Reason(code="unsupported", path="/lines/1/amount", message="not in the document: 9.99"),
            Reason(code="unsupported", path="/lines/-", message="not in the document"),
            Reason(code="unclaimed", path="/lines", message="page 2: looks like a record"),
        ],
        unsupported=[
            Unsupported(path="/lines/1/amount", value=9.99, reason="not in the document"),
            Unsupported(path="/lines/-", value={"item": "Ghost", "amount": 5}, reason="not in the document"),
        ],
        coverage=Coverage(unclaimed=[Unclaimed(page=2, text="Sofa 3.00", start=30, end=39)]),
        unresolved=[Unresolved(chunk=4, pages=(9, 9), reason="no valid answer", attempts=3)],
    )
