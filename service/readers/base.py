"""Define the contract of a reader.

A reader is a module-level object with `name`, `confidence` and `read`. The registry (`service/readers/registry.py`) gives a
Source to the reader with the highest confidence. A reader runs in a worker process under the limits of `ReadOptions`; it
may raise any exception: what is not a Problem becomes `corrupt`. It never touches the network, and writes only to its spool.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Protocol

from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Relation, Source
from thresher.service.base.disk_faults import disk_faults_as_problems, write_all


@dataclass(slots=True)
class Reading:
    """The result of reading one Source: its Document, and its children (bytes already in the spool)."""

    document: Document
    children: list[Source] = field(default_factory=list)


class Reader(Protocol):
    """A reader of one file format."""

    @property
    def name(self) -> str:
        """Return a short name, as in logs and reports."""
        ...

    def confidence(self, head: bytes, source: Source) -> float:
        """Return the confidence that this reader can read a Source, 0 to 1.

        It is judged by the first 64 KiB and the detected media type.
        """
        ...

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the Document, and the children in order. Raises InputProblem for an unreadable file."""
        ...


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder for the bytes of children, stored under the hash of their content."""

    folder: Path
    stores: bool = False  # large Documents are stored in it, too, and returned as StoredDocument

    def child(
        self,
        parent: Source,
        data: bytes | Iterable[bytes],
        *,
        name: str,
        ordinal: int,
        relation: Relation = "attachment",
        declared_type: str | None = None,
    ) -> Source:
        """Store a child's bytes, whole or in pieces, and return its Source.

        Raises SetupProblem(storage_full, store_failed) where writing to the folder fails; exceptions of the
        iterable `data` pass through.
        """
        blob, sha256, size = self._store([data] if isinstance(data, bytes) else data)
        safe = Path(name.replace("\\", "/")).name.replace("\0", "") or "unnamed"
        return Source(
            path=f"{parent.path}!/{ordinal + 1}-{safe}",
            blob=str(blob),
            sha256=sha256,
            size=size,
            declared_type=declared_type,
            name=safe,
            relation=relation,
            parent=parent.id,
            ordinal=ordinal,
            depth=parent.depth + 1,
            custodian=parent.custodian,
        )

    def _store(self, pieces: Iterable[bytes]) -> tuple[Path, str, int]:
        """Write pieces under their hash; return file, SHA-256 and size. A half-written file is removed."""
        digest, size = hashlib.sha256(), 0
        with disk_faults_as_problems(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(suffix=".part", dir=self.folder)
        try:
            with FileIO(handle, "wb") as file:
                for piece in pieces:
                    digest.update(piece)
                    with disk_faults_as_problems(self.folder):
                        write_all(file, piece)
                        size += len(piece)
            blob = self.folder / digest.hexdigest()[:2] / digest.hexdigest()
            with disk_faults_as_problems(self.folder):
                blob.parent.mkdir(exist_ok=True)
                Path(part).replace(blob)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        return blob, digest.hexdigest(), size
