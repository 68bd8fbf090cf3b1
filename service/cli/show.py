"""`thresher read` and `chunk`: show a file's Document, and Chunks of a given size.

A run cuts by its target and plan, so its Chunks may differ.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thresher.schemas.document import BlockKind, Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source
from thresher.service.base.file_names import printable_name
from thresher.service.extraction.document_chunks import chunks_of_size
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.runs.policy_files import load_policy
from thresher.service.settings import load
from thresher.service.wiring.endpoints import weights_folder

MARKS = {
    BlockKind.LIST_ITEM: "- ",
    BlockKind.QUOTE: "> ",
    BlockKind.COMMENT: "[comment] ",
    BlockKind.HIDDEN: "[hidden] ",
}


_WIDEST = 1_000  # columns up to which each row shows all, so that empty cells keep their place


def read(path: Path, form: str, reading: dict[str, str | None], passwords: Path | None) -> int:
    """Show a file's Document and those of what it holds."""
    writers = {"text": _text, "markdown": _markdown, "json": _json}
    for document in asyncio.run(_documents(path, reading, passwords)):
        for line in writers[form](document):
            sys.stdout.write(line + "\n")
        for note in document.notes:
            page = f" (page {note.page})" if note.page else ""
            sys.stderr.write(
                f"{printable_name(document.source.path)}{page}: {note.code}: {printable_name(note.message)}\n"
            )
    return 0


def chunk(path: Path, tokens: int, chunker: str, overlap: int, ocr: str | None) -> int:
    """Show a file's Chunks, each under a line with its range, pages and tokens."""
    policy = load_policy(None, {"chunker": chunker, "chunk_tokens": tokens, "overlap_tokens": overlap})
    for document in asyncio.run(_documents(path, {"ocr": ocr}, None)):
        for piece in chunks_of_size(document, policy.chunker, tokens, overlap):
            pages = f" pages {piece.pages[0]}-{piece.pages[1]}" if piece.pages else ""
            sys.stdout.write(
                f"=== {printable_name(document.source.path)} chunk {piece.index} [{piece.start}, {piece.end}){pages} "
                f"{piece.tokens} tokens, {piece.kind}\n"
            )
            sys.stdout.write("".join(f"| {line}\n" for line in piece.context.splitlines()))
            sys.stdout.write(piece.text + "\n")
    return 0


def _source(path: Path) -> Source:
    if path.is_dir():
        raise InputProblem("file_not_found", f"{path} is a folder; name one file in it")
    return make_source(path)


async def _documents(path: Path, reading: dict[str, str | None], passwords: Path | None) -> list[Document]:
    options, source = load_policy(None, reading, passwords).read, _source(path)
    options = options.model_copy(update={"models": str(weights_folder(load()))})
    with tempfile.TemporaryDirectory() as spool:
        async with ReaderPool(Path(spool), workers=1) as pool:
            return [r.document async for r in walk_tree(source, pool, options)]


def _text(document: Document) -> Iterator[str]:
    if document.source.parent:
        yield f"=== {printable_name(document.source.path)} ({document.source.media_type})"
    yield document.text


def _markdown(document: Document) -> Iterator[str]:
    yield f"<!-- {printable_name(document.source.path)} ({document.source.media_type}) -->"
    for start, end, kind, level in document.blocks:
        text = document.text[start:end]
        if kind == BlockKind.TABLE:
            yield from _markdown_table(document, start)
        elif kind == BlockKind.HEADING:
            yield f"{'#' * max(1, min(level, 6))} {text}\n"
        else:
            yield f"{MARKS.get(kind, '')}{text}\n"


def _markdown_table(document: Document, start: int) -> Iterator[str]:
    table = document.table_at(start)
    width = 1 + max(table.column, default=0) if table else 0
    for r in range(len(table) if table else 0):
        found = {c: document.text[a:b].replace("|", "\\|") for a, b, c in (table.cells(r) if table else [])}
        cells = [found.get(column, "") for column in range(width)] if width <= _WIDEST else list(found.values())
        yield f"| {' | '.join(cells)} |"
        if r == 0:
            yield f"|{' --- |' * len(cells)}"
    yield ""


def _json(document: Document) -> Iterator[str]:
    blocks: list[dict[str, Any]] = []
    for start, end, kind, level in document.blocks:
        anchor = document.anchor(start, end)
        block = {
            "kind": kind.name.lower(),
            "level": level,
            "start": start,
            "end": end,
            "text": document.text[start:end],
        }
        blocks.append(block | {"page": anchor.page, "part": anchor.part, "boxes": anchor.boxes})
    source = document.source.model_dump(exclude={"blob"})
    notes = [n.model_dump(exclude_none=True) for n in document.notes]
    body = {"source": source, "kind": document.kind, "facts": document.facts, "notes": notes, "blocks": blocks}
    yield json.dumps(body, ensure_ascii=False, indent=1)
