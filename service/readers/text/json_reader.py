"""Read JSON and JSON Lines: the text is unchanged; lists of objects are tables with one object a row."""

from __future__ import annotations

from thresher.schemas.document import BlockKind, DocumentBuilder, Table
from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.text.json_scan import Records, scan, unescape
from thresher.service.readers.text.plain_reader import load_text

_COLUMNS_MAX = 10_000


class JsonReader:
    """Read any JSON, also cut off or 20,000 levels deep: nothing is parsed into objects."""

    name = "json"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.9 for JSON, else 0."""
        return 0.9 if source.media_type in {"application/json", "application/x-ndjson"} else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it has no children
        """Return the Document; evidence in it names lines of the file."""
        decoded = load_text(source, options)
        builder = DocumentBuilder(source, kind="text")
        builder.document.by_line = True
        builder.document.facts.update(decoded.facts())
        builder.document.notes.extend(decoded.notes)
        text = unescape(decoded.text)
        found = scan(text)
        if found.broken is not None:
            line = text.count("\n", 0, found.broken) + 1
            builder.document.notes.append(note("corrupt_partial", f"not valid JSON from line {line} on"))
        builder.write(text)
        _mark(builder, text, found.lists)
        return Reading(builder.build())


def _mark(builder: DocumentBuilder, text: str, lists: list[Records]) -> None:
    """Add Blocks: tables for the lists, paragraphs for the text between them."""
    done = 0
    for records in lists:
        start, end = records.rows[0].start, records.rows[-1].end
        _mark_rest(builder, text, done, start)
        builder.document.blocks.add(start, end, BlockKind.TABLE)
        builder.document.tables.append(_table(text, records))
        done = end
    _mark_rest(builder, text, done, len(text))


def _mark_rest(builder: DocumentBuilder, text: str, start: int, end: int) -> None:
    piece = text[start:end]
    if not piece.strip():
        return
    kind = BlockKind.PARAGRAPH
    lead = len(piece) - len(piece.lstrip())
    builder.document.blocks.add(start + lead, start + len(piece.rstrip()), kind)


def _table(text: str, records: Records) -> Table:
    """Return a table with one object a row, one member a cell, and one key a column, in order of appearance."""
    table, columns = Table(), dict[str, int]()
    for record in records.rows:
        cells = []
        for start, end, key in record.members:
            column = columns.setdefault(key, min(len(columns), _COLUMNS_MAX))
            cells.append((start, start + len(text[start:end].rstrip()), column))
        table.add_row(cells or [(record.start, record.end, 0)])
    return table


reader = JsonReader()
