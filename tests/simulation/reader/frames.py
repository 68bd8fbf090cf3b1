"""Frames: where in a prompt the document's text stands, whoever wrote the prompt.

A line of capitals that ends with a colon ("PART:", "CONTEXT:") begins a section; so does a tag ("<context>"). Where text
stands in fences ("<<<PART 0123456789abcdef" to "PART 0123456789abcdef>>>"), the fences are the sections. Sections
named for context or neighbours are read for single facts only; sections of examples, or of what is known already, are
not read; all others are. After few-shot examples ("Q: … A: …") only the last question counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Messages = list[dict[str, Any]]
_SECTION = re.compile(r"^(?:([A-Z][A-Z ]{2,40}):|<(/?)([a-z_]{3,30})>)[ \t]*$", re.MULTILINE)
LINES = "LINES"  # the fence of single lines, of which those with a number are asked about
_NUMBERED = re.compile(r"^(\d+)\| (.*)$", re.MULTILINE)
_AROUND = re.compile(r"^[= ]\| (.*)$", re.MULTILINE)
_FENCE = re.compile(r"^<<<([A-Z][A-Z ]{2,40}) ([0-9a-f]{16})\n(.*?)\n?^\1 \2>>>$", re.MULTILINE | re.DOTALL)
_COMPLAINT = re.compile(
    r"answer does not fit|validation error|[Cc]orrect (?:your|the) |Recall the function correctly|not valid JSON"
)
_PREVIOUS = re.compile(r"^\[Previous text\]: (?:\.\.\.)?(.*?)\n\n+Examples$", re.DOTALL | re.MULTILINE)
_BESIDE = ("CONTEXT", "NEIGHBOUR", "NEIGHBOR", "BEFORE", "AFTER", "PREVIOUS", "NEXT", "SURROUNDING")
_UNREAD = ("EXAMPLE", "KNOWN", "FOUND", "ALREADY", "VALUES", "SCHEMA", "FIELDS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A prompt taken apart."""

    text: str  # to be read
    context: str  # shown beside it
    schema: dict[str, Any] | None  # what is asked for, if it says so in words
    extractions: dict[str, list[str]] | None  # few-shot shape: name of a class to names of its attributes
    numbered: dict[int, str] = field(default_factory=dict)  # the lines that are asked about, where lines are


def framed(messages: Messages) -> Frame:
    """What the conversation shows: the last turn of the user that shows a document, the rest for the asked shape."""
    turns = [text_of(m) for m in messages if m["role"] == "user"] or [text_of(m) for m in messages]
    whole = "\n".join(text_of(m) for m in messages)
    shown = next((t for t in reversed(turns) if not _COMPLAINT.search(t[:300])), turns[0])
    text, context = _parted(_last_question(shown))
    previous = _PREVIOUS.search(shown)
    context = f"{previous[1]}\n{context}" if previous else context
    return Frame(
        text=text, context=context, schema=_schema_in(whole), extractions=_shape(whole), numbered=numbered_in(shown)
    )


def text_of(message: dict[str, Any]) -> str:
    """The words of a message, in one string or in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(p.get("text") or "") for p in content if isinstance(p, dict))


def part_in(text: str) -> str:
    """The text in the fence of the part, or the numbered lines in that of lines; the whole where there is none."""
    fences = {m[1]: m[3] for m in _FENCE.finditer(text)}
    lines = "\n".join(numbered_in(text).values()) if LINES in fences else text
    return fences.get("PART", lines)


def numbered_in(text: str) -> dict[int, str]:
    """The lines that a question asks about, by their numbers; none where it does not ask about lines."""
    fences = (m[3] for m in _FENCE.finditer(text) if m[1] == LINES)
    return {int(m[1]): m[2] for fence in fences for m in _NUMBERED.finditer(fence)}


def _last_question(text: str) -> str:
    """What stands behind the last "Q:"."""
    if "\nQ: " not in text or "\nA:" not in text:
        return text
    return text[text.rindex("\nQ: ") + 4 :].removesuffix("A:").removesuffix("A: ").rstrip()


def _parted(text: str) -> tuple[str, str]:
    """(text to read, context beside it)."""
    sections = [(n, b) for n, b in _sections(text) if not any(word in n for word in _UNREAD)]
    told = [(n, b) for n, b in sections if not any(word in n for word in _BESIDE)]
    beside = [b for n, b in sections if (n, b) not in told]
    read = [b for n, b in told if n] or [b for _, b in told]  # where parts are named, the rest is instructions
    return "\n".join(read), "\n".join(beside)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    if fences := [(m[1], m[3]) for m in _FENCE.finditer(text)]:
        for fence, inner in fences:
            yield fence, part_in(text) if fence == LINES else inner
            if fence == LINES:
                yield "SURROUNDING", "\n".join(m[1] for m in _AROUND.finditer(inner))
        return
    name, start = "", 0
    for match in _SECTION.finditer(text):
        yield name, text[start : match.start()]
        name, start = ("" if match[2] else (match[1] or match[3]).upper()), match.end() + 1
    yield name, text[start:]


def _schema_in(text: str) -> dict[str, Any] | None:
    """A JSON Schema written out in the prompt."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"\{\s*\"", text):
        try:
            found, _ = decoder.raw_decode(text, match.start())
        except ValueError:
            continue
        if isinstance(found, dict) and ("properties" in found or "$defs" in found):
            return found
    return None


def _shape(text: str) -> dict[str, list[str]] | None:
    """The classes and attributes that examples of the form {"extractions": [...]} show."""
    if '"extractions"' not in text:
        return None
    decoder = json.JSONDecoder()
    for match in re.finditer(r"\{\s*\"extractions\"", text):
        try:
            found, _ = decoder.raw_decode(text, match.start())
        except ValueError:
            continue
        shape = {
            k: list(x.get(f"{k}_attributes") or {}) for x in found["extractions"] for k in x if f"{k}_attributes" in x
        }
        if shape:
            return shape
    return None
