r"""IPRO (LFP): one command a line; IM builds pages, OF names natives, other commands are counted and left out.

    IM,ABC0000001,D,0,@ABC001;IMAGES\001;ABC0000001.tif;2,0          key, boundary, page inside the file, volume; folder; file; type, turn
    OF,ABC0000001,@ABC001;NATIVES\001;ABC0000001.xlsx,1

Boundaries: S source, B box, F folder, D document, C child of the document before it, empty for a further page. Types and turns are
advisory: what a file is, its bytes tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thresher.service.discovery.loadfiles.opticon import PageImage, text_lines
from thresher.service.discovery.loadfiles.text_encoding import TextEncoding, decoded_blocks

BEGINNINGS = frozenset("SBFDC")


@dataclass(frozen=True, slots=True)
class NativeLink:
    """The native of a document, as an LFP names it."""

    row: int  # 1-based
    key: str  # the document's id
    path: str


@dataclass(frozen=True, slots=True)
class OtherCommand:
    """A line whose command builds no page."""

    row: int  # 1-based
    command: str


def lfp_rows(path: Path, encoding: TextEncoding) -> Iterator[PageImage | NativeLink | OtherCommand | int]:
    """Yield the rows of an LFP; a row that can not be read comes as its number alone."""
    for row, line in enumerate(text_lines(decoded_blocks(path, encoding)), 1):
        command, _, rest = line.strip().partition(",")
        if not command:
            continue
        read = {"IM": _page, "OF": _native}.get(command.upper())
        if read is None:
            yield OtherCommand(row, command[:8]) if len(command) == 2 and command.isalpha() else row
        else:
            yield read(rest, row) or row


def _page(rest: str, row: int) -> PageImage | None:
    fields = rest.split(",", 3)
    if len(fields) < 4:
        return None
    key, boundary, _, location = (text.strip() for text in fields)
    found = _location(location)
    if not key or found is None or boundary.upper() not in BEGINNINGS | {""}:
        return None
    return PageImage(
        row=row,
        key=key,
        volume=found[0],
        path=found[1],
        begins_document=bool(boundary),
        is_child=boundary.upper() == "C",
    )


def _native(rest: str, row: int) -> NativeLink | None:
    key, _, location = rest.partition(",")
    found = _location(location)
    return NativeLink(row, key.strip(), found[1]) if key.strip() and found else None


def _location(text: str) -> tuple[str, str] | None:
    r"""Return volume and path of "@VOLUME;folder;file;type,turn"; None for another form.

    >>> _location("@ABC001;IMAGES\\001;a.tif;2,0")
    ('ABC001', 'IMAGES\\001\\a.tif')
    """
    parts = [part.strip() for part in text.split(";")]
    if len(parts) < 3 or not parts[0].startswith("@"):
        return None
    file = parts[2] if len(parts) > 3 else parts[2].rpartition(",")[0] or parts[2]
    return parts[0][1:], f"{parts[1]}\\{file}" if parts[1] else file


def lfp_children(path: Path, encoding: TextEncoding) -> Iterator[tuple[str, str]]:
    """Yield (child, parent) of the documents that an LFP marks as children."""
    parent = ""
    for row in lfp_rows(path, encoding):
        if isinstance(row, PageImage) and row.begins_document:
            if not row.is_child:
                parent = row.key
            elif parent:
                yield row.key, parent
