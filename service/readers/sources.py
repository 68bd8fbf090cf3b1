"""Turn files and folders into Sources, in a fixed order, and never outside the given folder."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source
from thresher.service.readers.ignored_files import reason_to_ignore

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class RefusedPath:
    """A path that is not a Source, and why."""

    path: str
    problem: InputProblem


def make_source(path: Path, root: Path | None = None) -> Source:
    """Return the Source of one file, hashed in pieces; its path is relative to `root`, else the file name.

    Raises InputProblem: `file_not_found`, `unsupported_type` where it is no regular file, `unsafe_path` for a path
    that leads out of `root`.
    """
    shown = _shown(path, root)
    if root is not None and not path.resolve().is_relative_to(_resolved(root)):
        raise _leads_out(shown)
    return _source(path, shown)


def _source(path: Path, shown: str) -> Source:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputProblem("unsupported_type", f"{shown} is no regular file")
        sha256, size = _digest(path)
    except OSError as error:
        raise InputProblem("file_not_found", f"{shown} ({error.strerror or type(error).__name__})") from error
    return Source(path=shown, blob=str(path), sha256=sha256, size=size, name=_text(path.name))


def find_sources(paths: Iterable[Path], *, hidden: bool = False) -> Iterator[Source | RefusedPath]:
    """Yield Sources of files, and of all files under folders, sorted by path within each.

    In folders, some entries are passed over unless `hidden`: see `ignored_files.py`. A link to a folder inside the given one is skipped, as
    its files are found anyway; one that leads out is `unsafe_path`.
    """
    for path in paths:
        if path.is_dir():
            for file in _walk(path, path.resolve(), hidden=hidden):
                yield file if isinstance(file, RefusedPath) else _source_or_refused(file, path)
        else:
            yield _source_or_refused(path, None)


def count_files(paths: Iterable[Path], own: Collection[Path] = ()) -> int:
    """Count the files that `find_sources` will return or refuse, without reading any; those in `own` (resolved) are none."""
    names = {p.name for p in own}
    found = (one for p in paths for one in (_walk(p, p.resolve()) if p.is_dir() else (p,)))
    return sum(isinstance(one, RefusedPath) or one.name not in names or one.resolve() not in own for one in found)


def _source_or_refused(path: Path, root: Path | None) -> Source | RefusedPath:
    try:  # what is found by walking a folder is inside it, unless it is a link
        return make_source(path, root) if root is None or path.is_symlink() else _source(path, _shown(path, root))
    except InputProblem as problem:
        return RefusedPath(_shown(path, root), problem)


def _walk(folder: Path, root: Path, *, hidden: bool = False) -> Iterator[Path | RefusedPath]:
    """Yield the files of a folder and its subfolders, without recursion, as nesting may be deep."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if path is not folder and path.is_symlink() and _is_folder(path):
            if not path.resolve().is_relative_to(root):
                yield RefusedPath(_shown(path, folder), _leads_out(_shown(path, folder)))
        elif _is_folder(path):
            try:
                waiting.extend(_entries(path, hidden=hidden))
            except OSError as error:
                detail = f"{_shown(path, folder)} cannot be listed ({error.strerror or type(error).__name__})"
                yield RefusedPath(_shown(path, folder), InputProblem("file_not_found", detail))
        else:
            yield path


@lru_cache(maxsize=16)
def _resolved(folder: Path) -> Path:
    return folder.resolve()


def _leads_out(shown: str) -> InputProblem:
    return InputProblem("unsafe_path", f"{shown} leads out of the folder")


def _entries(folder: Path, *, hidden: bool) -> list[Path]:
    """Return the entries of a folder, last first."""
    names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 - names are all that is wanted
    return [path for name in names if reason_to_ignore(path := folder / name) is None or hidden]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _shown(path: Path, root: Path | None) -> str:
    inside = root is not None and path.is_relative_to(root)
    return _text((path.relative_to(root) if inside and root is not None else Path(path.name)).as_posix())


def _text(name: str) -> str:
    """Return a file name as valid text: bytes that are not UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size
