"""Parse the tree of a mail's MIME parts, as ranges of its bytes.

Parts are found by their boundaries in the bytes, not by the standard library's parser: an embedded mail must stay
unchanged byte for byte, and unlimited nesting must not exhaust the stack. Nothing here decodes or raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from thresher.schemas.errors import Note, note
from thresher.schemas.policy import Limits
from thresher.service.readers.mail.header_values import content_type, disposition
from thresher.service.readers.mail.headers import Headers, split_section
from thresher.service.readers.mail.transfer_encodings import decode_transfer

_LIKELY_BOUNDARY = re.compile(
    rb"^--([^\s-][^\r\n]{0,200}?)[ \t]*\r?\n(?=content-[a-z-]+:)", re.MULTILINE | re.IGNORECASE
)

_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")


@dataclass(slots=True)
class Span:
    """A range of a buffer: the offsets where a part's headers begin, and where its body begins and ends."""

    data: bytes
    start: int
    body: int
    end: int


@dataclass
class Part:
    """One MIME part. A multipart has `children`; one that could not be split is `broken` and has none."""

    headers: Headers
    span: Span
    media_type: str
    parameters: dict[str, str]
    depth: int = 0
    number: str = ""  # "1.2": position in the tree, as in IMAP
    children: list[Part] = field(default_factory=list)
    broken: bool = False
    preamble: bytes = b""
    epilogue: bytes = b""

    @cached_property
    def placed(self) -> tuple[str, dict[str, str]]:
        """Return its Content-Disposition and the parameters of it."""
        return disposition(self.headers.raw("content-disposition"))

    @property
    def name(self) -> str:
        """Return the declared file name; empty where there is none."""
        return (self.placed[1].get("filename") or self.parameters.get("name") or "").strip()

    @property
    def content_id(self) -> str:
        """Return its Content-ID without angle brackets."""
        return self.headers.get("content-id").strip().strip("<>")

    @property
    def encoding(self) -> str:
        """Return its Content-Transfer-Encoding, as declared."""
        return self.headers.get("content-transfer-encoding")

    @property
    def body(self) -> bytes:
        """Return the body as it was sent."""
        return self.span.data[self.span.body : self.span.end]

    @property
    def whole(self) -> bytes:
        """Return headers and body as they were sent."""
        return self.span.data[self.span.start : self.span.end]

    def content(self) -> tuple[bytes, bool]:
        """Return the decoded body, and whether its encoding was valid."""
        return decode_transfer(self.body, self.encoding)


@dataclass(slots=True)
class Tree:
    """The parts of a mail, and Notes on their faults."""

    root: Part
    notes: list[Note] = field(default_factory=list)
    parts: int = 1
    left_out: int = 0  # parts beyond the limit


def parse(data: bytes, limits: Limits) -> Tree:
    """Return the tree of a whole mail."""
    root = _part(Span(data, 0, 0, len(data)))
    tree = Tree(root)
    open_parts = [root]
    while open_parts:
        part = open_parts.pop()
        if not part.media_type.startswith("multipart/"):
            continue
        if part.depth >= limits.depth:
            part.broken = True
            tree.notes.append(note("depth_limit", f"part {part.number} is {part.depth} multiparts deep"))
            continue
        _divide(part, tree, limits)
        open_parts.extend(reversed(part.children))
    if tree.left_out:
        total = tree.parts + tree.left_out
        tree.notes.append(note("expansion_limit", f"{tree.parts} of {total} MIME parts were read"))
    return tree


def _part(span: Span, default: str = "text/plain", *, depth: int = 0, number: str = "") -> Part:
    headers, body = split_section(span.data, span.start, span.end)
    media_type, parameters = content_type(headers.raw("content-type"), default)
    return Part(headers, Span(span.data, span.start, body, span.end), media_type, parameters, depth, number)


def _divide(part: Part, tree: Tree, limits: Limits) -> None:
    """Split a multipart into children; set `broken` where its boundary is not found."""
    span = _decoded_span(part)
    delimiters = _delimiters(span, part, tree)
    if not delimiters:
        part.broken = True
        if part.body.strip():
            tree.notes.append(note("corrupt_partial", f"the multipart {part.number or 'mail'} has no boundary line"))
        return
    part.preamble = span.data[span.body : delimiters[0][0]]
    default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    ends = [start for start, _, _ in delimiters[1:]] + [span.end]
    closed = behind = False
    for (_, after, closes), end in zip(delimiters, ends, strict=True):
        behind = behind or (closed and not closes and end > after)
        closed = closed or closes
        if closes:
            part.epilogue += span.data[after:end]
        elif tree.parts >= 2 * limits.members:
            tree.left_out += 1
        elif end > after:
            tree.parts += 1
            number = f"{part.number}.{len(part.children) + 1}".lstrip(".")
            inner = Span(span.data, after, after, _without_line_end(span.data, after, end))
            part.children.append(_part(inner, default, depth=part.depth + 1, number=number))
    if behind:
        where = part.number or "mail"
        tree.notes.append(
            note("corrupt_partial", f"parts stand behind the end of the multipart {where}, where few see them")
        )


def _decoded_span(part: Part) -> Span:
    """Return the body to split. A multipart must not be encoded; where one is, its decoded bytes are used."""
    encoding = part.encoding.strip().lower()
    if encoding not in {"base64", "quoted-printable"}:
        return part.span
    data = b"\n" + part.content()[0]
    return Span(data, 1, 1, len(data)) if b"\n--" in data else part.span


def _delimiters(span: Span, part: Part, tree: Tree) -> list[tuple[int, int, bool]]:
    """Return for each boundary line its start, the offset after it, and whether it closes the multipart."""
    boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    found = _find(span, boundary) if boundary else []
    if found:
        return found
    likely = _LIKELY_BOUNDARY.search(span.data, span.body, span.end)
    if likely is None:
        return []
    tree.notes.append(note("corrupt_partial", f"the multipart {part.number or 'mail'} states another boundary"))
    return _find(span, likely[1])


def _find(span: Span, boundary: bytes) -> list[tuple[int, int, bool]]:
    """Return the lines that are the boundary; a search for bytes, as a pattern for each mail's boundary costs more."""
    data, mark, at, found = span.data, b"--" + boundary, span.body, list[tuple[int, int, bool]]()
    while (at := data.find(mark, at, span.end)) >= 0:
        rest = _AFTER_BOUNDARY.match(data, at + len(mark), span.end)
        if rest is None or (at and data[at - 1 : at] != b"\n"):
            at += 1
            continue
        found.append((at, rest.end(), rest[1] is not None))
        at = rest.end()
    return found


def _without_line_end(data: bytes, start: int, end: int) -> int:
    """Return the end without the line end before a boundary, which belongs to the boundary."""
    if data[end - 2 : end] == b"\r\n" and end - 2 >= start:
        return end - 2
    return end - 1 if data[end - 1 : end] == b"\n" and end - 1 >= start else end
