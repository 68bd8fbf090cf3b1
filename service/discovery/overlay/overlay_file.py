"""Write the rows of an overlay in one of four forms, and read such a file again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, get_args

from thresher.schemas.choices import OverlayForm
from thresher.service.discovery.loadfiles.dat_file import open_dat
from thresher.service.discovery.loadfiles.dat_writer import DatFormat, dat_bytes
from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE, CSV, Delimiters
from thresher.service.discovery.loadfiles.options import DelimiterOptions, LoadOptions
from thresher.service.discovery.loadfiles.typed_values import line_ends
from thresher.service.discovery.overlay.carrying import Carrier
from thresher.service.discovery.overlay.columns import OverlayColumns
from thresher.service.exports.files import PartFiles
from thresher.service.exports.jsonl_tables import JsonlTables
from thresher.service.exports.rows import Row

Form = OverlayForm
FORMS: tuple[Form, ...] = get_args(Form)
STEM = "overlay"
_DELIMITERS: dict[str, Delimiters] = {"dat": CONCORDANCE, "csv": CSV}


def delimiters_of(form: Form) -> Delimiters | None:
    """Return the delimiters of a form; None where it has types instead."""
    return _DELIMITERS.get(form)


class _Tables(Protocol):
    def write(self, table: Any, row: Row) -> None: ...
    def close(self) -> list[Path]: ...
    def discard(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayFile:
    """A file of an overlay: where, in which form, in which encoding."""

    out: Path  # a folder that is there
    form: Form
    columns: OverlayColumns
    carrier: Carrier

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.out / f"{STEM}.{self.form}"

    @property
    def delimiters(self) -> Delimiters | None:
        """Return the delimiters of the form; None where it has types instead."""
        return delimiters_of(self.form)

    def write(self, rows: Iterable[list[Any]]) -> None:
        """Write rows. Raises InputProblem for what can not be written; then no file is left behind."""
        if self.delimiters is None:
            self._write_typed(rows)
            return
        files = PartFiles()
        try:
            part = files.part(self.path)
            form = DatFormat(delimiters=self.delimiters, encoding=self.carrier.encoding)
            with part.open("wb") as file:
                file.writelines(dat_bytes(self._lines(rows), form))
        except BaseException:
            files.discard()
            raise
        files.finish()

    def _lines(self, rows: Iterable[list[Any]]) -> Iterator[list[str | list[str]]]:
        columns = self.columns.all
        yield [column.name for column in columns]
        for row in rows:
            yield self.carrier.texts(row[0], columns, row)

    def _write_typed(self, rows: Iterable[list[Any]]) -> None:
        table = self.columns.table
        tables = self._typed_tables()
        try:
            for row in rows:
                tables.write(table, Row([*self.carrier.values(row[0], self.columns.all, row), None]))
            tables.close()
        except BaseException:
            tables.discard()
            raise

    def _typed_tables(self) -> _Tables:
        if self.form == "jsonl":
            return JsonlTables(self.path, self.columns.table)
        from thresher.service.exports.parquet_tables import ParquetTables  # noqa: PLC0415 - an extra

        return ParquetTables(self.out, (self.columns.table,))

    def count(self) -> int:
        """Return how many rows the file has, by reading it again."""
        if self.delimiters is not None:
            return sum(1 for _ in read_overlay(self.path, self.delimiters, self.carrier.encoding))
        if self.form == "jsonl":
            with self.path.open("rb") as lines:
                return sum(1 for line in lines if json.loads(line))
        from pyarrow import parquet  # noqa: PLC0415 - an extra

        return int(parquet.ParquetFile(self.path).metadata.num_rows)


def read_overlay(path: Path, delimiters: Delimiters, encoding: str | None = None) -> Iterator[dict[str, str]]:
    """Yield the rows of an overlay as a load file's reader finds them, by column, with line ends put back."""
    characters = {name: getattr(delimiters, name) for name in ("separator", "qualifier", "newline", "multi", "nested")}
    given = LoadOptions(encoding=encoding, delimiters=DelimiterOptions(**characters), header=True)
    opened = open_dat(path.parent, path.name, given)
    for block in opened.blocks():
        for row in block.rows:
            cells = (line_ends(cell, delimiters) for cell in row)
            yield dict(zip(opened.columns.headers, cells, strict=True))
