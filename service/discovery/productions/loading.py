"""Pass 2 over a production: load it into a Matter as it was given, after pass 1 found nothing that forbids it.

rows, in the order of the load file -> families -> what may be read -> records, a block of rows in one transaction;
then every finding of pass 1 as an exception. Bates numbers, families and metadata are the producing party's; nothing is deduplicated.
Loading the same production again gives the same records.
"""

from __future__ import annotations

import getpass
import sqlite3
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDocument, MatterException, ProducedFiles, exception_id
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.service.base.file_names import printable_name
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.loadfiles.rows import RowBlock
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.matter.later_facts import with_later
from thresher.service.discovery.matter.originals import hashes_of
from thresher.service.discovery.matter.rows import Records, inner_place, source_place
from thresher.service.discovery.matter.work import SourceRow, WorkStore
from thresher.service.discovery.productions.apart import blocks_apart, validate_apart
from thresher.service.discovery.productions.document_records import FamilyPlace, RecordMaker, document_id
from thresher.service.discovery.productions.family_places import FamilySorting, FamilyTree
from thresher.service.discovery.productions.file_checks import (
    SLIP_SHEET_MAX_CHARS,
    FileChecks,
    FileFacts,
    says_native,
    says_withheld,
)
from thresher.service.discovery.productions.findings import Finding, Findings
from thresher.service.discovery.productions.first_pass import FirstPass
from thresher.service.discovery.productions.page_map import page_numbers
from thresher.service.discovery.productions.produced_content import ProducedContent, produced_content
from thresher.service.discovery.productions.produced_dates import ProducedDates
from thresher.service.discovery.productions.repeated_load import (
    STAGE,
    keep_choices,
    resolve_gone,
    screen_again,
    source_of,
)
from thresher.service.discovery.productions.validation import Listeners, Validation, validate
from thresher.service.discovery.productions.volume import Production
from thresher.service.discovery.productions.volume_paths import FoundPath
from thresher.service.readers.charset import decode

BLANK_MAX_BYTES = 4096  # of a text file that is looked at for whether it says anything
FINDINGS_AT_ONCE = 1000  # exceptions written in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load gave: the validation, and what is new in the matter; None where pass 1 refused the production."""

    validation: Validation
    documents: int | None = None
    exceptions: int | None = None
    resolved: int = 0  # exceptions of an earlier load that are gone


def import_production(
    matter: Matter,
    production: Production,
    options: LoadOptions,
    custodian: str,
    listeners: Listeners | None = None,
    *,
    apart: bool = False,
) -> Loaded:
    """Validate a production and load it into a matter; one that pass 1 refuses changes nothing.

    `apart`: load files are read in a process of its own, as they are not trusted.
    """
    given = listeners or Listeners()
    with tempfile.TemporaryDirectory(dir=matter.folder, prefix="production-") as folder:
        kept = FirstPass(Path(folder), given)
        try:
            listening = Listeners(
                on_finding=kept.on_finding,
                on_file=kept.on_file,
                on_page=kept.pages.put,
                on_native=kept.pages.put_native,
            )
            validation = (validate_apart if apart else validate)(production, options, listening)
            if validation.report.status == "refused":
                return Loaded(validation=validation)
            source = source_of(matter, production, custodian)
            keep_choices(matter, source, production, options)
            load = _Load(matter, production, validation, options, source, kept)
            rows = blocks_apart(validation.dat) if apart else validation.dat.blocks()
            documents, exceptions = load.documents(rows), load.exceptions()
            return Loaded(
                validation=validation, documents=documents, exceptions=exceptions, resolved=load.resolve_what_is_gone()
            )
        finally:
            kept.close()


class _Load:
    """The second pass over one production."""

    def __init__(
        self,
        matter: Matter,
        production: Production,
        validation: Validation,
        options: LoadOptions,
        source: SourceRow,
        kept: FirstPass,
    ) -> None:
        self.matter, self.production, self.validation, self.source, self.kept = (
            matter, production, validation, source, kept,
        )  # fmt: skip
        zone = options.production_timezone or matter.store.get("timezone") or "UTC"
        dates = ProducedDates(validation.dat.columns, validation.date_orders, zone)
        self.maker = RecordMaker(
            dat=validation.dat, dates=dates, label=source.label, source=source.number, custodian=source.custodian
        )
        self.files = FileChecks(production.files, validation.dat.columns, validation.dat.name, Findings())
        self.tree = FamilyTree(validation.families)
        self.sorting = FamilySorting()
        self.received = (now(), getpass.getuser())
        self.again = source.state == "finished"
        self.found: set[str] = set()  # ids of exceptions

    # --- documents

    def documents(self, blocks: Iterable[RowBlock]) -> int:
        """Write all documents, and the files that were received; return how many documents are new."""
        before = self._count("documents")
        facts = {"path": self.source.path, "custodian": self.source.custodian, "load_file": self.validation.dat.name}
        self.matter.record_event("production", source=self.source.number, **facts)
        counts = self.validation.report.counts.model_dump(mode="json")
        self.matter.record_event("production_counts", source=self.source.number, counts=counts)
        ordinals = {begin: i for i, begin in enumerate(self.validation.ids)}
        width = len(self.validation.dat.columns.headers)
        for block in blocks:
            records = Records()
            for row in block.rows:
                begin = self.validation.dat.columns.value(row, "BEGBATES") if len(row) == width else ""
                if begin in ordinals:
                    self._add(records, row, ordinals[begin])
            self._write(records, block.first_row)
        self._write_inputs()
        if self.again:
            screen_again(self.matter, self.source)
        return self._count("documents") - before

    def _count(self, table: str) -> int:
        return sum(self.matter.store.counts(table).values())

    def _write(self, records: Records, row: int) -> None:
        if self.again:
            records.documents = with_later(records.documents, self.matter.store.document)
        event = self.matter.event("rows", source=self.source.number, first_row=row, documents=len(records.documents))
        self.matter.store.write(records, event)

    def _add(self, records: Records, row: list[str], ordinal: int) -> None:
        images = self.kept.pages.get(ordinal)
        files = self.files.row_files(row)
        linked = None if files.native else self.kept.pages.native(ordinal)
        if linked:
            files.native = FoundPath(linked, 1)
        if files.text and self._says_nothing(files.text.path, has_native=files.native is not None):
            files.text = None  # the native or the page images may say more
        content = produced_content(self.validation.dat.columns, row, files, images)
        content = self._slip_sheet(content)
        facts = self.kept.facts.get(content.file) if content.file else None
        begin, end = (self.validation.dat.columns.value(row, name) for name in ("BEGBATES", "ENDBATES"))
        pages = page_numbers(begin, end, images.keys if len(images.keys) > 1 else ())
        record = self.maker.record(row, self._family(ordinal), content, facts, self._produced(content, pages))
        record = self.sorting.sorted(record)
        place = self.tree.place(ordinal, source_place(self.source.number))
        records.document(record, place)
        if linked and (content.redacted or content.withheld):
            code = "native_for_redacted" if content.redacted else "native_withheld"
            records.exception(self._exception(record, code, linked, linked), place)
        if record.state == "exception":
            records.exception(self._exception(record, "no_text", begin, "nothing was produced of it"), place)

    def _slip_sheet(self, content: ProducedContent) -> ProducedContent:
        """Return content, withheld where its whole text is that of a slip-sheet though no column says so."""
        text = self._short_text(content.text, SLIP_SHEET_MAX_CHARS) if content.text else content.text_in_row
        if text and says_withheld(text) and content.native is None:
            return ProducedContent(withheld=True, redacted=content.redacted)
        return content

    def _says_nothing(self, path: str, *, has_native: bool) -> bool:
        """Whether a text file is blank, or the slip-sheet of a document that was produced as its native."""
        text = self._short_text(path, BLANK_MAX_BYTES)
        return text is not None and (not text.strip() or (has_native and says_native(text)))

    def _short_text(self, path: str, most: int) -> str | None:
        """Return the text of a file of the volume; None where it has more bytes."""
        facts = self.kept.facts.get(path)
        if facts is None or facts.size > most:
            return None
        return decode((self.production.root / path).read_bytes()).text

    def _family(self, ordinal: int) -> FamilyPlace:
        ids, families = self.validation.ids, self.validation.families
        parent = families.parents[ordinal]
        return FamilyPlace(
            parent=ids[parent] if parent >= 0 else None,
            top=ids[families.tops[ordinal]],
            level=self.tree.level(ordinal),
            ordinal=self.tree.positions[ordinal],
        )

    def _produced(self, content: ProducedContent, pages: tuple[str, ...]) -> ProducedFiles:
        """Return what was produced; side effect: text in the load file is kept among the originals."""
        digest = None
        if content.text_in_row:
            text = content.text_in_row
            newline = self.validation.dat.delimiters.newline
            data = (text.replace(newline, "\n") if newline else text).encode("utf-8", "backslashreplace")
            digest = hashes_of(data).sha256
            self.matter.originals.put(data, digest)
        return ProducedFiles(
            text_from=content.text_from,
            text=_shown(content.text),
            text_sha256=digest,
            native=_shown(content.native),
            images=tuple(map(printable_name, content.images)),
            pages=pages,
        )

    def _write_inputs(self) -> None:
        """Record every file that was received, with its hash."""

        def also(connection: sqlite3.Connection) -> None:
            statement = "INSERT OR REPLACE INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?)"
            connection.executemany(statement, map(self._input, self.kept.facts))

        self.matter.store.write(Records(), None, also)

    def _input(self, facts: FileFacts) -> tuple[int, str, int, int, str, str, str]:
        modified = (self.production.root / facts.path).stat().st_mtime_ns
        return (self.source.number, printable_name(facts.path), facts.size, modified, facts.sha256, *self.received)

    # --- exceptions

    def exceptions(self) -> int:
        """Write every finding as an exception, and close the source; return how many are new."""
        before = self._count("exceptions")
        findings = self.kept.findings()
        while batch := list(islice(findings, FINDINGS_AT_ONCE)):
            records = Records()
            for finding in batch:
                self._add_exception(records, finding)
            self.matter.store.write(records)
        WorkStore(self.matter.store).set_state(self.source.number, "finished")
        self.matter.record_event("source_finished", source=self.source.number)
        return self._count("exceptions") - before

    def _add_exception(self, records: Records, finding: Finding) -> None:
        document = self._document(finding)
        where = f"{finding.file}, row {finding.row}" if finding.row else finding.file
        unknown = None if document else finding.id
        what = ": ".join(text for text in (where, unknown, finding.column, finding.detail) if text)
        path = f"{finding.file}!/row {finding.row}" if finding.row else finding.file
        record = self._exception(document, finding.code, path, what)
        records.exception(record, self._exception_place(document, finding))

    def _exception(self, document: MatterDocument | None, code: str, path: str, what: str) -> MatterException:
        fact = EXCEPTION_CODES[code]
        name = exception_id(document.id if document else f"{self.source.label}/{path}", code, what)
        self.found.add(name)
        return MatterException(
            id=name,
            document_id=document.id if document else None,
            parent_id=document.parent_id if document else None,
            path=printable_name(path),
            custodian=document.custodian if document else self.source.custodian,
            source=self.source.number,
            sha256=(document.sha256 or None) if document else None,
            stage=STAGE,
            code=code,
            level=fact.level,
            message=printable_name(f"{what}: {fact.remedy}"),
            retryable=fact.retryable,
        )

    def resolve_what_is_gone(self) -> int:
        """Resolve exceptions that an earlier load found and this one did not; return how many."""
        return resolve_gone(self.matter, self.source, self.found) if self.again else 0

    def _document(self, finding: Finding) -> MatterDocument | None:
        """Return the loaded document that a finding is about."""
        if not finding.id:
            return None
        return self.matter.store.document(document_id(self.source.label, finding.id))

    def _exception_place(self, document: MatterDocument | None, finding: Finding) -> str:
        place = self.matter.store.place(document.id) if document else None
        if place:
            return place
        source = source_place(self.source.number)
        return inner_place(source, printable_name(f"{finding.file}!/{finding.row or 0:09d}"))


def _shown(path: str | None) -> str | None:
    return printable_name(path) if path else None
