"""Write what is to be done as tasks, and read them.

A task is a dictionary, as it is kept in the Matter until it is done:

    {"do": "items", "items": [...]}                      files, or members of an archive
    {"do": "expand", "item": ...}                        an archive or a mailbox that is no document itself
    {"do": "mails", "item": ..., "offsets": [...]}       mails of an mbox
    {"do": "messages", "item": ..., "folder": ..., "nodes": [...]}   messages of a folder of a PST
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter import MatterContainer, MatterDate, root_id
from thresher.service.discovery.collection.content import Content
from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.dates import date_of_file
from thresher.service.discovery.collection.expansion import Fault
from thresher.service.discovery.collection.inventory import batches
from thresher.service.discovery.collection.items import INSIDE, Item, Origin
from thresher.service.discovery.matter.originals import Hashes, Originals
from thresher.service.discovery.matter.work import UnitResult, WorkUnit


def item_of(task: dict[str, Any], originals: Originals) -> Item:
    """Return the item of a task."""
    file = originals.path(task["sha256"]) if "sha256" in task else Path(os.fsdecode(bytes.fromhex(task["file"])))
    modified = date_of_file(task["modified_ns"]) if "modified_ns" in task else None
    if "modified" in task:
        modified = MatterDate.from_json(task["modified"])
    return Item(
        name=task["name"],
        path=task["path"],
        raw=_raw_of(task),
        place=task["place"],
        ordinal=task.get("ordinal", 0),
        depth=task.get("depth", 0),
        file=file,
        declared=task.get("declared"),
        modified=modified,
    )


def _raw_of(task: dict[str, Any]) -> bytes:
    """Return the bytes of an item's path; "!/" in the path of a loose file is doubled, as it is not inside an archive."""
    raw = bytes.fromhex(task["raw"])
    return raw if "sha256" in task else raw.replace(INSIDE.encode(), INSIDE.encode() * 2)


def task_of(item: Item, hashes: Hashes) -> dict[str, Any]:
    """Return an item whose bytes are kept as the item of a task."""
    task: dict[str, Any] = {
        "name": item.name,
        "path": item.path,
        "raw": item.raw.hex(),
        "place": item.place,
        "ordinal": item.ordinal,
        "depth": item.depth,
        "sha256": hashes.sha256,
        "size": hashes.size,
    }
    if item.declared:
        task["declared"] = item.declared
    if item.modified:
        task["modified"] = item.modified.to_json()
    return task


def unit_of(origin: Origin, place: str, task: dict[str, Any]) -> WorkUnit:
    """Return a unit; its place sorts after that of the item which it begins with."""
    return WorkUnit(origin.number, f"{place}\x01~{task['do']}", task)


def item_units(origin: Origin, items: Iterator[dict[str, Any]]) -> Iterator[WorkUnit]:
    """Yield units of items."""
    for batch in batches(items):
        yield unit_of(origin, batch[0]["place"], {"do": "items", "items": batch})


@dataclass(frozen=True, slots=True)
class Expanding:
    """A container that becomes units: what it is, and where its records and units go."""

    item: Item
    task: dict[str, Any]  # of the item
    content: Content
    hashes: Hashes
    context: CollectionContext
    result: UnitResult

    @property
    def id(self) -> str:
        """Return the id of the container's record."""
        origin = self.context.origin
        return root_id(origin.custodian, origin.label, self.item.raw, self.hashes.sha256)

    def record(self, declared: int | None, emitted: int = 0, failed: int = 0) -> None:
        """Record the container."""
        origin = self.context.origin
        record = MatterContainer(
            id=self.id,
            path=self.item.path,
            source=origin.number,
            custodian=origin.custodian,
            media_type=self.content.media_type,
            sha256=self.hashes.sha256,
            size=self.hashes.size,
            declared=declared,
            emitted=emitted,
            failed=failed,
        )
        self.context.records.container(record, self.item.place)

    def report(self, fault: Fault) -> None:
        """Record what went wrong with the container or with a member of it."""
        item, what, path = self.item, fault.what or self.item.path, fault.path or self.item.path
        self.context.add_exception(fault.code, what, place=item.place, path=path, about=self.id, unread=fault.unread)
