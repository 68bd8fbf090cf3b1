"""Keep what the runs into a folder of Results were given, in a file beside them.

So a review or a table later finds the documents and the target's fields.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.target import Target
from thresher.service.base.atomic_files import write_atomically
from thresher.service.base.file_names import RESERVED_NAMES, counting_order
from thresher.service.base.ordinary_files import read_ordinary

INPUTS = Path(".thresher") / "inputs.json"  # within the folder of Results


class RunInputs(BaseModel):
    """What the runs into a folder were given."""

    paths: list[str] = Field(default_factory=list)  # absolute: files and folders, the newest run's first
    targets: dict[str, dict[str, Any]] = Field(default_factory=dict)  # JSON Schemas by fingerprint
    names: dict[str, str] = Field(default_factory=dict)  # of the targets, by fingerprint
    read: ReadOptions = ReadOptions()  # of the newest run, without its passwords

    def added(self, paths: Iterable[Path], targets: Iterable[Target], read: ReadOptions) -> RunInputs:
        """Return the inputs with those of one more run."""
        new = list(targets)
        known = [str(p.resolve()) for p in paths]
        return RunInputs(
            paths=list(dict.fromkeys([*known, *self.paths])),
            targets={**self.targets, **{t.fingerprint: t.schema for t in new}},
            names={**self.names, **{t.fingerprint: t.name for t in new}},
            read=read.model_copy(update={"passwords": (), "pictures": "none"}),
        )


def inputs_of(folder: Path) -> RunInputs:
    """Return what the runs into a folder were given; nothing where that is not known.

    Neither limits nor a folder of recognisers is taken from there: others may have made the folder, with its documents.
    """
    try:
        found = RunInputs.model_validate_json(read_ordinary(folder / INPUTS))
        ours = found.read.model_copy(update={"limits": Limits(), "models": None})
        return found.model_copy(update={"read": ours})
    except (OSError, ValidationError):
        return RunInputs()


def result_files(folder: Path) -> list[str]:
    """Return the names of JSON files in a folder of Results, 2 before 10; hidden ones and the run's own left out."""
    return sorted(_json_names(folder), key=counting_order)


def _json_names(root: Path) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        below[:] = [b for b in below if not b.startswith(".")]
        for name in names:
            if name.endswith(".json") and not name.startswith("."):
                file = Path(folder) / name
                path = file.relative_to(root).as_posix()
                if path not in RESERVED_NAMES and file.is_file():  # a pipe would be waited for without end
                    yield path


def save_inputs(folder: Path, inputs: RunInputs) -> None:
    """Write what the runs into a folder were given. Raises OSError."""
    file = folder / INPUTS
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.parent.is_symlink():
        raise OSError(errno.ELOOP, "a link leads out of the folder of Results", str(file.parent))
    write_atomically(file, json.dumps(inputs.model_dump(mode="json"), ensure_ascii=False))
