"""Build the question about lines in which no record was found, and read the line numbers in its answer.

Lines are shown among their neighbours: `N| text` is asked about, `=| text` belongs to a record that was found, ` | text`
is context, and "…" marks a gap. The answer gives records that were left out, and the numbers of lines that are no record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.target import Target
from thresher.service.prompts.fence import fenced, numbered
from thresher.service.provider_schemas.request_schema import RequestSchema
from thresher.service.records.chunk_parts import heads_above

NO_RECORD = "no_record"  # the member of an answer that names lines
GAP = "…"
_NUMBERS = {
    "type": "array",
    "items": {"type": "integer"},
    "description": "numbers of the asked lines that are no record of these lists",
}

Schema = dict[str, Any]


def has_lists(asked: RequestSchema, target: Target) -> bool:
    """Whether lists of records are among what is asked; True also where no list lies under a member of the root."""
    return not _tops(target) or not _tops(target).isdisjoint(asked.schema.get("properties") or {})


def leftover_question(asked: RequestSchema, target: Target) -> RequestSchema:
    """Return what is asked of leftover lines: the lists of a target alone. The schema has a member for lines that are none."""
    tops = _tops(target)
    schema, lenient = _only(asked.schema, tops), _only(asked.lenient, tops)
    lenient = {
        k: v for k, v in lenient.items() if k != "additionalProperties"
    }  # more than was asked for is left out later
    return asked.narrowed(_with_numbers(schema), lenient)


def lines_shown(document: Document, chunk: Chunk, found_lines: Collection[int]) -> str:
    """Return the lines of a Chunk that are asked about, in a fence, among those around them. `found_lines`: where lines of found records begin."""
    asked = {line: n for n, line in enumerate(chunk.lines, 1)}
    heads = heads_above(document.text, chunk.lines, {*found_lines, *(start for start, _ in chunk.lines)})
    return fenced("\n".join(_shown(document, asked, {*chunk.around, *heads}, found_lines)), "LINES")


def no_record(answer: Any, chunk: Chunk) -> tuple[int, ...]:
    """Return where the lines of a Chunk begin that an answer says are no record."""
    numbers = answer.get(NO_RECORD) if isinstance(answer, dict) else None
    known = numbers if isinstance(numbers, list) else []
    return tuple(sorted({chunk.lines[n - 1][0] for n in known if type(n) is int and 0 < n <= len(chunk.lines)}))


def _shown(
    document: Document, asked: dict[tuple[int, int], int], around: set[tuple[int, int]], found_lines: Collection[int]
) -> Iterator[str]:
    before = None
    for start, end in sorted({*asked, *around}):
        if before is not None and document.text[before:start].strip():
            yield GAP
        text = document.text[start:end].replace("\n", " ")
        number = asked.get((start, end))
        yield numbered([text], number) if number else f"{'=' if start in found_lines else ' '}| {text}"
        before = end


def _tops(target: Target) -> frozenset[str]:
    """Return the members of the root that contain lists of records."""
    return frozenset(pattern.split("/")[1] for pattern in target.lists if pattern)


def _only(schema: Schema, tops: Collection[str]) -> Schema:
    """Return an object's schema reduced to some members; unchanged if it has none of them."""
    kept = {k: v for k, v in (schema.get("properties") or {}).items() if k in tops}
    if not kept:
        return schema
    lean = {**schema, "properties": kept, "required": [k for k in schema.get("required", ()) if k in kept]}
    if "$defs" in schema:
        lean["$defs"] = _referred(kept, schema["$defs"])
    return lean if lean.get("$defs") != {} else {k: v for k, v in lean.items() if k != "$defs"}


def _referred(kept: Schema, definitions: Schema) -> Schema:
    """Return the definitions that some members refer to, directly or through others."""
    todo, found = [kept], dict[str, Any]()
    while todo:
        for name in _names(todo.pop()):
            if name in definitions and name not in found:
                found[name] = definitions[name]
                todo.append(definitions[name])
    return {name: definitions[name] for name in definitions if name in found}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rsplit("/", 1)[-1]
        value = list(value.values())
    for member in value if isinstance(value, list) else ():
        yield from _names(member)


def _with_numbers(schema: Schema) -> Schema:
    properties = schema.get("properties") or {}
    return {
        **schema,
        "properties": {**properties, NO_RECORD: _NUMBERS},
        "required": [*schema.get("required", ()), NO_RECORD],
    }
