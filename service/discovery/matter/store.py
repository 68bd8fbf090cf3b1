"""Keep the records of a Matter in SQLite: written a piece of work at a time, read as a stream in a fixed order.

One process writes. A piece of work and the event that tells of it are one transaction: after a kill, either both are
there or neither.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from thresher.schemas.discovery.matter import MatterContainer, MatterDocument, MatterException, SuppressedItem
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.base.plain_databases import check_plain
from thresher.service.discovery.matter.document_links import DocumentLinks
from thresher.service.discovery.matter.rows import TABLES, Records, Row

PAGE_CHARS = 8 << 20  # of records on a page: a load file may give a record of millions of characters
_PAGE_ROWS = 500  # rows read at a time


def _upsert(table: str, columns: str) -> str:
    """Return the statement that inserts a row or replaces the one with its id; two documents never share a place."""
    names = columns.split(", ")
    marks, changes = ", ".join("?" * len(names)), ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes}"  # noqa: S608 - our own names


_UPSERTS = {table: _upsert(table, columns) for table, columns in TABLES.items()}
Record = TypeVar("Record", MatterDocument, MatterException, MatterContainer, SuppressedItem)


@dataclass(frozen=True, slots=True)
class Placed:
    """A document with its place in the order of the Matter."""

    place: str
    document: MatterDocument


class MatterStore:
    """The records of one Matter. For one thread."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        """Open or create the file. Raises SetupProblem(store_failed).

        `shared`: a file that is created may be opened on several machines. Its journal is then one that needs no
        memory in common (SQLite's "WAL" does), and stays so.
        """
        self.path = path
        is_new = not path.exists()
        try:
            # opened and closed in threads by a worker, and used by one thread at a time
            self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            check_plain(self.connection)
            if is_new and not shared:
                self.connection.execute("PRAGMA journal_mode = WAL")
            mode = self.connection.execute("PRAGMA journal_mode").fetchone()[0]
            self.connection.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
            self.connection.execute("PRAGMA busy_timeout = 10000")
            self.connection.executescript(_schema())
        except sqlite3.Error as error:
            raise SetupProblem("store_failed", f"{path} ({error})") from error

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    # --- writing

    def write(
        self,
        records: Records,
        event: dict[str, Any] | None = None,
        also: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """Insert or replace records, add an event, and do what else belongs to it, all in one transaction."""
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.put(records)
            if also is not None:
                also(self.connection)
            if event is not None:
                self.add_to_events(event)

    def put(self, records: Records) -> None:
        """Insert or replace records in the transaction that is open."""
        for table in TABLES:
            rows = getattr(records, table)
            self.connection.executemany(_UPSERTS[table], self._resolved(rows) if table == "exceptions" else rows)

    def _resolved(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows of exceptions; one that is found again stays resolved or waived if a person said so."""
        for row in rows:
            known = self.exception(str(row[0]))
            if known is None or known.resolution == "open":
                yield row
            else:
                said = known.model_dump(include={"resolution", "resolved_by", "resolved_why"})
                yield (*row[:-1], MatterException.from_json(str(row[-1])).model_copy(update=said).to_json())

    def update(self, documents: Iterable[MatterDocument], event: dict[str, Any] | None = None) -> int:
        """Replace the records and states of documents that are there, in one transaction; return how many.

        What else their rows say stays: where a document came from does not change. Documents are taken one by one, also
        from a stream of this store. The event is written after the last of them, with what it holds then, and not at all
        where there was none.
        """
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            rows = ((d.state, d.to_json(), d.id) for d in documents)
            changed = self.connection.executemany(
                "UPDATE documents SET state = ?, record = ? WHERE id = ?", rows
            ).rowcount
            if event is not None and changed > 0:
                self.add_to_events(event)
        return max(changed, 0)

    def add_event(self, event: dict[str, Any]) -> None:
        """Add an event of its own."""
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.add_to_events(event)

    def add_to_events(self, event: dict[str, Any]) -> None:
        """Add an event to the transaction that is open."""
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        self.connection.execute("INSERT INTO events (line) VALUES (?)", (line,))

    def events(self, after: int) -> list[tuple[int, dict[str, Any]]]:
        """Return the events with a number above `after`, in order."""
        rows = self.connection.execute("SELECT number, line FROM events WHERE number > ? ORDER BY number", (after,))
        return [(number, json.loads(line)) for number, line in rows]

    def set(self, name: str, value: str) -> None:
        """Keep a setting of the Matter."""
        self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def get(self, name: str) -> str | None:
        """Return a setting of the Matter; None where it was not set."""
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    # --- reading

    def documents(self, *, source: int | None = None, custodian: str | None = None) -> Iterator[MatterDocument]:
        """Yield documents in the order of the Matter: families together, parents first. Writing meanwhile is allowed."""
        for placed in self.placed_documents(source=source, custodian=custodian):
            yield placed.document

    def placed_documents(self, *, source: int | None = None, custodian: str | None = None) -> Iterator[Placed]:
        """Yield documents with their places, in order."""
        where = {"source": source, "custodian": custodian}
        for place, record in self._stream("documents", where):
            yield Placed(place, MatterDocument.from_json(record))

    def links(self) -> Iterator[tuple[str, DocumentLinks]]:
        """Yield the links of all documents, each with its place, in order."""
        for place, record in self._stream("documents", {}):
            yield place, DocumentLinks.model_validate_json(record)

    def exceptions(self, *, source: int | None = None, code: str | None = None) -> Iterator[MatterException]:
        """Yield exceptions in the order of what they are about."""
        for _, record in self._stream("exceptions", {"source": source, "code": code}):
            yield MatterException.from_json(record)

    def containers(self, *, source: int | None = None) -> Iterator[MatterContainer]:
        """Yield containers in order."""
        for _, record in self._stream("containers", {"source": source}):
            yield MatterContainer.from_json(record)

    def suppressed(self, *, source: int | None = None) -> Iterator[SuppressedItem]:
        """Yield the items that are no documents, in order."""
        for _, record in self._stream("suppressed", {"source": source}):
            yield SuppressedItem.from_json(record)

    def _stream(self, table: str, where: dict[str, str | int | None]) -> Iterator[tuple[str, str]]:
        """Yield (place, record) in the order of places, a page at a time; ids decide between equal places."""
        tests = "".join(f" AND {name} = ?" for name, value in where.items() if value is not None)
        values = [value for value in where.values() if value is not None]
        statement = f"SELECT place, id, record FROM {table} WHERE (place, id) > (?, ?){tests} ORDER BY place, id LIMIT {_PAGE_ROWS}"  # noqa: S608 - our own names
        place, last = "", ""
        while rows := self.connection.execute(statement, (place, last, *values)).fetchall():
            for row_place, _, record in rows:
                yield row_place, record
            place, last = rows[-1][:2]

    def page(
        self, table: str, after: str | None, limit: int, where: dict[str, str | None] | None = None
    ) -> tuple[list[tuple[str, str]], bool]:
        """Return (id, record as JSON) in order, from the row after the one with an id, and whether more may follow.

        `where`: values of columns. A page ends behind `PAGE_CHARS`. Raises InputProblem(field_invalid) where no row has
        that id.
        """
        wanted = {name: value for name, value in (where or {}).items() if value is not None}
        tests = "".join(f" AND {name} = ?" for name in wanted)
        place = ""
        if after is not None:
            row = self.connection.execute(f"SELECT place FROM {table} WHERE id = ?", (after,)).fetchone()  # noqa: S608 - our own names
            if row is None:
                raise InputProblem("field_invalid", "cursor: it is not of this matter")
            place = row[0]
        statement = f"SELECT id, record FROM {table} WHERE (place, id) > (?, ?){tests} ORDER BY place, id LIMIT ?"  # noqa: S608 - as above
        found: list[tuple[str, str]] = []
        chars = 0
        for row in self.connection.execute(statement, (place, after or "", *wanted.values(), limit)):
            found.append(row)
            chars += len(row[1])
            if chars > PAGE_CHARS:
                return found, True
        return found, len(found) == limit

    def document(self, document_id: str) -> MatterDocument | None:
        """Return one document; None where there is none."""
        row = self.connection.execute("SELECT record FROM documents WHERE id = ?", (document_id,)).fetchone()
        return MatterDocument.from_json(row[0]) if row else None

    def exception(self, exception_id: str) -> MatterException | None:
        """Return one exception; None where there is none."""
        row = self.connection.execute("SELECT record FROM exceptions WHERE id = ?", (exception_id,)).fetchone()
        return MatterException.from_json(row[0]) if row else None

    def family(self, family_id: str) -> list[DocumentLinks]:
        """Return the links of the members of a family, in order."""
        statement = "SELECT record FROM documents WHERE family_id = ? ORDER BY place"
        rows = self.connection.execute(statement, (family_id,))
        return [DocumentLinks.model_validate_json(row[0]) for row in rows]

    def place(self, document_id: str) -> str | None:
        """Return the place of a document; None where there is none."""
        row = self.connection.execute("SELECT place FROM documents WHERE id = ?", (document_id,)).fetchone()
        return row[0] if row else None

    def mail_text(self, document_id: str) -> tuple[str, bytes] | None:
        """Return the hash of a mail's text and those of its passages; None where its text is not known."""
        row = self.connection.execute("SELECT body, passages FROM mail_texts WHERE id = ?", (document_id,)).fetchone()
        return (row[0], row[1]) if row else None

    def ids_of_mail_texts(self) -> frozenset[str]:
        """Return the ids of the mails whose texts are known."""
        return frozenset(row[0] for row in self.connection.execute("SELECT id FROM mail_texts"))

    def counts(self, table: str, by: str | None = None) -> dict[str, int]:
        """Return how many rows a table has, by the values of a column, or under "" in all."""
        column = by or "''"
        statement = f"SELECT {column}, COUNT(*) FROM {table} GROUP BY 1 ORDER BY 1"  # noqa: S608 - our own names
        return {str(value): count for value, count in self.connection.execute(statement)}


def _schema() -> str:
    return resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
