"""Write down what was received, with which options and which versions: the manifest of a Matter."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from thresher.schemas.result import VERSION
from thresher.service.base.ordinary_files import open_ordinary
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.matter.folder import Matter

_LIBRARIES = ("compressed-rtf", "olefile", "py7zr", "selectolax", "tnefparse")


def write_manifest(matter: Matter, options: CollectionOptions) -> None:
    """Write `manifest.json`: SOURCEs, every file received, options, versions."""
    connection = matter.store.connection
    sources = connection.execute("SELECT number, label, path, custodian, kind, state FROM sources ORDER BY number")
    inputs = connection.execute(
        "SELECT source, path, size, sha256, received_at, received_by FROM inputs ORDER BY source, path"
    )
    names = ("source", "path", "size", "sha256", "received_at", "received_by")
    facts = {
        "version": VERSION,
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
        "processing_timezone": options.timezone,
        "options": _options(options),
        "sources": [
            dict(zip(("number", "label", "path", "custodian", "kind", "state"), r, strict=True)) for r in sources
        ],
        "inputs": [dict(zip(names, row, strict=True)) for row in inputs],
    }
    matter.write_manifest(facts)


def _options(options: CollectionOptions) -> dict[str, Any]:
    """Return the options that decide what comes out; passwords are counted, lists of known files hashed."""
    return {
        "denist": [{"path": path, "sha256": _sha256(path)} for path in options.denist],
        "denist_mode": options.denist_mode,
        "bcc": options.bcc,
        "embedded": options.embedded,
        "passwords": len(options.passwords),
        "limits": options.limits.model_dump(),
        "dedup": "edisc-dedup-v1",
    }


def _sha256(path: str) -> str:
    with open_ordinary(path, links=True) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
