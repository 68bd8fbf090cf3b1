"""Put uploads of an import into the matter's folder, where they stay: `received/SHA256/NAME`.

A ZIP that holds a production is unpacked there. Times of the files are set to the beginning of time, which stands for
none: an upload brings no time of its own. What was killed on the way is done again.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from thresher.schemas.errors import InputProblem
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.discovery.collection.expansion import ArchiveReading, Budget, LimitReached
from thresher.service.discovery.collection.options import LIMITS
from thresher.service.discovery.collection.zip_members import zip_members
from thresher.service.readers.archives.container import Damaged

FOLDERS_MAX = 100  # one in another, of a volume
NOT_A_NAME = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
NAME_MAX_BYTES = 200  # of a file's name; systems take 255


def received(folder: Path, blob: Path, name: str, sha256: str) -> Path:
    """Return where an upload's bytes are kept in a matter's folder; they are copied where they are not there yet."""
    kept = folder / "received" / sha256 / file_name(name)
    if kept.exists():
        return kept
    with disk_faults_as_problems(folder):
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.parent.with_name(f"{sha256}.part")
        shutil.copyfile(blob, part)
        os.utime(part, (0, 0))
        part.replace(kept)
    return kept


def unpacked(archive: Path, passwords: tuple[str, ...] = ()) -> Path:
    """Return the folder of a production that came as a ZIP: beside it, unpacked where it is not there yet.

    Raises InputProblem(corrupt, expansion_limit, password_protected) where a member can not be had: a production is
    loaded whole or not at all.
    """
    folder = archive.with_name("volume")
    if not folder.exists():
        part = archive.with_name("volume.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _unpack(archive, part, passwords)
        part.rename(folder)
    tops = list(folder.iterdir())
    if len(tops) == 1 and tops[0].is_dir():
        return tops[0]
    named = folder / PurePosixPath(archive.name).stem
    return named if named.is_dir() else folder


def _unpack(archive: Path, folder: Path, passwords: tuple[str, ...]) -> None:
    reading, budget = ArchiveReading(passwords), Budget(LIMITS, archive.stat().st_size)
    try:
        for member in zip_members(archive, reading):
            budget.take_member()
            _write(_inside(folder, member.name), budget.bounded(member))
    except Damaged as error:
        raise InputProblem("corrupt", f"{archive.name} ({error})") from error
    except LimitReached as reached:
        raise InputProblem("expansion_limit", f"{archive.name}: {reached}") from reached
    for name, code, what in reading.unread:
        raise InputProblem(code, f"{name}: {what}")
    for code, what in reading.findings:
        raise InputProblem(code, f"{archive.name}: {what}")


def _inside(folder: Path, name: str) -> Path:
    """Return where a member goes. Raises InputProblem(corrupt) for one that leaves the folder."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
    if not parts or ".." in parts or "\0" in name or len(parts) > FOLDERS_MAX:
        raise InputProblem("corrupt", f"a member is called {name[:200]!r}")
    return folder.joinpath(*parts)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a member. Raises InputProblem(corrupt) where its name can not be had, as beside a file of the same name."""
    with disk_faults_as_problems(path.parent):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        except (OSError, UnicodeError) as error:
            if isinstance(error, OSError) and error.errno not in NOT_A_NAME:
                raise
            raise InputProblem("corrupt", f"no file can be made of a member: {path.name[:200]!r}") from error
        with file:
            for piece in pieces:
                file.write(piece)
        os.utime(path, (0, 0))


def file_name(name: str) -> str:
    """Return a name that any file system takes, as like the given one as can be.

    >>> file_name("box.mbox"), file_name("a/b"), file_name(".."), len(file_name("x" * 500 + ".pst"))
    ('box.mbox', 'a_b', 'unnamed', 200)
    """
    shown = "".join("_" if c in "/\\" or not c.isprintable() else c for c in name).strip()
    if shown in {"", ".", ".."}:
        return "unnamed"
    stem, dot, suffix = shown.rpartition(".")
    end = f"{dot}{suffix}".encode()[:20] if stem else b""
    start = (stem or shown).encode()[: NAME_MAX_BYTES - len(end)]
    return start.decode(errors="ignore") + end.decode(errors="ignore")
