"""Make a folder for what must not outlive the process. The next process deletes what a killed one left."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """Make a shared folder if it is not there, and return whether it is this user's: another may have made it as a trap."""
    with suppress(OSError):  # it is there, or none can be made
        shared.mkdir(mode=0o700)
    try:
        facts = shared.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid()
