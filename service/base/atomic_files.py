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


def open_privately(path: str, flags: int) -> int:
    """Open a file for writing that only its owner may read: an opener for `open`."""
    return os.open(path, flags, 0o600)
