"""Decide whether a document is of quite another kind than the target, and take its values back where it is."""

from __future__ import annotations

from collections.abc import Sequence

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction, Unsupported
from thresher.schemas.result import Reason
from thresher.schemas.target import Field, Target
from thresher.service.merging.tree import Merged

CODE = "not_of_this_kind"
ENOUGH_FOUND_SHARE = 0.5  # of the leading fields: with so many found a document is of the target's kind


def leading(target: Target) -> list[Field]:
    """Return the fields that a document of the target's kind states: top-level ones that are read and not boolean."""
    top = [f for f in target.fields if f.path.count("/") == 1 or (f.path.endswith("/*") and f.path.count("/") == 2)]
    return [f for f in top if f.kind not in ("boolean", "const") and f.schema.get("x-method", "read") == "read"]


def of_kind(extractions: Sequence[Extraction], target: Target, evidence: Sequence[Evidence]) -> Reason | None:
    """Return the Reason to give nothing, or None.

    By rules: every Document is of another kind. By a model: it says so, and fewer than half of the leading fields were
    found.
    """
    asked = [x for x in extractions if x.other_kind]
    if not asked:
        return None
    if any(x.by_rules for x in asked):
        others = {x.document for x in extractions} == {x.document for x in asked}
        return Reason(code=CODE, path="", message=asked[0].other_kind) if others else None
    found = {e.path.split("/")[1] for e in evidence if e.match != "none"}
    names = [f.path.split("/")[1] for f in leading(target)]
    told = sum(n in found for n in names)
    if not names or told >= ENOUGH_FOUND_SHARE * len(names):
        return None
    said = f"the document is {asked[0].other_kind}, says the model; {told} of {len(names)} leading fields were found"
    return Reason(code=CODE, path="", message=f"{said} (looked for: {', '.join(names)})")


def withdrawn(merged: Merged) -> Merged:
    """Return the merged whole without data: all values moved to the unsupported ones, with the reason."""
    found = [
        Unsupported(path=path, value=value, reason="found in a document of another kind")
        for path, value in json_pointer.leaves(merged.data)
    ]
    return Merged(data={}, unsupported=[*merged.unsupported, *found])
