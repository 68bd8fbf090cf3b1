"""One document of the embedded bench."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """One document and what is true of it. A field that is missing from `truth` is unknown and not scored."""

    name: str
    file: Path
    truth: dict[str, Any]
    items: list[dict[str, Any]] = field(default_factory=list)
