"""Write files so that nobody ever sees half of one, readable by their owner alone."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(file: Path, text: str) -> None:
    """Write a file under a temporary name first, so that nobody ever sees half of it."""
    part = file.with_name(f".{file.name}.part")
    try:
        with open(part, "w", encoding="utf-8", errors="replace", opener=open_privately) as made:
            made.write(text)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def open_privately(path: str | Path, flags: int) -> int:
    """Open a new file that only its owner may read: an opener for `open`.

    What lies there is removed. A link is not followed: whoever made the folder could have any file overwritten by it.
    """
    Path(path).unlink(missing_ok=True)
    return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
