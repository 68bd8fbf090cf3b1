"""Name the files of tables, and write them under passing names until they are whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

from thresher.service.base.atomic_files import open_privately
from thresher.service.exports.columns import Table

STEM_MAX_CHARS = 80  # characters of a table's name in the name of its file


class PartFiles:
    """Files being written; they get their names when all are finished."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parts: dict[Path, Path] = {}

    def part(self, file: Path) -> Path:
        """Return the passing name of a file, made empty and readable by its owner alone. Raises OSError."""
        part = file.with_name(f".{file.name}.part")
        os.close(open_privately(part, os.O_WRONLY))
        self._parts[file] = part
        return part

    def finish(self) -> list[Path]:
        """Give all files their names; return them."""
        for file, part in self._parts.items():
            part.replace(file)
        return list(self._parts)

    def discard(self) -> None:
        """Delete the unfinished files."""
        for part in self._parts.values():
            part.unlink(missing_ok=True)


def file_stems(tables: tuple[Table, ...]) -> dict[Table, str]:
    """Return a name for each table's file, without its ending, that every file system takes and no other table has."""
    taken: set[str] = set()
    return {table: _stem(table.name, taken) for table in tables}


def _stem(name: str, taken: set[str]) -> str:
    clean = re.sub(r"[^\w.()-]+", "_", name).strip("._")[:STEM_MAX_CHARS] or "table"
    made, number = clean, 2
    while made.casefold() in taken:
        made, number = f"{clean}_{number}", number + 1
    taken.add(made.casefold())
    return made
