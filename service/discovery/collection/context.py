"""What the expansion of items of one SOURCE works with, and the rows that it fills."""

from __future__ import annotations

from dataclasses import dataclass, field

from thresher.schemas.discovery.matter import MatterDocument, MatterException, Stage, exception_id
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.service.discovery.collection.denist import KnownFiles
from thresher.service.discovery.collection.items import Origin
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.matter.originals import Hashes, Originals
from thresher.service.discovery.matter.rows import Records


@dataclass(slots=True)
class CollectionContext:
    """A SOURCE, the options, where bytes are kept, and the records so far."""

    origin: Origin
    options: CollectionOptions
    originals: Originals
    known: KnownFiles = field(default_factory=KnownFiles)
    records: Records = field(default_factory=Records)
    known_kept: int = 0  # files on a De-NIST list that became documents all the same
    discovered: int = 0  # items found inside others, counted where they are found and before anything is done with them

    def is_marked_known(self, hashes: Hashes) -> bool:
        """Whether a file is on a De-NIST list and is to be marked so."""
        return self.options.denist_mode == "keep" and self.known.holds(hashes)

    def add_exception(  # noqa: PLR0913 - the facts of an exception
        self,
        code: str,
        what: str,
        *,
        place: str,
        path: str,
        document: MatterDocument | None = None,
        stage: Stage = "expand",
        about: str = "",
        unread: int = 0,
    ) -> None:
        """Record what went wrong with a document, or with something that gave none, which `about` names.

        `unread`: how many items gave neither document nor container because of it.
        """
        fact = EXCEPTION_CODES[code]
        record = MatterException(
            id=exception_id(document.id if document else about or place, code, f"{path}\n{what}"),
            document_id=document.id if document else None,
            parent_id=document.parent_id if document else None,
            path=path,
            custodian=self.origin.custodian,
            source=self.origin.number,
            sha256=document.sha256 if document else None,
            media_type=document.media_type if document else None,
            stage=stage,
            code=code,
            level=fact.level,
            message=f"{what}: {fact.remedy}" if what else fact.remedy,
            retryable=fact.retryable,
            unread=unread,
        )
        self.records.exception(record, place)
