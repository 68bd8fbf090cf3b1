"""Ask, with the first values, whether a document is of quite another kind than the target.

The question about the first Chunk of a Unit's own Document has one more member, at the end of the schema. It is taken out
of the answer at once; whether it is believed is decided in `results/other_kind.py`. Null changes nothing.
"""

from __future__ import annotations

from typing import Any

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.service.provider_schemas.dialects import DIALECTS, Name

KIND_MEMBER = "not_of_this_kind"
MEMBER_DESCRIPTION = (
    "null, unless the document is of quite another kind than this shape asks for, as a program's settings are no invoice: "
    "then what it is, in a few words"
)


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
