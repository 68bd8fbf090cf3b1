"""Find the load files of a production's volume; refuse the kinds that are not read by their names.

ABC001/  DATA/ ABC001.dat ABC001.opt    IMAGES/  NATIVES/  TEXT/         (or LOADFILES/, or load files at the root)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.productions.volume_paths import VolumeFiles

LOAD_FOLDERS = frozenset({"", "data", "load", "loadfile", "loadfiles", "load files"})
CONTENT_FOLDERS = frozenset({"natives", "native", "text", "images", "image", "fulltext", "doclink", "ocr"})
UNSUPPORTED = {
    ".dii": "Summation DII",
    ".lst": "a text list (LST)",
    ".log": "Opticon LOG of Summation",
    ".mdb": "a database of Concordance or Ringtail (MDB)",
    ".dcb": "a Concordance database (DCB)",
}
_TABLES = (".dat", ".csv", ".tsv", ".txt")  # the first kind that is there counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """A volume and its load files, as paths below its root."""

    root: Path
    files: VolumeFiles
    table: str  # one row a document: DAT, CSV or the documents of an EDRM XML
    images: tuple[str, ...] = ()  # OPT and LFP, one row a page
    beside: tuple[str, ...] = ()  # other load files, not read


def find_production(path: Path, loadfile: str | None = None, below: tuple[Path, ...] = ()) -> Production:
    """Return the production in a folder, or around a load file; its volume does not begin above `below`, if given.

    Raises InputProblem: "file_not_found"; "unsupported_loadfile", where only such are there or one was named; "loadfile_unclear",
    where several tables or none are there and none was named.
    """
    if not path.exists():
        raise InputProblem("file_not_found", str(path))
    root = path.resolve() if path.is_dir() else _root_around(path, below)
    files = VolumeFiles.listed(root)
    named = loadfile or (path.resolve().relative_to(root).as_posix() if path.is_file() else None)
    candidates = sorted(name for name in files if _may_be_loadfile(name))
    table = _named(files, named) if named else _only_table(candidates)
    images = tuple(name for name in candidates if _suffix(name) in {".opt", ".lfp"})
    same = tuple(name for name in images if _stem(name) == _stem(table))
    used = {table, *(same or images)}
    kinds = {*_TABLES, *UNSUPPORTED, ".opt", ".lfp", ".xml"}
    beside = tuple(name for name in candidates if name not in used and _suffix(name) in kinds - {".txt"})
    return Production(root=root, files=files, table=table, images=same or images, beside=beside)


def _root_around(loadfile: Path, below: tuple[Path, ...]) -> Path:
    """Return the volume's root for a load file: its folder, or the one above where that is a folder of load files."""
    folder = loadfile.resolve().parent
    may_rise = not below or any(folder.parent.is_relative_to(one) for one in below)
    return folder.parent if may_rise and folder.name.casefold() in LOAD_FOLDERS else folder


def _may_be_loadfile(name: str) -> bool:
    *folders, _ = PurePosixPath(name).parts
    return len(folders) <= 2 and (folders[-1].casefold() if folders else "") in LOAD_FOLDERS


def _named(files: VolumeFiles, name: str) -> str:
    if _suffix(name) in UNSUPPORTED:
        raise InputProblem("unsupported_loadfile", f"{name} is {UNSUPPORTED[_suffix(name)]}")
    found = files.find(name, "")
    if found is None:
        raise InputProblem("file_not_found", name)
    return found.path


def _only_table(candidates: list[str]) -> str:
    for suffix in (*_TABLES, ".xml"):
        if of_kind := [name for name in candidates if _suffix(name) == suffix]:
            if len(of_kind) == 1:
                return of_kind[0]
            shown = ", ".join(of_kind[:4]) + (f" and {len(of_kind) - 4} more" if len(of_kind) > 4 else "")
            raise InputProblem("loadfile_unclear", shown)
    for name in candidates:
        if _suffix(name) in UNSUPPORTED:
            raise InputProblem("unsupported_loadfile", f"{name} is {UNSUPPORTED[_suffix(name)]}")
    raise InputProblem("loadfile_unclear", "no DAT, CSV or EDRM XML at the root, in DATA or in LOADFILES")


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.casefold()
