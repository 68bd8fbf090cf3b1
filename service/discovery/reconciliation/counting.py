"""Count what the equations speak of, each number where it can be had apart from the others.

the log       what was found inside sources, when it was found; rows and files of productions; rows exported
the rows      how many there are, by SQL
the records   states, families by their links, duplicates by what they point to, what is inside containers
the Results   values that are there, and what became of the questions
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from thresher.service.discovery.matter.document_links import DocumentLinks
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import SEPARATOR
from thresher.service.discovery.results_of_matter import MatterResults

Group = tuple[int, str]  # number of the SOURCE, custodian
STATES = {
    "new": "not_processed",
    "extracted": "extracted_ok",
    "partial": "extracted_partial",
    "exception": "exceptions",
    "held": "held_privilege",
    "skipped": "skipped_by_filter",
}
_PRODUCTION = {
    "dat_rows": "rows",
    "rows_in_exception": "rows_in_exception",
    "opt_rows": "image_rows",
    "images_found": "images_found",
    "images_missing": "images_missing",
    "image_rows_unread": "image_rows_unread",
    "files_on_disk": "files",
    "files_referenced": "files_named",
    "orphan_files": "files_orphaned",
    "load_files": "load_files",
}  # our name to that of the first pass over a production
_ROWS = """
SELECT source, custodian, COUNT(*) FROM {table} GROUP BY source, custodian
"""


@dataclass(slots=True)
class MatterCounts:
    """Counts by SOURCE and custodian."""

    groups: dict[Group, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unbalanced: list[str] = field(default_factory=list)

    def add(self, group: Group, name: str, count: int = 1) -> None:
        """Add to a count; one of 0 is a count, too."""
        self.groups[group][name] += count


def counted(matter: Matter, results: MatterResults) -> MatterCounts:
    """Return all counts of a Matter."""
    counts = MatterCounts()
    _count_rows(matter, counts)
    _count_records(matter, counts, results)
    _count_containers(matter, counts)
    _count_log(matter, counts)
    return counts


# --- the rows


def _count_rows(matter: Matter, counts: MatterCounts) -> None:
    """Count the rows of each table, and the documents at level 1."""
    for source, custodian, count in _grouped(matter, "documents"):
        counts.add((source, custodian), "documents", count)
    for source, custodian, count in _grouped(matter, "documents WHERE level = 1"):
        counts.add((source, custodian), "documents_without_parent", count)
    for source, custodian, count in _grouped(matter, "containers"):
        counts.add((source, custodian), "containers", count)
    for reason, name in (("inline", "inline_suppressed"), ("denist", "denisted_excluded")):
        for source, custodian, count in _grouped(matter, f"suppressed WHERE reason = '{reason}'"):
            counts.add((source, custodian), name, count)


def _grouped(matter: Matter, table: str) -> Iterator[tuple[int, str, int]]:
    yield from matter.store.connection.execute(_ROWS.format(table=table)).fetchall()


# --- the records


def _count_records(matter: Matter, counts: MatterCounts, results: MatterResults) -> None:
    """Count states, members of families by their links, and the Results and exceptions that states speak of."""
    faulty = {e.document_id for e in matter.store.exceptions() if e.level == "error" and e.document_id}
    masters = _Masters(matter, counts)
    links = (found for _, found in matter.store.links())
    for _, members in groupby(links, key=attrgetter("family_id")):
        family = list(members)
        reached, parent = _reached(family), family[0]
        counts.add((parent.source, parent.custodian), "families", int(parent.level == 1))
        for document in family:
            group = (document.source, document.custodian)
            masters.count(document, group)
            counts.add(group, STATES[document.state])
            counts.add(group, "members_of_families", int(document.id in reached))
            if document.state == "exception":
                counts.add(group, "documents_with_error_record", int(document.id in faulty))
            _count_results(document, group, counts, results)
    for fault in matter.store.exceptions():
        counts.add((fault.source, fault.custodian), "fatal_unreadable", fault.unread)


def _reached(family: list[DocumentLinks]) -> set[str]:
    """Return the members of a family that are reached from its first by their links, each by its own."""
    parent = family[0]
    reached = {parent.id} if parent.level == 1 and parent.id == parent.family_id else set[str]()
    for member in family:
        if member.parent_id in reached:
            reached.add(member.id)
    return reached


def _count_results(document: DocumentLinks, group: Group, counts: MatterCounts, results: MatterResults) -> None:
    if document.state in {"extracted", "partial"}:
        counts.add(group, "documents_with_values")
        counts.add(group, "documents_with_result", int(results.has(document)))
    if results.has_own(document):
        for result in results.as_given(document):
            failed = len({(one.source, one.chunk) for one in result.unresolved})
            counts.add(group, "chunks_sent", result.coverage.chunks_asked)
            counts.add(group, "chunks_returned", result.coverage.chunks_answered)
            counts.add(group, "chunks_failed", failed)
            counts.add(group, "texts_asked", 1)
            counts.add(group, "texts_covered_by_chunks", int(result.coverage.outside == 0))


class _Masters:
    """Counts masters, and duplicates by what each points to: one that points to no master counts nowhere."""

    def __init__(self, matter: Matter, counts: MatterCounts) -> None:
        self._store, self._counts = matter.store, counts
        self._masters: dict[str, bool] = {}

    def count(self, document: DocumentLinks, group: Group) -> None:
        """Count a document."""
        pointed = document.dup_of
        if pointed is None:
            self._counts.add(group, "unique_masters")
            return
        if pointed not in self._masters:
            master = self._store.document(pointed)
            self._masters[pointed] = master is not None and master.dup_of is None
        self._counts.add(group, "duplicates", int(self._masters[pointed]))


def _count_containers(matter: Matter, counts: MatterCounts) -> None:
    """Count what containers state, and what stands directly inside them."""
    for container in matter.store.containers():
        group = (container.source, container.custodian)
        given = container.emitted + container.failed
        counts.add(group, "members_declared", given if container.declared is None else container.declared)
        counts.add(group, "members_emitted", container.emitted)
        counts.add(group, "members_failed", container.failed)
        if container.declared not in {None, given}:
            counts.unbalanced.append(f"{container.path}: {container.declared} declared, {given} counted")
    places = {row[0] for row in matter.store.connection.execute("SELECT place FROM containers")}
    if places:
        for source, custodian, place in _places(matter):
            counts.add((source, custodian), "items_found_in_containers", int(place.rpartition(SEPARATOR)[0] in places))


def _places(matter: Matter) -> Iterable[tuple[int, str, str]]:
    """Yield what may stand directly inside a container: also what could not be opened when its turn came."""
    columns, run = "SELECT source, custodian, place FROM", matter.store.connection.execute
    yield from run(f"{columns} documents WHERE level = 1")
    yield from run(f"{columns} containers")
    yield from run(f"{columns} suppressed WHERE reason = 'denist'")
    yield from run(f"{columns} exceptions WHERE stage = 'inventory' AND document_id IS NULL GROUP BY place")


# --- the log


def _count_log(matter: Matter, counts: MatterCounts) -> None:
    """Count what the log says was found, and what the first pass over a production counted."""
    groups = {
        row[0]: (row[0], row[1]) for row in matter.store.connection.execute("SELECT number, custodian FROM sources")
    }
    productions: dict[Group, dict[str, int]] = {}
    for _, event in matter.store.events(0):
        group = groups.get(event.get("source", 0))
        if group is None:
            continue
        match event["event"]:
            case "source":
                counts.add(group, "items_discovered", event["items"])
            case "unit" | "retried":
                counts.add(group, "items_discovered", event.get("discovered", 0))
            case "production_counts":
                productions[group] = event["counts"]
    for group, stated in productions.items():
        for ours, theirs in _PRODUCTION.items():
            counts.add(group, ours, stated[theirs])
    _split_documents(counts, set(productions))


def _split_documents(counts: MatterCounts, productions: set[Group]) -> None:
    """Give the documents of collections and of productions their own names: for each another equation asks."""
    loaded = {source for source, _ in productions}
    own = {source: (source, custodian) for source, custodian in productions}
    for group in list(counts.groups):
        documents = counts.groups[group]["documents"]
        if group[0] in loaded:  # the load file may name other custodians than the SOURCE has
            counts.add(own[group[0]], "documents_loaded", documents)
        elif "items_discovered" in counts.groups[group]:
            counts.add(group, "documents_collected", documents)
