"""Do one unit of work in a worker process: read a batch of files, expand an archive, or read a part of a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.service.discovery.collection.container_expansion import ContainerExpansion
from thresher.service.discovery.collection.content import CONTAINERS, Content, content_of
from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.denist import KnownFiles
from thresher.service.discovery.collection.expansion import ArchiveReading, Budget, Fault
from thresher.service.discovery.collection.family import FamilyExpansion
from thresher.service.discovery.collection.items import INSIDE, Item, Origin, key_path
from thresher.service.discovery.collection.mbox_members import MAIL, MailOffsets, mail_name, mbox_offsets
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.pst import units as pst_units
from thresher.service.discovery.collection.tasks import Expanding, item_of, item_units, task_of, unit_of
from thresher.service.discovery.matter.originals import READ_BYTES, Hashes, Originals, hashes_of, hashes_of_file
from thresher.service.discovery.matter.rows import inner_place
from thresher.service.discovery.matter.work import InputRow, UnitResult, WorkUnit

_UNIT_MAILS, _UNIT_BYTES = 128, 8 << 20  # mails of a unit at most, and bytes unless one mail alone has more
MAIL_CONTENT = Content("mail", MAIL)


@dataclass(frozen=True, slots=True)
class UnitSetting:
    """What every unit of a SOURCE is done with."""

    origin: Origin
    options: CollectionOptions
    originals: Originals
    known: str | None = None  # file of known digests

    def context(self) -> CollectionContext:
        """Return a context without records."""
        known = KnownFiles(Path(self.known) if self.known else None)
        return CollectionContext(self.origin, self.options, self.originals, known)


def perform(unit: WorkUnit, setting: UnitSetting) -> UnitResult:
    """Do a unit and return what it gave. Raises SetupProblem for faults of the machine."""
    context, result = setting.context(), UnitResult()
    result.records = context.records
    _TASKS[unit.task["do"]](unit, context, result)
    _note_counts(context, result)
    return result


def _note_counts(context: CollectionContext, result: UnitResult) -> None:
    result.facts["known_files"] = context.known_kept
    result.facts["discovered"] = context.discovered


# --- doing them


def _do_items(unit: WorkUnit, context: CollectionContext, result: UnitResult) -> None:
    family = FamilyExpansion(context)
    for task in unit.task["items"]:
        if task.get("problem"):
            context.add_exception(
                task["problem"], task["path"], place=task["place"], path=task["path"], stage="inventory", unread=1
            )
            continue
        item = item_of(task, context.originals)
        try:
            _do_item(item, task, context, result, family)
        except OSError as error:
            code = "missing_file" if isinstance(error, FileNotFoundError) else "permission_denied"
            what = f"{item.path} ({error.strerror or type(error).__name__})"
            context.add_exception(code, what, place=item.place, path=item.path, stage="inventory", unread=1)


def _do_item(
    item: Item, task: dict[str, Any], context: CollectionContext, result: UnitResult, family: FamilyExpansion
) -> None:
    """Record a file with all that it holds; a container becomes a unit of its own."""
    content = content_of(item.file or Path(), item.name, declared=item.declared)
    if content.role in CONTAINERS and item.depth < context.options.limits.depth:
        result.units.append(unit_of(context.origin, item.place, {"do": "expand", "item": task}))
        return
    hashes = _hashes_of(item, context)
    _note_input(task, hashes, result)
    deep = (Fault("depth_limit", f"{item.path} is {item.depth} containers deep"),) if content.role in CONTAINERS else ()
    family.add_root(item, content, hashes, deep)


def _hashes_of(item: Item, context: CollectionContext) -> Hashes:
    """Return the hashes of a file, which is copied first where that was asked."""
    file = item.file or Path()
    if not context.options.copies or file.is_relative_to(context.originals.folder):
        return hashes_of_file(file)
    with file.open("rb") as opened:
        return context.originals.put_pieces(iter(lambda: opened.read(READ_BYTES), b""))


def _note_input(task: dict[str, Any], hashes: Hashes, result: UnitResult) -> None:
    """Note the hash of a file that lies in the SOURCE."""
    if "file" in task:
        path = key_path(bytes.fromhex(task["raw"]))
        result.inputs.append(InputRow(path, hashes.size, task["modified_ns"], hashes.sha256))


def _do_expand(unit: WorkUnit, context: CollectionContext, result: UnitResult) -> None:
    """Expand an archive into units of items, or find the mails of a mailbox."""
    task = unit.task["item"]
    item = item_of(task, context.originals)
    file = item.file or Path()
    content = content_of(file, item.name, declared=item.declared)
    hashes = hashes_of_file(file)
    _note_input(task, hashes, result)
    expand = {"mbox": _plan_mbox, "pst": pst_units.plan}.get(content.role, _expand_archive)
    expand(Expanding(item, task, content, hashes, context, result))


def _expand_archive(expanding: Expanding) -> None:
    """Keep the bytes of all members and make units of them. An archive that gives nothing becomes a document."""
    context, faults = expanding.context, list[Fault]()
    budget = Budget(context.options.limits, expanding.hashes.size, expanding.task.get("room"))
    expansion = ContainerExpansion(expanding.item, expanding.content, budget, faults.append)
    members = [task_of(item, hashes) for item, hashes in expansion.items(context.options, context.originals)]
    _leave_room(members, budget, context)
    context.discovered += expansion.declared
    if faults and not members:
        unread = [fault._replace(path="") for fault in faults]
        FamilyExpansion(context).add_root(expanding.item, expanding.content, expanding.hashes, unread)
        return
    expanding.record(expansion.declared, expansion.emitted, expansion.failed)
    for fault in faults:
        expanding.report(fault)
    expanding.result.units.extend(item_units(context.origin, iter(members)))
    if expansion.reading.password_index is not None:
        expanding.result.facts["password"] = str(expansion.reading.password_index)


def _leave_room(members: list[dict[str, Any]], budget: Budget, context: CollectionContext) -> None:
    """Tell archives among the members what they may expand to: the limits hold over all that an archive unfolds to."""
    inside = [m for m in members if _is_container(item_of(m, context.originals))]
    for member, room in zip(inside, budget.rooms([m["size"] for m in inside]), strict=True):
        member["room"] = room


def _is_container(item: Item) -> bool:
    return content_of(item.file or Path(), item.name, declared=item.declared).role in CONTAINERS


def _plan_mbox(expanding: Expanding) -> None:
    """Find the mails of an mbox, and make units of them."""
    reading = ArchiveReading()
    total = 0
    for batch in _mail_batches(mbox_offsets(expanding.item.file or Path(), reading)):
        place = inner_place(expanding.item.place, batch[0].number)
        offsets = [[mail.number, mail.start, mail.end] for mail in batch]
        task = {"do": "mails", "item": expanding.task, "offsets": offsets, "container": expanding.id}
        expanding.result.units.append(unit_of(expanding.context.origin, place, task))
        total += len(batch)
    if not total:
        FamilyExpansion(expanding.context).add_root(
            expanding.item,
            expanding.content,
            expanding.hashes,
            (Fault("corrupt", f"{expanding.item.path} holds no mail"),),
        )
        return
    expanding.context.discovered += total
    expanding.record(total)
    for code, what in reading.findings:
        expanding.report(Fault(code, what))


def _mail_batches(mails: Iterator[MailOffsets]) -> Iterator[list[MailOffsets]]:
    batch: list[MailOffsets] = []
    for mail in mails:
        if batch and (len(batch) >= _UNIT_MAILS or mail.end - batch[0].start > _UNIT_BYTES):
            yield batch
            batch = []
        batch.append(mail)
    if batch:
        yield batch


def _do_mails(unit: WorkUnit, context: CollectionContext, result: UnitResult) -> None:
    """Record the mails of a part of an mbox."""
    box = item_of(unit.task["item"], context.originals)
    family = FamilyExpansion(context)
    with (box.file or Path()).open("rb") as file:
        for number, start, end in unit.task["offsets"]:
            file.seek(start)
            item, hashes = mail_item(box, number, file.read(end - start), context.originals)
            family.add_root(item, MAIL_CONTENT, hashes)
    result.counts[unit.task["container"]] = (len(unit.task["offsets"]), 0)


def mail_item(box: Item, number: int, data: bytes, originals: Originals) -> tuple[Item, Hashes]:
    """Return a mail of an mbox, its bytes kept, and their hashes."""
    name, hashes = mail_name(number), hashes_of(data)
    file = originals.put(data, hashes.sha256)
    item = Item(
        name=name,
        path=f"{box.path}{INSIDE}{name}",
        raw=box.raw + f"{INSIDE}{name}".encode(),
        place=inner_place(box.place, number),
        ordinal=number,
        depth=box.depth + 1,
        file=file,
        data=data,
        declared=MAIL,
    )
    return item, hashes


_TASKS: dict[str, Callable[[WorkUnit, CollectionContext, UnitResult], None]] = {
    "items": _do_items,
    "expand": _do_expand,
    "mails": _do_mails,
    "messages": pst_units.read_messages,
}


# --- when a unit fails


_PARTS = {"items": "items", "mails": "offsets", "messages": "nodes"}  # what a task is a list of


def split(unit: WorkUnit) -> list[WorkUnit]:
    """Return a unit as one for each of its items; itself where it has no parts."""
    name = _PARTS.get(unit.task["do"])
    if name is None:
        return [unit]
    return [WorkUnit(unit.source, unit.place, {**unit.task, name: [part]}) for part in unit.task[name]]


def give_up(unit: WorkUnit, setting: UnitSetting, code: str, what: str) -> UnitResult:
    """Record the one item of a unit that can not be done as a document that was not read."""
    context, result = setting.context(), UnitResult()
    result.records = context.records
    task = unit.task
    of = task["items"][0] if task["do"] == "items" else task["item"]
    item = item_of(of, context.originals)
    result.facts["discovered"] = 0
    if task["do"] == "messages":
        pst_units.give_up(task, item, context, result, (code, what))
        return result
    try:
        _record_unread(unit, of, item, context, result, (code, what))
    except OSError as error:
        said = f"{item.path} ({error.strerror or type(error).__name__})"
        context.add_exception("missing_file", said, place=item.place, path=item.path, stage="inventory", unread=1)
    return result


def _record_unread(
    unit: WorkUnit,
    of: dict[str, Any],
    item: Item,
    context: CollectionContext,
    result: UnitResult,
    fault: tuple[str, str],
) -> None:
    """Record an item by its bytes alone: hashes, name and place."""
    task, content = unit.task, Content("file", item.declared or "application/octet-stream")
    if task["do"] == "mails":
        number, start, end = task["offsets"][0]
        with (item.file or Path()).open("rb") as file:
            file.seek(start)
            item, hashes = mail_item(item, number, file.read(end - start), context.originals)
        content = MAIL_CONTENT
        result.counts[task["container"]] = (1, 0)
    else:
        hashes = hashes_of_file(item.file or Path())
        _note_input(of, hashes, result)
    FamilyExpansion(context).add_root(item, content, hashes, (Fault(fault[0], f"{item.path}: {fault[1]}"),))
