"""Read multipart bodies as a stream of parts: memory holds only the piece that just arrived.

    async for part in parts(pieces, boundary, limits):
        async for data in part.data: ...

The parser is python-multipart's; its callbacks fill a queue that is emptied before the next piece is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from thresher.schemas.errors import InputProblem

NAME_MAX_CHARS = 255  # characters of a file name that are kept


@dataclass(slots=True, kw_only=True)
class Part:
    """One part of the body. `data` must be read to its end before the next part comes."""

    name: str
    file: str | None  # file name as given, without folders; None: a plain field
    data: AsyncIterator[bytes]


@dataclass(slots=True)
class _Parser:
    """Turn the parser's callbacks into events: ("part", headers), ("data", bytes), ("end", None), ("last", None)."""

    events: deque[tuple[str, Any]] = field(default_factory=deque)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes = b""
    value: bytes = b""

    def callbacks(self) -> dict[str, Any]:
        """Return the callbacks for python-multipart."""
        return {
            "on_part_begin": self.headers.clear,
            "on_header_field": self._name,
            "on_header_value": self._value,
            "on_header_end": self._header,
            "on_headers_finished": lambda: self.events.append(("part", dict(self.headers))),
            "on_part_data": lambda data, start, end: self.events.append(("data", data[start:end])),
            "on_part_end": lambda: self.events.append(("end", None)),
            "on_end": lambda: self.events.append(("last", None)),
        }

    def _name(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def _header(self) -> None:
        self.headers[self.name.lower()] = self.value
        self.name = self.value = b""


async def parts(pieces: AsyncIterator[bytes], content_type: str) -> AsyncGenerator[Part]:
    """Yield the parts of a body in order. Raises InputProblem(media_type_wrong, request_invalid, upload_incomplete)."""
    async with aclosing(_events(pieces, boundary(content_type))) as events:
        async for kind, value in events:
            if kind == "part":
                yield _part(value, events)
            elif kind == "last":
                return
    raise InputProblem("upload_incomplete", "the last boundary is missing")


def boundary(content_type: str) -> bytes:
    """Return the boundary that a Content-Type states. Raises InputProblem(media_type_wrong)."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise InputProblem("media_type_wrong", "multipart/form-data with a boundary is expected")
    return options[b"boundary"]


async def _events(pieces: AsyncIterator[bytes], mark: bytes) -> AsyncGenerator[tuple[str, Any]]:
    queue = _Parser()
    try:
        parser = MultipartParser(mark, queue.callbacks())  # type: ignore[arg-type]
        async for piece in pieces:
            parser.write(piece)
            while queue.events:
                yield queue.events.popleft()
    except FormParserError as error:
        raise InputProblem("request_invalid", f"the multipart body is malformed ({error})") from error


def _part(headers: dict[bytes, bytes], events: AsyncIterator[tuple[str, Any]]) -> Part:
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    if b"name" not in options:
        raise InputProblem("request_invalid", "a part has no name in its Content-Disposition")
    file = options.get(b"filename")
    return Part(
        name=options[b"name"].decode("utf-8", "replace"),
        file=None if file is None else safe_file_name(file.decode("utf-8", "replace")),
        data=_data(events),
    )


async def _data(events: AsyncIterator[tuple[str, Any]]) -> AsyncIterator[bytes]:
    async for kind, value in events:
        if kind == "end":
            return
        yield value
    raise InputProblem("upload_incomplete", "the body ends inside a part")


def safe_file_name(name: str) -> str:
    r"""Return a file name that is safe to show: no folders, only printable characters, never empty, never a path.

    >>> safe_file_name("../../etc/passwd"), safe_file_name("C:\\mail\\a\x00b.pdf"), safe_file_name(".."), safe_file_name("")
    ('passwd', 'ab.pdf', 'unnamed', 'unnamed')
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("!", "_")
    clean = "".join(c for c in last if c.isprintable()).strip()[-NAME_MAX_CHARS:]
    return clean if clean.strip(".") else "unnamed"
