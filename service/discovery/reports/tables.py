"""Make the tables of a Matter, each read as a stream in the order of the Matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from thresher.schemas.discovery.matter import MatterDate, MatterDocument, families
from thresher.schemas.discovery.matter_codes import upper
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.overlay.rows import DocumentKeys, document_keys
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reports.volumes import Volumes

Cell = str | int | bool | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterTable:
    """A table: its name, its columns, and its rows, which may be read more than once."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterable[Row]]


def matter_tables(matter: Matter, reconciliation: Reconciliation, volumes: Volumes) -> list[MatterTable]:
    """Return all tables of a report."""
    keys = document_keys(matter)
    return [
        _reconciliation(reconciliation),
        _exceptions(matter, keys),
        _families(matter, keys),
        _duplicates(matter, keys),
        _threads(matter, keys),
        _custodians(volumes),
        _types(volumes),
        _dates(volumes),
    ]


def _table(name: str, columns: str, rows: Callable[[], Iterable[Row]]) -> MatterTable:
    return MatterTable(name=name, columns=tuple(columns.split()), rows=rows)


def _reconciliation(found: Reconciliation) -> MatterTable:
    def rows() -> Iterator[Row]:
        for one in found.equations:
            yield one.scope.kind, one.scope.name, one.rule.text, one.numbers, one.holds
        for container in found.unbalanced:
            yield "container", container, "declared = emitted + failed", "", False

    return _table("reconciliation", "scope name equation numbers holds", rows)


def _exceptions(matter: Matter, keys: DocumentKeys) -> MatterTable:
    columns = (
        "document code level stage custodian source path sha256 media_type message retryable items_unread resolution"
        " resolved_by resolved_why first_attempt last_attempt id"
    )

    def rows() -> Iterator[Row]:
        for e in matter.store.exceptions():
            document = matter.store.document(e.document_id) if e.document_id else None
            about = (keys.of(document) if document else None, upper(e.code), e.level, e.stage, e.custodian, e.source)
            what = (e.path, e.sha256, e.media_type, e.message, e.retryable, e.unread)
            yield (*about, *what, e.resolution, e.resolved_by, e.resolved_why, e.first_attempt, e.last_attempt, e.id)

    return _table("exceptions", columns, rows)


def _families(matter: Matter, keys: DocumentKeys) -> MatterTable:
    columns = "document family parent level position members custodian kind media_type name path"

    def rows() -> Iterator[Row]:
        for family in families(matter.store.documents()):
            known = {member.id: keys.of(member) for member in family.members}
            for position, member in enumerate(family.members):
                links = (known[member.id], keys.of(family.parent), known.get(member.parent_id or ""))
                facts = (member.custodian, member.kind, member.media_type, member.name, member.path)
                yield (*links, member.level, position, len(family.members), *facts)

    return _table("families", columns, rows)


def _duplicates(matter: Matter, keys: DocumentKeys) -> MatterTable:
    columns = "document master custodian path dedup_key master_custodian master_path all_custodians all_paths"

    def rows() -> Iterator[Row]:
        for document in matter.store.documents():
            master = matter.store.document(document.dup_of) if document.dup_of else None
            if document.dup_of:
                own = (keys.of(document), keys.of(master) if master else document.dup_of)
                where = (document.custodian, document.path, document.dedup_key)
                yield (*own, *where, *_copies(master))

    return _table("duplicates", columns, rows)


def _copies(master: MatterDocument | None) -> Row:
    if master is None:
        return ("", "", "", "")
    return master.custodian, master.path, "; ".join(master.all_custodians), "; ".join(master.all_paths)


def _threads(matter: Matter, keys: DocumentKeys) -> MatterTable:
    columns = (
        "thread document parent depth position link_evidence inclusive sent from subject custodian near_duplicate_of"
    )
    named: dict[str, str] = {}  # keys of documents that others name

    def key_of(name: str | None) -> str | None:
        if name and name not in named:
            document = matter.store.document(name)
            named[name] = keys.of(document) if document else name
        return named[name] if name else None

    def rows() -> Iterator[Row]:
        for document in matter.store.documents():
            if document.thread_id:
                links = (key_of(document.thread_id), keys.of(document), key_of(document.thread_parent))
                mail = (_utc(document.dates.sent), "; ".join(document.sender), document.subject, document.custodian)
                how = (document.thread_depth, document.thread_position, document.link_evidence, document.inclusive)
                yield (*links, *how, *mail, key_of(document.near_duplicate_of))

    return _table("threads", columns, rows)


def _utc(date: MatterDate | None) -> str:
    return (date.utc or date.original) if date else ""


def _custodians(volumes: Volumes) -> MatterTable:
    def rows() -> Iterator[Row]:
        for name, one in sorted(volumes.custodians.items()):
            counts = (one.documents, one.families, one.duplicates, one.exceptions, one.held, one.bytes)
            yield (name, *counts, one.first, one.last)

    columns = "custodian documents families duplicates exceptions held bytes first_date last_date"
    return _table("custodians", columns, rows)


def _types(volumes: Volumes) -> MatterTable:
    def rows() -> Iterator[Row]:
        for (kind, media_type), one in sorted(volumes.types.items(), key=lambda pair: (-pair[1].documents, pair[0])):
            yield kind, media_type, one.documents, one.bytes

    return _table("volumes_by_type", "kind media_type documents bytes", rows)


def _dates(volumes: Volumes) -> MatterTable:
    def rows() -> Iterator[Row]:
        for month, one in sorted(volumes.months.items()):
            yield month or "(no date)", one.documents, one.bytes

    return _table("volumes_by_date", "month documents bytes", rows)
