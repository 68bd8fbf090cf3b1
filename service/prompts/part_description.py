"""Describe the text of a question: which part of which document it is, and how good it is.

Names of files, and all text of a document, are data: a name stands in quotes on one line, text in a fence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, Table
from thresher.schemas.policy import Policy
from thresher.schemas.target import Target
from thresher.service.prompts.fence import fenced, quoted

FILE_NAME_MAX_CHARS = 120  # code points of a file's name
DAMAGE_CODES = ("decode_loss", "corrupt_partial")  # codes of Notes on text that is not as it was written
OCR = (
    "The text was read from a picture by OCR. A word whose letters are plainly misread (rn for m, 0 for O) is given as it "
    "was printed; figures, dates and codes are given as they stand."
)
BROKEN = (
    "Some characters of the text are wrong or lost. Give a word as it was written only where there is no doubt of it."
)


def about(target: Target, policy: Policy) -> str:
    """Return what the target (`x-instructions`) and the Policy say to the model; "" where that is nothing.

    The target's description is not among it: it stands in the asked schema.
    """
    told = [
        ("INSTRUCTIONS FOR THIS SHAPE", str(target.schema.get("x-instructions") or "")),
        ("INSTRUCTIONS OF THE USER", policy.instructions),
    ]
    return "".join(f"\n{name}: {text.strip()}\n" for name, text in told if text.strip())


def shown(document: Document, chunk: Chunk) -> dict[str, str]:
    """Return the values of a prompt that shows a Chunk of a Document, for all versions of the prompt."""
    context = chunk.context
    return {
        "name": name_of(document),
        "shown": part_of(document, chunk),
        "remarks": "".join(f"NOTE: {line}\n" for line in remarks(document, chunk)),
        "beside": f"{fenced(context, 'CONTEXT')}\n" if context else "",
        "fenced": fenced(chunk.text),
        "document": f"{document.source.name or 'unnamed'}{_pages(document, chunk)}",
        "context": f"CONTEXT:\n{context}\n" if context else "",
        "text": chunk.text,
    }


def name_of(document: Document) -> str:
    """Return a Document's name as data: quoted, on one line; never its whole path, which differs between machines."""
    return quoted((document.source.name or "unnamed")[:FILE_NAME_MAX_CHARS])


def part_of(document: Document, chunk: Chunk) -> str:
    """Return which part of its Document a Chunk is: "part 2 of 7, pages 3 to 4 of 12, rows 31 to 60 of a table …"."""
    if chunk.ranges:
        return f"single lines of the document{_pages(document, chunk)}"
    if _is_whole(document, chunk):
        return f"the whole document{_pages(document, chunk)}"
    number = f"part {chunk.index + 1} of {chunk.parts}" if chunk.parts > 1 else "a part of the document"
    return f"{number}{_pages(document, chunk)}{_rows(document, chunk)}"


def remarks(document: Document, chunk: Chunk) -> Iterator[str]:
    """Yield what a reader must know of the text: that it came through OCR, or that characters of it are lost."""
    first, last = chunk.pages or (1, 0)
    pages = range(first - document.pages.first, last - document.pages.first + 1)
    if any(document.pages.ocr[i] for i in pages if 0 <= i < len(document.pages)):
        yield OCR
    if any(n.code in DAMAGE_CODES and (n.page is None or first <= n.page <= last) for n in document.notes):
        yield BROKEN


def _is_whole(document: Document, chunk: Chunk) -> bool:
    before, behind = document.text[: chunk.start], document.text[chunk.end :]
    return not before.strip() and not behind.strip()


def _pages(document: Document, chunk: Chunk) -> str:
    """Return ", pages 3 to 4 of 12"; "" where the Document has no pages."""
    if not chunk.pages:
        return ""
    first, last = (n - document.pages.first + 1 for n in chunk.pages)
    return f", pages {first} to {last} of {len(document.pages)}"


def _rows(document: Document, chunk: Chunk) -> str:
    """Return which rows of a table that began before it a Chunk begins with; "" where it begins within no table."""
    table = document.table_at(chunk.start)
    if table is None or table.span()[0] >= chunk.start:
        return ""
    rows = _inside(table, chunk)
    if not rows:
        return ""
    page = document.page_at(table.span()[0])
    begun = f" that began on page {page - document.pages.first + 1}" if page else " that began before"
    return f", rows {rows[0]} to {rows[-1]} of a table{begun}"


def _inside(table: Table, chunk: Chunk) -> list[int]:
    """Return the numbers of a table's rows that stand in a Chunk, 1-based, its head not counted."""
    head = table.header_rows
    first, last = (bisect_right(table.first, bisect_left(table.start, at)) - 1 for at in (chunk.start, chunk.end))
    rows = range(max(head, first), min(last + 1, len(table)))
    return [r - head + 1 for r in rows if chunk.start <= table.row_range(r)[0] < chunk.end]
