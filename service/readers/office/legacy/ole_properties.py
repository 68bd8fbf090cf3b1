"""Read the metadata of an OLE office file (DOC, XLS, PPT)."""

from __future__ import annotations

import datetime as dt
import logging

import olefile

_NAMES = {
    "title": "title", "subject": "subject", "author": "author", "keywords": "keywords", "comments": "description",
    "last_saved_by": "last_modified_by", "create_time": "created", "last_saved_time": "modified", "company": "company",
    "creating_application": "application",
}  # fmt: skip
log = logging.getLogger(__name__)


def ole_facts(path: str) -> dict[str, str]:
    """Return the summary information of an OLE file; empty where there is none or it is damaged."""
    try:
        with olefile.OleFileIO(path) as ole:
            meta = ole.get_metadata()
    except Exception:
        log.debug("no summary information in %s", path, exc_info=True)
        return {}
    codec = f"cp{meta.codepage}" if meta.codepage and meta.codepage > 0 else "cp1252"
    found = {name: _text(getattr(meta, attribute), codec) for attribute, name in _NAMES.items()}
    return {name: text for name, text in found.items() if text}


def _text(value: object, codec: str) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8" if codec == "cp65001" else codec, "replace").strip("\0 ")
        except LookupError:
            return value.decode("cp1252", "replace").strip("\0 ")
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0).isoformat() + "Z" if value.year > 1601 else ""
    return "" if value is None else str(value).strip("\0 ")
