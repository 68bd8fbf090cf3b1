"""Read XML as indented `name: value` lines; evidence names the element's path. DTD and entities are not followed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from xml.parsers import expat

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import charset_named
from thresher.service.readers.text.plain_reader import load_text

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_INDENT_MAX_LEVELS = 12
_PATH_MAX_STEPS = 16  # of a path in evidence


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    children: Counter[str] = field(default_factory=Counter)
    shown: bool = False


class _Writer:
    """Handlers for expat: write a line for each element, and its attributes and children on deeper lines below."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self.builder = builder
        self.stack: list[_Element] = [_Element("", shown=True)]
        self.steps = [""]  # of the same elements: name, or name[n] from the second one on
        self.entities = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        local, parent = _local(name), self.stack[-1]
        parent.children[local] += 1
        count = parent.children[local]
        step = local if count == 1 else f"{local}[{count}]"
        self.stack.append(_Element(local, attributes))
        self.steps.append(step)

    def end(self, _: str) -> None:
        self._flush()
        self.stack.pop()
        self.steps.pop()

    def text(self, data: str) -> None:
        self.stack[-1].text.append(data)

    def other(self, data: str) -> None:
        """Take data that expat passes on because this handler is set, such as references to declared entities."""
        if data.startswith("&") and data.endswith(";"):
            self.entities = True
            self.stack[-1].text.append(data)

    def _flush(self) -> None:
        """Write what the current element has gathered: its name once, then its text so far."""
        top = self.stack[-1]
        value = " ".join("".join(top.text).split())
        top.text.clear()
        if value or not top.shown:
            self._write(f"{top.name}: {value}".rstrip(), len(self.stack) - 2)
        if not top.shown:
            for key, stated in top.attributes.items():
                if not key.startswith("xmlns"):
                    self._write(f"@{_local(key)}: {' '.join(stated.split())}", len(self.stack) - 1)
        top.shown = True

    def _write(self, line: str, depth: int) -> None:
        steps = "/".join(self.steps[max(1, len(self.steps) - _PATH_MAX_STEPS) :])
        self.builder.newline()
        self.builder.document.part_starts.append(self.builder.length)
        self.builder.document.part_labels.append(("/" if len(self.stack) - 1 <= _PATH_MAX_STEPS else "/…/") + steps)
        indent = "  " * min(depth, _INDENT_MAX_LEVELS)
        start, end = self.builder.write(indent + line)
        self.builder.document.blocks.add(start + len(indent), end, BlockKind.PARAGRAPH)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class XmlReader:
    """Read any XML vocabulary, also damaged at its end or 20,000 levels deep."""

    name = "xml"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.8 for XML, else 0."""
        return 0.8 if source.media_type in {"application/xml", "image/svg+xml"} else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it has no children
        """Return the Document. Raises InputProblem(corrupt) where not one element is complete."""
        decoded = load_text(source, options, _declared(source))
        builder = DocumentBuilder(source, kind="text")
        builder.document.facts.update(decoded.facts())
        builder.document.notes.extend(decoded.notes)
        writer = _Writer(builder)
        _parse(_DECLARATION.sub("", decoded.text, count=1), writer)
        if writer.entities:
            builder.document.notes.append(
                note("expansion_limit", "entities of the DTD are shown by name, not expanded")
            )
        return Reading(builder.build())


def _declared(source: Source) -> str | None:
    with open(source.blob, "rb") as file:  # noqa: PTH123 - one read, no Path needed
        found = _ENCODING.search(file.read(400))
    return charset_named(found[1].decode("ascii", "replace")) if found else None


def _parse(text: str, writer: _Writer) -> None:
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = writer.start, writer.end
    parser.CharacterDataHandler, parser.DefaultHandler = writer.text, writer.other
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        if not writer.builder.length:
            raise InputProblem("corrupt", f"not XML: {error}") from error
        while len(writer.stack) > 1:
            writer.end("")
        writer.builder.document.notes.append(note("corrupt_partial", f"not valid XML: {error}"))


reader = XmlReader()
