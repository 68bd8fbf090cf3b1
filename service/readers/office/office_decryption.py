"""Decrypt office files with the user's passwords into a temporary file."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import olefile

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool

_DEFAULTS = ("VelvetSweatshop", "/01Hannes Ruescher/01")  # set by Excel and PowerPoint where the user has chosen none
log = logging.getLogger(__name__)


def read_unlocked(
    source: Source, options: ReadOptions, spool: Spool, reading: Callable[[Source, ReadOptions, Spool], Reading]
) -> Reading:
    """Decrypt a Source and read the result; the Document names the original Source.

    Raises InputProblem(password_protected) where no password fits, `rms_protected` for a file under rights management.
    """
    _refuse_managed(source)
    with _decrypted(source, options, spool) as path:
        opened = reading(source.model_copy(update={"blob": str(path)}), options, spool)
    given = opened.document.source.model_copy(update={"blob": source.blob})
    return replace(opened, document=replace(opened.document, source=given))


def read_legacy(
    source: Source, options: ReadOptions, spool: Spool, reading: Callable[[Source, ReadOptions, Spool], Reading]
) -> Reading:
    """Read an old office file; use the passwords where it is encrypted."""
    try:
        return reading(source, options, spool)
    except InputProblem as problem:
        if problem.code != "password_protected":
            raise
    return read_unlocked(source, options, spool, reading)


def _refuse_managed(source: Source) -> None:
    try:
        with olefile.OleFileIO(source.blob) as ole:
            names = {part.strip("\t\x06") for path in ole.listdir() for part in path}
    except (OSError, ValueError, IndexError) as error:
        raise InputProblem("corrupt", source.name or source.path) from error
    if any(name.startswith("DRM") for name in names):
        raise InputProblem("rms_protected", source.name or source.path)


@contextlib.contextmanager
def _decrypted(source: Source, options: ReadOptions, spool: Spool) -> Iterator[Path]:
    spool.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spool.folder) as folder:
        path = Path(folder) / "decrypted"
        if not any(_unlock(source, password, path) for password in (*options.passwords, *_DEFAULTS)):
            raise InputProblem("password_protected", source.name or source.path)
        yield path


def _unlock(source: Source, password: str, path: Path) -> bool:
    """Decrypt the file to `path`. Return whether the password fits."""
    import msoffcrypto  # noqa: PLC0415 - loads cryptography, which few files need

    try:
        with Path(source.blob).open("rb") as locked, path.open("wb") as plain:
            office: Any = msoffcrypto.OfficeFile(locked)
            office.load_key(password=password)
            office.decrypt(plain)
    except Exception:
        log.debug("a password does not open %s", source.path, exc_info=True)
        return False
    return path.stat().st_size > 0
