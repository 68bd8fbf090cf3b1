"""Opticon (OPT): one row a page image; ImageKey, Volume, Path, DocBreak, FolderBreak, BoxBreak, PageCount.

Neither header nor quoting. Any encoding is read; Windows-1252 is written, for other programs refuse more. Sources name the columns of
folder and box in both orders: both are kept, nothing depends on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.text_encoding import TextEncoding, decoded_blocks

COLUMNS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class PageImage:
    """One row of an OPT."""

    row: int  # 1-based
    key: str  # the page's Bates number, with case
    volume: str
    path: str  # as written
    begins_document: bool
    folder_break: str = ""
    box_break: str = ""
    page_count: int | None = None  # of the document, as the file says
    mended: bool = False  # the path held commas
    is_child: bool = False  # of the document before it; only an LFP says so


def page_images(path: Path, encoding: TextEncoding) -> Iterator[PageImage | int]:
    """Yield the rows of an OPT; a row that can not be read comes as its number alone."""
    for row, line in enumerate(text_lines(decoded_blocks(path, encoding)), 1):
        if line.strip():
            yield _page(line, row) or row


def text_lines(blocks: Iterable[str]) -> Iterator[str]:
    """Yield lines at CR LF, LF or CR; other marks of a new line belong to a path."""
    pending = ""
    for block in blocks:
        *lines, pending = (pending + block).replace("\r\n", "\n").split("\n")
        yield from (part for line in lines for part in line.split("\r"))
    yield from pending.split("\r")


def _page(line: str, row: int) -> PageImage | None:
    fields = [text.strip() for text in line.split(",")]
    if len(fields) < COLUMNS:
        return None
    key, volume, *middle = fields
    *path, first, folder, box, pages = middle
    if not key or first.upper() not in {"", "Y"}:
        return None
    return PageImage(
        row=row,
        key=key,
        volume=volume,
        path=",".join(path) if len(path) == 1 else _path_as_written(line),
        begins_document=first.upper() == "Y",
        folder_break=folder,
        box_break=box,
        page_count=int(pages) if pages.isascii() and pages.isdigit() else None,
        mended=len(path) > 1,
    )


def _path_as_written(line: str) -> str:
    """Return what stands between the second comma and the last four."""
    return line.split(",", 2)[2].rsplit(",", 4)[0].strip()


def opticon_bytes(pages: Iterable[PageImage]) -> Iterator[bytes]:
    """Yield the rows of an OPT in Windows-1252; raise InputProblem("field_invalid") for what it can not say."""
    for page in pages:
        first, count = ("Y" if page.begins_document else ""), page.page_count
        fields = [page.key, page.volume, page.path, first, page.folder_break, page.box_break]
        fields.append("" if count is None else str(count))
        line = ",".join(fields)
        if "," in page.key + page.volume or "\n" in line or "\r" in line:
            raise InputProblem("field_invalid", f"OPT key {page.key!r} or its path")
        try:
            yield f"{line}\r\n".encode("cp1252")
        except UnicodeEncodeError as error:
            raise InputProblem("field_invalid", f"OPT key {page.key!r}: {error.object[error.start]!r}") from error
