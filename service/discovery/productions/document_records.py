"""Turn a row of a load file into the record of a document: as given, with what is not understood under `extra`."""

from __future__ import annotations

import mimetypes
import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from thresher.schemas.discovery.matter import DocumentKind, MatterDates, MatterDocument, ProducedFiles, root_id
from thresher.service.base.file_names import printable_name
from thresher.service.discovery.loadfiles.columns import ColumnMap
from thresher.service.discovery.loadfiles.dat_file import DatFile
from thresher.service.discovery.loadfiles.typed_values import hash_digest, line_ends, several
from thresher.service.discovery.mail_keys import message_id_hash
from thresher.service.discovery.productions.file_checks import FileFacts
from thresher.service.discovery.productions.produced_content import ProducedContent
from thresher.service.discovery.productions.produced_dates import ProducedDates

_KINDS: tuple[tuple[str, DocumentKind], ...] = (
    ("attach", "attachment"),
    ("mail", "email"),
    ("message", "email"),
    ("edoc", "edoc"),
    ("loose", "edoc"),
    ("hardcopy", "hardcopy"),
    ("hard copy", "hardcopy"),
    ("paper", "hardcopy"),
    ("calendar", "calendar"),
    ("appointment", "calendar"),
    ("contact", "contact"),
    ("task", "task"),
    ("note", "note"),
)
_RECORDED = frozenset(  # fields that a record holds as they were given; every other column goes to `extra`
    {
        "BEGBATES", "ENDBATES", "CUSTODIAN", "ALLCUSTODIANS", "ALLPATHS", "FROM", "TO", "CC", "BCC", "SUBJECT", "FILENAME",
        "MESSAGEID", "INREPLYTO", "REFERENCES", "CONVERSATIONINDEX", "DATESENT", "TIMESENT", "DATERECEIVED", "TIMERECEIVED",
        "DATECREATED", "TIMECREATED", "DATEMODIFIED", "TIMEMODIFIED", "EXTRACTEDTEXT", "MIMETYPE",
    }
)  # fmt: skip
_DATES = (("sent", "DATESENT"), ("received", "DATERECEIVED"), ("created", "DATECREATED"), ("modified", "DATEMODIFIED"))


def document_id(label: str, begin: str) -> str:
    """Return the id of a produced document: its Bates number is its identity, within the SOURCE of that label."""
    return root_id("", label, f"bates:{begin}".encode("utf-8", "surrogatepass"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyPlace:
    """Where a document stands in its family."""

    parent: str | None  # Bates number
    top: str
    level: int
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMaker:
    """Makes the records of one production."""

    dat: DatFile
    dates: ProducedDates
    label: str
    source: int
    custodian: str  # where a row names none

    def record(
        self,
        row: list[str],
        place: FamilyPlace,
        content: ProducedContent,
        facts: FileFacts | None,
        produced: ProducedFiles,
    ) -> MatterDocument:
        """Return the record of a row."""
        columns = self.dat.columns
        begin, end = columns.value(row, "BEGBATES"), columns.value(row, "ENDBATES")
        extra = self._extra(row)
        return MatterDocument(
            id=document_id(self.label, begin),
            parent_id=document_id(self.label, place.parent) if place.parent else None,
            family_id=document_id(self.label, place.top),
            level=place.level,
            ordinal=place.ordinal,
            custodian=columns.value(row, "CUSTODIAN") or self.custodian,
            source=self.source,
            bates_begin=begin,
            bates_end=end or None,
            kind=_kind(columns, row, is_child=place.parent is not None),
            dates=self._dates(row, extra),
            redacted=content.redacted,
            withheld=content.withheld,
            state="skipped" if content.withheld else "exception" if content.text_from == "none" else "new",
            produced=produced,
            extra=extra,
            **self._people(row),
            **_file(columns, row, content, facts, produced, begin, self.dat.name),
        )

    def _dates(self, row: list[str], extra: dict[str, str]) -> MatterDates:
        """Return the dates of a row; side effect: `extra` says where only the day is known."""
        found = {}
        for name, column in _DATES:
            found[name], is_day = self.dates.date(row, column)
            if is_day:
                extra[f"{column} precision"] = "day"
        family, _ = self.dates.date(row, "FAMILYDATE")
        known = (family, found["sent"], found["received"], found["modified"])
        return MatterDates(**found, sort=next((date for date in known if date and date.utc), None))

    def _people(self, row: list[str]) -> dict[str, Any]:
        columns, split = self.dat.columns, self.dat.delimiters
        message_id = columns.value(row, "MESSAGEID") or None
        return {
            "sender": tuple(several(columns.value(row, "FROM"), split)),
            "to": tuple(several(columns.value(row, "TO"), split)),
            "cc": tuple(several(columns.value(row, "CC"), split)),
            "bcc": tuple(several(columns.value(row, "BCC"), split)),
            "all_custodians": tuple(several(columns.value(row, "ALLCUSTODIANS"), split)),
            "all_paths": tuple(several(columns.value(row, "ALLPATHS"), split)),
            "subject": line_ends(columns.value(row, "SUBJECT"), split),
            "message_id": message_id,
            "in_reply_to": tuple(columns.value(row, "INREPLYTO").split()),
            "references": tuple(columns.value(row, "REFERENCES").replace(";", " ").split()),
            "conversation_index": columns.value(row, "CONVERSATIONINDEX") or None,
            "mih": hash_digest(columns.value(row, "EDRMMIH")) or message_id_hash(message_id),
        }

    def _extra(self, row: list[str]) -> dict[str, str]:
        """Return what a row has in columns that the record has no field for, verbatim but for line ends."""
        columns = self.dat.columns
        recorded = {position for name, position in columns.positions.items() if name in _RECORDED}
        return {
            header: line_ends(row[i], self.dat.delimiters)
            for i, header in enumerate(columns.headers)
            if i not in recorded and row[i].strip()
        }


def _kind(columns: ColumnMap, row: list[str], *, is_child: bool) -> DocumentKind:
    stated = columns.value(row, "RECORDTYPE").casefold()
    for word, kind in _KINDS:
        if word in stated:
            return kind
    if is_child:
        return "attachment"
    return "email" if columns.value(row, "FROM") or columns.value(row, "MESSAGEID") else "edoc"


def _file(  # noqa: PLR0913, PLR0917 - the facts of one file
    columns: ColumnMap,
    row: list[str],
    content: ProducedContent,
    facts: FileFacts | None,
    produced: ProducedFiles,
    begin: str,
    loadfile: str,
) -> dict[str, Any]:
    """Return path, name, type and hashes of the file that stands for the document."""
    path = content.file
    name = columns.value(row, "FILENAME") or (PurePosixPath(path).name if path else begin)
    guessed = mimetypes.guess_type(path or name)[0]
    found: dict[str, Any] = {"path": printable_name(path or f"{loadfile}!/{begin}"), "name": name}
    found["media_type"] = columns.value(row, "MIMETYPE") or guessed or "application/octet-stream"
    if path and path != printable_name(path):
        found["path_bytes"] = os.fsencode(path).hex()
    if facts:
        found |= {"size": facts.size, "md5": facts.md5, "sha1": facts.sha1, "sha256": facts.sha256}
    elif produced.text_sha256:
        found |= {"sha256": produced.text_sha256, "media_type": "text/plain"}
    return found
