"""Make units of the folders of a PST, and read the messages of a unit; every folder's count must come out."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter import MatterContainer, root_id
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.content import Content
from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.expansion import Fault
from thresher.service.discovery.collection.family import FamilyExpansion
from thresher.service.discovery.collection.items import INSIDE, Item
from thresher.service.discovery.collection.mbox_members import mail_name
from thresher.service.discovery.collection.pst.file import PstDamaged, PstFile
from thresher.service.discovery.collection.pst.members import MESSAGE
from thresher.service.discovery.collection.pst.messages import PstFolder, folders, message_file
from thresher.service.discovery.collection.tasks import Expanding, item_of, unit_of
from thresher.service.discovery.matter.originals import Hashes, Originals, hashes_of
from thresher.service.discovery.matter.rows import inner_place
from thresher.service.discovery.matter.work import UnitResult, WorkUnit

_UNIT_MESSAGES = 100
_CONTENT = Content("message", MESSAGE)


def plan(expanding: Expanding) -> None:
    """Find the folders of a PST, record each as a container, and make units of their messages."""
    try:
        with PstFile(expanding.item.file or Path()) as pst:
            found, faults = folders(pst), list(dict.fromkeys(pst.faults))
    except InputProblem as problem:
        return _refuse(expanding, problem.code, problem.detail)
    except (PstDamaged, struct.error) as error:
        return _refuse(expanding, "corrupt", f"{expanding.item.path} ({error})")
    if not found and faults:
        return _refuse(expanding, "corrupt", f"{expanding.item.path} ({faults[0]})")
    expanding.context.discovered += len(found)
    expanding.record(len(found), len(found))
    for fault in faults:
        expanding.report(Fault("corrupt_partial", f"{expanding.item.path}: {fault}"))
    for folder in found:
        _plan_folder(expanding, folder)
    return None


def _refuse(expanding: Expanding, code: str, what: str) -> None:
    """Record a PST that can not be opened as a document that was not read."""
    faults = (Fault(code, f"{expanding.item.path} is {what}" if code == "unsupported_type" else what),)
    FamilyExpansion(expanding.context).add_root(expanding.item, expanding.content, expanding.hashes, faults)


def _plan_folder(expanding: Expanding, folder: PstFolder) -> None:
    """Record a folder, and make units of its messages. Fewer messages than it states are failed ones."""
    item, origin = expanding.item, expanding.context.origin
    place, path = inner_place(item.place, folder.nid), f"{item.path}{INSIDE}{folder.path}"
    made = root_id(
        origin.custodian, origin.label, item.raw + f"{INSIDE}#{folder.nid:x}".encode(), expanding.hashes.sha256
    )
    missing = max(0, folder.stated - len(folder.messages))
    record = MatterContainer(
        id=made,
        path=path,
        source=origin.number,
        custodian=origin.custodian,
        media_type="application/x-mailbox-folder",
        declared=len(folder.messages) + missing,
        failed=missing,
    )
    expanding.context.records.container(record, place)
    expanding.context.discovered += len(folder.messages) + missing
    if folder.stated != len(folder.messages):
        what = f"{path} states {folder.stated} messages and has {len(folder.messages)}"
        expanding.context.add_exception(
            "container_count_mismatch", what, place=place, path=path, about=made, unread=missing
        )
    for start in range(0, len(folder.messages), _UNIT_MESSAGES):
        nodes = [[start + i, nid] for i, nid in enumerate(folder.messages[start : start + _UNIT_MESSAGES])]
        task = {"do": "messages", "item": expanding.task, "folder": folder.path, "place": place, "nodes": nodes}
        unit = unit_of(origin, inner_place(place, start), {**task, "container": made})
        expanding.result.units.append(unit)


def read_messages(unit: WorkUnit, context: CollectionContext, result: UnitResult) -> None:
    """Record the messages of a unit. One that can not be read is an exception, and counts as failed."""
    task = unit.task
    item = item_of(task["item"], context.originals)
    family, failed = FamilyExpansion(context), 0
    with PstFile(item.file or Path()) as pst:
        for number, nid in task["nodes"]:
            try:
                data, faults = message_file(pst, nid)
            except (PstDamaged, struct.error) as error:
                failed += 1
                _report_unread(task, item, number, context, ("corrupt", str(error)))
                continue
            message, hashes = _message_item(task, item, number, data, context.originals)
            family.add_root(message, _CONTENT, hashes, notes=tuple(_faults(message, faults)))
    result.counts[task["container"]] = (len(task["nodes"]) - failed, failed)


def _faults(item: Item, faults: list[str]) -> list[Fault]:
    return [
        Fault("embedded_unreadable", f"{item.path}: {fault}", unread=1)
        if "attach" in fault
        else Fault("corrupt_partial", f"{item.path}: {fault}")
        for fault in faults
    ]


def _message_item(
    task: dict[str, Any], box: Item, number: int, data: bytes, originals: Originals
) -> tuple[Item, Hashes]:
    """Return a message of a folder, its bytes kept, and their hashes."""
    name, hashes = mail_name(number, ".msg"), hashes_of(data)
    inside = f"{INSIDE}{task['folder']}/{name}"
    item = Item(
        name=name,
        path=box.path + inside,
        raw=box.raw + inside.encode("utf-8", "surrogatepass"),
        place=inner_place(task["place"], number),
        ordinal=number,
        depth=box.depth + 1,
        file=originals.put(data, hashes.sha256),
        data=data,
        declared=MESSAGE,
    )
    return item, hashes


def _report_unread(
    task: dict[str, Any], box: Item, number: int, context: CollectionContext, fault: tuple[str, str]
) -> None:
    path = f"{box.path}{INSIDE}{task['folder']}/{mail_name(number, '.msg')}"
    place = inner_place(task["place"], number)
    context.add_exception(fault[0], f"{path} ({fault[1]})", place=place, path=path, about=place, unread=1)


def give_up(
    task: dict[str, Any], box: Item, context: CollectionContext, result: UnitResult, fault: tuple[str, str]
) -> None:
    """Record the one message of a task as one that can not be read."""
    _report_unread(task, box, task["nodes"][0][0], context, fault)
    result.counts[task["container"]] = (0, 1)
