"""Read a compound file as a tree of storages and streams."""

from __future__ import annotations

import io

from thresher.schemas.errors import InputProblem
from thresher.service.readers.mail.outlook.compound_writer import Storage


def load(data: bytes, path: str) -> Storage:
    """Return all storages and streams of a compound file. Raises InputProblem(corrupt)."""
    import olefile  # noqa: PLC0415 - only MSG files need it

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            return _tree(file)
    except InputProblem:
        raise
    except Exception as error:  # the library raises OSError, struct.error, IndexError and more
        raise InputProblem("corrupt", f"{path} ({type(error).__name__})") from error


def _tree(file: object) -> Storage:
    root: Storage = {}
    for names in file.listdir(streams=True, storages=True):  # type: ignore[attr-defined]
        at = root
        for name in names[:-1]:
            inner = at.setdefault(name, {})
            at = inner if isinstance(inner, dict) else {}
        if file.get_type(names) == 2:  # type: ignore[attr-defined]
            at[names[-1]] = _stream(file, names)
        else:
            at.setdefault(names[-1], {})
    return root


def _stream(file: object, names: list[str]) -> bytes:
    """Return a stream; empty where its sectors are missing."""
    try:
        return bytes(file.openstream(names).read())  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return b""
