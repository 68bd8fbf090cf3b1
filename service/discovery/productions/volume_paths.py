"""Find the files that a load file names, below a volume's root and nowhere else.

A path is tried (1) from the load file's folder, (2) from the volume's root, (3) from the root without what stands in front of the
volume's own folder, or without its leading folder, then (4) the same three without regard to case. The volume is listed once; a row costs look-ups alone.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

_DRIVE = re.compile(r"^(?:[A-Za-z]:|[\\/]{2}[?.][\\/](?:[A-Za-z]:)?)?")


class PathEscapeError(ValueError):
    """A path leaves the volume."""


@dataclass(frozen=True, slots=True)
class FoundPath:
    """A file of the volume, and the rule by which a path named it."""

    path: str  # below the root, as the disk spells it, with slashes
    rule: int  # 1 to 4


@dataclass(slots=True)
class VolumeFiles:
    """All files below a root, listed once; symbolic links, pipes, devices and sockets are left out."""

    root: Path
    links: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)  # folders that can not be listed
    others: list[str] = field(default_factory=list)  # no ordinary files: a pipe would be waited for
    _by_folded: dict[str, list[str]] = field(default_factory=dict)
    _top: set[str] = field(default_factory=set)
    count: int = 0

    @classmethod
    def listed(cls, root: Path) -> VolumeFiles:
        """List the files below a root."""
        files = cls(root)
        for path, kind in _walk(root):
            if kind != "file":
                {"link": files.links, "closed": files.closed, "other": files.others}[kind].append(path)
                continue
            files.count += 1
            files._by_folded.setdefault(_folded(path), []).append(path)
            files._top.add(_folded(path.partition("/")[0]))
        return files

    def __iter__(self) -> Iterator[str]:
        """Yield every file's path below the root."""
        for paths in self._by_folded.values():
            yield from paths

    def find(self, written: str, folder: str) -> FoundPath | None:
        """Return the file that a load file in `folder` means; None for no file; raise PathEscapeError beyond the root."""
        parts = _parts(written)
        tries = [_below(folder.split("/") if folder else [], parts), _below([], parts), self._without_leading(parts)]
        if parts and tries[0] is tries[1] is None:
            raise PathEscapeError(written)
        paths = [path for path in tries if path]
        for rule, path in enumerate(tries, 1):
            if path and path in self._by_folded.get(_folded(path), ()):
                return FoundPath(path, rule)
        matches = (self._by_folded.get(_folded(path)) for path in paths)
        return next((FoundPath(found[0], 4) for found in matches if found), None)

    def _without_leading(self, parts: list[str]) -> str | None:
        r"""Return the path behind the volume's own folder, wherever that stands (D:\Case 4\ABC001\IMAGES\…).

        Else the path without its first folder, where that is no folder of the volume.
        """
        named = [i for i, part in enumerate(parts[:-1]) if _folded(part) == _folded(self.root.name)]
        if named:
            return _below([], parts[named[-1] + 1 :])
        if len(parts) < 2 or _folded(parts[0]) in self._top:
            return None
        return _below([], parts[1:])


def _walk(root: Path) -> Iterator[tuple[str, Literal["file", "link", "closed", "other"]]]:
    """Yield paths of files, links, others, and folders that can not be listed, below a root in order of their names."""
    stack = [""]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            yield folder, "closed"
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                stack.append(path)
            else:
                yield (
                    path,
                    "link" if entry.is_symlink() else "file" if entry.is_file(follow_symlinks=False) else "other",
                )


def _folded(path: str) -> str:
    return path.casefold() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def _parts(written: str) -> list[str]:
    """Return a path's parts, without a drive and a leading dot."""
    bare = _DRIVE.sub("", written.strip(), count=1)
    return [part for part in bare.replace("\\", "/").split("/") if part not in {"", "."}]


def _below(folder: list[str], parts: list[str]) -> str | None:
    """Return the path with its `..` worked out; None where it leaves the root."""
    done = list(folder)
    for part in parts:
        if part == "..":
            if not done:
                return None
            done.pop()
        else:
            done.append(part)
    return "/".join(done)
