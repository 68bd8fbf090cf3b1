"""Say which files of a folder are passed over, and why; a reader is asked for none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db", "__macosx"}
RESULTS_MARK = ".thresher"  # the folder in which a run keeps its answers, inside its folder of Results


@dataclass(frozen=True, slots=True)
class IgnoredPath:
    """A file, or a folder with all its files, that is no source."""

    path: str  # relative to the folder given; a folder's ends with a slash
    reason: str  # in words
    files: int = 1


def reason_to_ignore(path: Path) -> str | None:
    """Return why an entry of a folder is passed over, in words; None where it is not."""
    if path.name.startswith("."):
        return "its name begins with a dot"
    if path.name.startswith("~$"):
        return "the lock of a document that is open in an office program"
    if path.name.lower() in SYSTEM_FILES:
        return "made by the operating system"
    return "the Results of a run" if (path / RESULTS_MARK).is_dir() else None


def ignored_in(folders: Iterable[Path]) -> list[IgnoredPath]:
    """Return what `find_sources` passes over in folders, by path; a link to a folder counts no files."""
    return sorted((i for folder in folders for i in _ignored(folder)), key=lambda i: i.path)


def _ignored(folder: Path) -> Iterator[IgnoredPath]:
    waiting = [folder]
    while waiting:
        try:
            entries = sorted(waiting.pop().iterdir())
        except OSError:  # `find_sources` refuses it by name
            continue
        for path in entries:
            why = reason_to_ignore(path)
            if why is None and path.is_dir() and not path.is_symlink():
                waiting.append(path)
            elif why is not None:
                shown = path.relative_to(folder).as_posix() + ("/" if path.is_dir() else "")
                yield IgnoredPath(shown, why, _count(path))


def _count(path: Path) -> int:
    """Return how many files an entry is: one, or all below it."""
    if not path.is_dir() or path.is_symlink():
        return 1
    return sum(1 for inside in path.rglob("*") if not inside.is_dir())
