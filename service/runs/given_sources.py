"""Turn what a caller in Python gives (a path, bytes, an open file, a text) into a Source."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source, Text
from thresher.service.readers.sources import make_source

SHOWN_MAX_CHARS = 60  # of a text that was given where a path belongs
NAME_MAX_BYTES = 200
NAMELESS = "document"  # the name of bytes


class GivenSource:
    """One source as a caller gave it, and its Source. Bytes lie in a private file for as long as this object lives."""

    given: Any
    source: Source

    def __init__(self, given: Any, source: Source | None = None) -> None:
        """Hash the file, or write the bytes into one. Raises InputProblem(file_not_found, source_invalid)."""
        self.given = given
        self.source = source or self._made(given)

    def _made(self, given: Any) -> Source:
        if isinstance(given, str | os.PathLike):
            return make_source(_existing(given))
        folder = Path(tempfile.mkdtemp(prefix="thresher-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return make_source(_written(given, folder))


@dataclass(frozen=True, slots=True)
class RefusedSource:
    """What a caller gave and cannot be read, the path to show for it, and why."""

    given: Any
    path: str
    problem: InputProblem


def path_of(given: Any) -> str:
    """Return the path to show for what could not be made a Source."""
    return _short(given) if isinstance(given, str | os.PathLike) else _name_of(given)


def _existing(given: str | os.PathLike[str]) -> Path:
    """Return the path of a file. Raises InputProblem(file_not_found), which tells text and folder what to write."""
    path = Path(given)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL: a text
        is_folder, exists = False, False
    if is_folder:
        raise InputProblem("source_invalid", f"{path} is a folder: extract from its files with aextract_many")
    if not exists:
        raise InputProblem("file_not_found", _unlike_a_path(given))
    return path


def _unlike_a_path(given: str | os.PathLike[str]) -> str:
    shown = repr(_short(given))
    if isinstance(given, str):
        return f"{shown} (looked for in {Path.cwd()}); a str is a path: for the text itself write Text(...)"
    return f"{shown} (looked for in {Path.cwd()})"


def _short(given: str | os.PathLike[str]) -> str:
    shown = str(given).replace("\n", " ")
    return shown if len(shown) <= SHOWN_MAX_CHARS else f"{shown[:SHOWN_MAX_CHARS]}…"


def _written(given: Any, folder: Path) -> Path:
    """Write what was given into a file of a folder; return the file."""
    if isinstance(given, bytes | bytearray | memoryview):
        return _file(folder, NAMELESS, given)
    if isinstance(given, Text):
        return _file(folder, given.name, given.content.encode("utf-8", "surrogatepass"))
    if not callable(getattr(given, "read", None)):
        raise InputProblem("source_invalid", f"{type(given).__name__} is no source")
    return _copied(given, folder / _name_of(given))


def _copied(given: IO[Any], file: Path) -> Path:
    """Copy an open file from where it stands. One that is open as text is a text."""
    try:
        first = given.read(1 << 20)
        with file.open("wb") as made:
            while first:
                made.write(first.encode() if isinstance(first, str) else first)
                first = given.read(1 << 20)
    except UnicodeDecodeError:
        raise InputProblem("source_invalid", f"{file.name} was opened as text and is none: open it with 'rb'") from None
    return file


def _file(folder: Path, name: str, content: bytes | bytearray | memoryview) -> Path:
    file = folder / _usable(name)
    file.write_bytes(content)
    return file


def _name_of(given: Any) -> str:
    """Return the name that an open file goes by, without folders; that of a nameless one is "document"."""
    name = getattr(given, "name", None)
    return _usable(name) if isinstance(name, str) else NAMELESS


def _usable(name: str) -> str:
    """Return the last part of a name as a file can be called: of a long one the end, which says what it is."""
    last = PurePath(name.replace("\0", "_")).name.encode("utf-8", "replace")
    return last[-NAME_MAX_BYTES:].decode(errors="ignore") or NAMELESS
