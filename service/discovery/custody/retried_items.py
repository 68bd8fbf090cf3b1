"""Find the items that exceptions stand in, to do these again: the family of a document, or the container of a member."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter import MatterContainer, MatterDocument, MatterException
from thresher.service.discovery.collection.items import INSIDE
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import SEPARATOR


@dataclass(frozen=True, slots=True)
class RetriedItem:
    """An item that is done again: its place, and what is to be done."""

    place: str
    source: int
    task: dict[str, Any]


def retried_items(matter: Matter, exceptions: Iterable[MatterException], left: list[str]) -> list[RetriedItem]:
    """Return the items in which exceptions stand, in order; `left` gets the paths whose bytes can not be had."""
    return _outermost(_items(matter, exceptions, left))


def _items(matter: Matter, exceptions: Iterable[MatterException], left: list[str]) -> Iterator[RetriedItem]:
    for fault in exceptions:
        item = _of_document(matter, fault) if fault.document_id else _of_container(matter, fault)
        if item is None:
            left.append(fault.path)
        else:
            yield item


def _of_document(matter: Matter, fault: MatterException) -> RetriedItem | None:
    """Return the family in which an exception stands, by its parent's bytes."""
    document = matter.store.document(fault.document_id or "")
    parent = matter.store.document(document.family_id) if document else None
    place = matter.store.place(parent.id) if parent else None
    if parent is None or place is None or parent.produced is not None:
        return None
    raw = bytes.fromhex(parent.path_bytes) if parent.path_bytes else parent.path.encode()
    task = {"name": parent.name, "path": parent.path, "place": place, "size": parent.size, "ordinal": parent.ordinal}
    if parent.dates.modified:
        task["modified"] = parent.dates.modified.to_json()
    if INSIDE in parent.path:
        task["declared"] = parent.media_type
    return _item(matter, parent, raw, task, "items")


def _of_container(matter: Matter, fault: MatterException) -> RetriedItem | None:
    """Return the innermost container with bytes of its own in which an exception stands."""
    run = matter.store.connection.execute
    row = run("SELECT place FROM exceptions WHERE id = ?", (fault.id,)).fetchone()
    place = row[0] if row else ""
    while place:
        row = run("SELECT record FROM containers WHERE place = ?", (place,)).fetchone()
        record = MatterContainer.from_json(row[0]) if row else None
        if record and record.sha256 and "\\" not in record.path:  # an escaped name is not known by its bytes
            name = record.path.rpartition("/")[2]
            task = {"name": name, "path": record.path, "place": place, "size": record.size, "ordinal": 0}
            if INSIDE in record.path:
                task["declared"] = record.media_type
            return _item(matter, record, record.path.encode(), task, "expand")
        place = place.rpartition(SEPARATOR)[0]
    return None


def _item(
    matter: Matter, record: MatterDocument | MatterContainer, raw: bytes, task: dict[str, Any], do: str
) -> RetriedItem | None:
    """Return an item with its bytes: our copy, or the file where it lies in its SOURCE; None where neither is there."""
    task |= {"raw": raw.hex(), "depth": record.path.count(INSIDE)}
    if matter.originals.path(record.sha256 or "").is_file():
        task["sha256"] = record.sha256
    else:
        file = matter.file_of(record.source, record.path, raw)
        if INSIDE in record.path or not file.is_file() or not _is_below(file, matter.file_of(record.source, "", b"")):
            return None
        task |= {"file": os.fsencode(file).hex(), "modified_ns": file.stat().st_mtime_ns}
    place = str(task["place"])
    return RetriedItem(place, record.source, {"do": do, "items": [task]} if do == "items" else {"do": do, "item": task})


def _is_below(file: Path, source: Path) -> bool:
    """Whether a file lies in its SOURCE, and no link leads out of it: a file may have become one since it was imported."""
    return file.resolve().is_relative_to(source.resolve())


def _outermost(items: Iterable[RetriedItem]) -> list[RetriedItem]:
    """Return the items without those that stand inside another, in order."""
    kept: list[RetriedItem] = []
    for item in sorted({item.place: item for item in items}.values(), key=lambda one: one.place):
        if not kept or not item.place.startswith(kept[-1].place + SEPARATOR):
            kept.append(item)
    return kept
