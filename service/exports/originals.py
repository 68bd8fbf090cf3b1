"""Keep where the files of a run lie, beside its Results, so that their pages can be shown later.

`DIR/.thresher/originals.jsonl` has a line `{"path": …, "file": …}` for each file: its path in Results, and where it is on
this machine. Later lines count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from thresher.service.base.atomic_files import open_privately
from thresher.service.pages.page_pictures import PART

FILE = Path(".thresher") / "originals.jsonl"


class OriginalsFile:
    """The lines of a run; a file that is named already is not named again."""

    def __init__(self, folder: Path, stream: TextIO) -> None:
        """Take the folder of Results and the open file."""
        self._known, self._stream = dict(_lines(folder)), stream

    def add(self, path: str, file: Path) -> None:
        """Keep where a file lies."""
        place = str(file.absolute())
        if self._known.get(path) != place:
            self._known[path] = place
            self._stream.write(json.dumps({"path": path, "file": place}) + "\n")


@contextmanager
def opened_originals(folder: Path) -> Iterator[OriginalsFile]:
    """Open the file of a folder of Results for more lines. Raises OSError."""
    file = folder / FILE
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(file, "a", encoding="utf-8", opener=open_privately) as stream:
        yield OriginalsFile(folder, stream)


def originals_of(folder: Path) -> dict[str, Path]:
    """Return where each file of a folder's runs was, by its path in Results."""
    return {path: Path(place) for path, place in _lines(folder)}


def original_of(folder: Path, path: str) -> Path | None:
    """Return the file that holds a source of a Result ("a.eml!/x.pdf" lies in a.eml); None where it is not there now."""
    file = originals_of(folder).get(file_path(path))
    return file if file is not None and file.is_file() else None


def file_path(path: str) -> str:
    """Return the path of the file that holds a source.

    >>> file_path("mails/a.eml!/2-b.zip!/1-c.pdf"), file_path("scan.pdf!p04-06")
    ('mails/a.eml', 'scan.pdf')
    """
    return PART.sub("", path.split("!/", maxsplit=1)[0])


def _lines(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        try:
            one = json.loads(line)
            yield str(one["path"]), str(one["file"])
        except (ValueError, KeyError, TypeError):
            continue  # a line that a kill cut short
