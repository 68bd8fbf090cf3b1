"""Ask, with the first values, whether a document is of quite another kind than the target.

The question about the first Chunk of a Unit's own Document has one more member, at the end of the schema. It is taken out
of the answer at once, and believed only if few of the target's leading fields were found. Null changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction, Unsupported
from thresher.schemas.result import Reason
from thresher.schemas.target import Field, Target
from thresher.service.base import json_pointer
from thresher.service.merging.tree import Merged
from thresher.service.provider_schemas.dialects import DIALECTS, Name

KIND_MEMBER = "not_of_this_kind"
MEMBER_DESCRIPTION = (
    "null, unless the document is of quite another kind than this shape asks for, as a program's settings are no invoice: "
    "then what it is, in a few words"
)
ENOUGH_FOUND_SHARE = 0.5  # of the leading fields: with so many found a document is of the target's kind


def asks_kind(document: Document, chunk: Chunk, schema: dict[str, Any]) -> bool:
    """Whether a question may also ask what the document is: it is about the first Chunk, and not about leftover lines."""
    first = chunk.index == 0 and not chunk.ranges and document.source.parent is None
    return first and KIND_MEMBER not in schema.get("properties", {KIND_MEMBER: None})


def with_kind(schema: dict[str, Any], dialect: Name) -> dict[str, Any]:
    """Return the asked schema with the member at its end, in the form that a provider's dialect has for null."""
    takes = DIALECTS[dialect]
    kind: dict[str, Any] = {"type": ["string", "null"]}
    if not takes.type_lists:
        kind = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    if takes.blanks:
        kind = {"type": "string"}
    told = MEMBER_DESCRIPTION.replace("null", '"" ', 1) if takes.blanks else MEMBER_DESCRIPTION
    members = {**schema["properties"], KIND_MEMBER: {**kind, "description": told}}
    return {**schema, "properties": members, "required": [*schema.get("required", ()), KIND_MEMBER]}


def without_kind(answer: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return an answer without the member, and what it said: "" for null and for no words.

    >>> without_kind({"total": 1, "not_of_this_kind": "a log"})
    ({'total': 1}, 'a log')
    """
    said = answer.get(KIND_MEMBER)
    rest = {k: v for k, v in answer.items() if k != KIND_MEMBER}
    return rest, said.strip() if isinstance(said, str) else ""


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
        return Reason(code=KIND_MEMBER, path="", message=asked[0].other_kind) if others else None
    found = {e.path.split("/")[1] for e in evidence if e.match != "none"}
    names = [f.path.split("/")[1] for f in leading(target)]
    told = sum(n in found for n in names)
    if not names or told >= ENOUGH_FOUND_SHARE * len(names):
        return None
    said = f"the document is {asked[0].other_kind}, says the model; {told} of {len(names)} leading fields were found"
    return Reason(code=KIND_MEMBER, path="", message=f"{said} (looked for: {', '.join(names)})")


def withdrawn(merged: Merged) -> Merged:
    """Return the merged whole without data: all values moved to the unsupported ones, with the reason."""
    found = [
        Unsupported(path=path, value=value, reason="found in a document of another kind")
        for path, value in json_pointer.leaves(merged.data)
    ]
    return Merged(data={}, unsupported=[*merged.unsupported, *found])
