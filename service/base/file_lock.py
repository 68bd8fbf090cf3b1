"""Lock a folder or a database for one process, by a file."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from thresher.schemas.errors import SetupProblem


def lock(path: Path) -> int:
    """Lock `path` for this process alone, until the descriptor is closed or the process dies; return the descriptor.

    Raises SetupProblem(store_locked) when another process has locked it.
    """
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise SetupProblem("store_locked", str(path.parent)) from error
    return held
