"""Scratch: a folder for what must not outlive the process. What one left that was killed, the next one sweeps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from thresher.service.storage.uploads.spool import Spool


@contextmanager
def temp_folder(within: Path | None = None) -> Iterator[Path]:
    """A folder of this process alone, gone at the end; `within`: where, else where the system keeps such things.

    A killed process can not tidy up, and attachments of documents are not for whoever looks into the system's folder next
    year. Raises SetupProblem(storage_full, store_failed).
    """
    place = Path(gettempdir()) / f"thresher-{os.geteuid()}"
    if within is not None or not _is_ours(place):
        with TemporaryDirectory(prefix="thresher-", dir=within) as folder:
            yield Path(folder)
        return
    spool = Spool(place)
    try:
        yield spool.folder
    finally:
        spool.close()


def _is_ours(place: Path) -> bool:
    """Whether a folder that all may make is this user's, or is not there yet: no other may have laid it out for us."""
    try:
        facts = place.lstat()
    except FileNotFoundError:
        return True
    return place.is_dir() and not place.is_symlink() and facts.st_uid == os.geteuid()
