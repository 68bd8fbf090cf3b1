"""Write Results, or the rows of one table, as JSON Lines: UTF-8, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from thresher.schemas.numbers import write_json
from thresher.schemas.result import Result
from thresher.service.exports.columns import Table
from thresher.service.exports.files import PartFiles
from thresher.service.exports.rows import Row


def write_results(results: Iterable[Result[Any]], file: Path, counts: dict[str, int]) -> list[Path]:
    """Write whole Results; return the file. `counts["results"]` is how many. Raises OSError."""
    files = PartFiles()
    try:
        with files.part(file).open("w", encoding="utf-8", errors="replace") as stream:
            for number, result in enumerate(results, 1):
                stream.write(result.model_dump_json() + "\n")
                counts["results"] = number
    except BaseException:
        files.discard()
        raise
    return files.finish()


class JsonlTables:
    """One file with the rows of one table; rows of other tables are not written."""

    def __init__(self, file: Path, table: Table) -> None:
        """Begin the file. Raises OSError."""
        self._files, self._table = PartFiles(), table
        self._stream = self._files.part(file).open("w", encoding="utf-8", errors="replace")

    def write(self, table: Table, row: Row) -> None:
        """Add a row as an object with the columns' names."""
        if table == self._table:
            names = (c.name for c in table.columns)
            cells = [*row.cells[:-1], "; ".join(row.notes) or None]
            self._stream.write(write_json(dict(zip(names, cells, strict=True))) + "\n")

    def close(self) -> list[Path]:
        """Finish the file under its name; return it."""
        self._stream.close()
        return self._files.finish()

    def discard(self) -> None:
        """Delete what was begun."""
        self._stream.close()
        self._files.discard()
