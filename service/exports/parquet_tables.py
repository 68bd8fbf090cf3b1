"""Write tables as Parquet files whose columns have the types of the target.

A Decimal is decimal128(38, 10), an integer int64, a date date32, a date with a time timestamp[us] (the wall time as the
document gives it; its zone stands in `notes`). A value that its column can not hold exactly is null there and stands in `notes`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from thresher.schemas.errors import SetupProblem
from thresher.service.exports.cells import UnfitError, note_of, typed
from thresher.service.exports.columns import Column, ColumnKind, Table
from thresher.service.exports.files import PartFiles, file_stems
from thresher.service.exports.rows import Row

DECIMAL_DIGITS, DECIMAL_PLACES = 38, 10
INT64_MAX = 2**63 - 1
GROUP_ROWS = 4096  # rows of a table that wait in memory for each other


class ParquetTables:
    """One Parquet file for each table."""

    def __init__(self, out: Path, tables: tuple[Table, ...]) -> None:
        """Begin the files in a folder. Raises SetupProblem(extra_missing) without pyarrow, OSError."""
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to import
            from pyarrow import parquet  # noqa: PLC0415 - as above
        except ImportError as error:
            raise SetupProblem("extra_missing", "thresher[parquet]") from error
        self._pa, self._files = pa, PartFiles()
        self._schemas = {t: pa.schema([(c.name, _type(pa, c)) for c in t.columns]) for t in tables}
        self._waiting: dict[Table, list[list[Any]]] = {t: [] for t in tables}
        self._writers = {
            t: parquet.ParquetWriter(self._files.part(out / f"{stem}.parquet"), self._schemas[t])
            for t, stem in file_stems(tables).items()
        }

    def write(self, table: Table, row: Row) -> None:
        """Add a row."""
        notes = list(row.notes)
        cells = [_cell(c, v, notes) for c, v in zip(table.columns, row.cells, strict=True)]
        cells[-1] = _whole("; ".join(notes)) or None
        waiting = self._waiting[table]
        waiting.append(cells)
        if len(waiting) >= GROUP_ROWS:
            self._flush(table)

    def _flush(self, table: Table) -> None:
        waiting, schema = self._waiting[table], self._schemas[table]
        columns = [
            self._pa.array(values, type=field.type)
            for values, field in zip(zip(*waiting, strict=True), schema, strict=True)
        ]
        self._writers[table].write_table(self._pa.Table.from_arrays(columns, schema=schema))
        waiting.clear()

    def close(self) -> list[Path]:
        """Finish the files under their names; return them."""
        for table, writer in self._writers.items():
            if self._waiting[table]:
                self._flush(table)
            writer.close()
        return self._files.finish()

    def discard(self) -> None:
        """Delete what was begun."""
        for writer in self._writers.values():
            writer.close()
        self._files.discard()


def _type(pa: Any, column: Column) -> Any:
    made = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "decimal": pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us"),
        "time": pa.time64("us"),
    }.get(column.kind, pa.string())
    return pa.list_(made) if column.many else made


def _cell(column: Column, value: Any, notes: list[str]) -> Any:
    if value is None:
        return None
    try:
        if not column.many:
            return _exact(column.kind, value, lambda zone: notes.append(f"{column.name}: time zone {zone}"))
        if not isinstance(value, list):
            raise UnfitError("no list")  # noqa: TRY301 - told like the others
        return [None if v is None else _exact(column.kind, v, lambda _: None) for v in value]
    except UnfitError as error:
        notes.append(note_of(column, value, str(error)))
        return None


def _exact(kind: ColumnKind, value: Any, tell_zone: Callable[[str], None]) -> Any:
    """Return a value as pyarrow takes it. Raises UnfitError where it would not be exact."""
    made = typed(value, kind)
    if isinstance(made, str):
        return _whole(made)
    if isinstance(made, Decimal) and not _fits(made):
        raise UnfitError(f"more than {DECIMAL_DIGITS} digits or {DECIMAL_PLACES} decimals")
    if isinstance(made, int) and not -INT64_MAX <= made <= INT64_MAX:
        raise UnfitError("more than 64 bits")
    if isinstance(made, datetime | time) and made.tzinfo is not None:
        tell_zone(str(made.tzinfo))
        return made.replace(tzinfo=None)
    return made


def _fits(number: Decimal) -> bool:
    _, _, exponent = number.as_tuple()
    places = -int(exponent)
    return places <= DECIMAL_PLACES and number.adjusted() < DECIMAL_DIGITS - DECIMAL_PLACES


def _whole(text: str) -> str:
    """Return a text without halves of characters, which UTF-8 can not hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
