"""Import collections into a Matter."""

from __future__ import annotations

from pathlib import Path

from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.matter.folder import Matter


def import_collections(
    matter: Matter, sources: list[Path], custodian: str, options: CollectionOptions, *, workers: int = 2
) -> dict[str, int]:
    """Import SOURCEs of one custodian; return how many documents, exceptions and so on are new."""
    raise NotImplementedError
