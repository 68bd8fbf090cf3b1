"""Make a folder for what must not outlive the process. The next process deletes what a killed one left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from thresher.service.base.spool import Spool


@contextmanager
def temp_folder(within: Path | None = None) -> Iterator[Path]:
    """Make a folder for this process, deleted at the end, below `within` or the system's temporary folder.

    A killed process cannot tidy up, and attachments of documents must not stay readable in the system's folder. Raises
    SetupProblem(storage_full, store_failed).
    """
    shared = Path(gettempdir()) / f"thresher-{os.geteuid()}"
    if within is not None or not _is_safe(shared):
        with TemporaryDirectory(prefix="thresher-", dir=within) as folder:
            yield Path(folder)
        return
    spool = Spool(shared)
    try:
        yield spool.folder
    finally:
        spool.close()


def _is_safe(shared: Path) -> bool:
    """Whether a shared folder is this user's, or is not there yet: another user may have made it as a trap."""
    try:
        facts = shared.lstat()
    except FileNotFoundError:
        return True
    return shared.is_dir() and not shared.is_symlink() and facts.st_uid == os.geteuid()
