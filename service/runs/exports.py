"""Write Results as files, one JSON a Unit. Tables of many are made by `thresher.service.exports`."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import AnyResult, Result
from thresher.schemas.target import Target
from thresher.service.base.atomic_files import write_atomically
from thresher.service.base.file_names import result_name
from thresher.service.base.ordinary_files import read_ordinary
from thresher.service.storage.run_inputs import inputs_of, save_inputs

__all__ = ["Folder", "dump", "write_atomically"]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of Results; a Unit's file is named after its path, see `result_name`."""

    root: Path
    _taken: dict[str, str] = field(default_factory=dict)  # the path of the Unit that has a name in this run

    def write(self, path: str, result: Result[Any]) -> str:
        """Write a Result under its Unit's path, completely or not at all; return the file's name within the folder.

        Raises OSError. A name that another path of this run has already is left to it.
        """
        name, number = result_name(path), 1
        while self._taken.setdefault(name, path) != path:
            name, number = result_name(f"{path}!/{number}"), number + 1
        file = self.root / name
        if "/" in name and not file.parent.resolve().is_relative_to(self.root.resolve()):
            raise OSError(errno.ELOOP, "a link leads out of the folder of Results", str(file.parent))
        try:
            write_atomically(file, dump(result))
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(file, dump(result))
        return name

    def note_inputs(self, paths: Iterable[Path], targets: Iterable[Target], read: ReadOptions) -> None:
        """Keep what a run into the folder is given, beside what earlier ones were given. Raises OSError."""
        save_inputs(self.root, inputs_of(self.root).added(paths, targets, read))

    def read(self, name: str) -> Result[Any] | None:
        """Return a stored Result; None when it is gone or damaged."""
        try:
            return AnyResult.model_validate_json(read_ordinary(self.root / name, links=True))
        except (OSError, ValidationError):
            return None


def dump(result: Result[Any]) -> str:
    """Return a Result as JSON text: the same bytes for the same Result."""
    return result.model_dump_json(indent=2) + "\n"
