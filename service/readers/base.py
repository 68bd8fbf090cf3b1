"""The contract of a reader.

A reader is a module-level object with a name, a bid and a read. The auction (`service/readers/registry.py`) gives a
Source to the highest bidder. A reader runs in a worker process under the limits of `ReadOptions`; it may raise any
exception: what is not a Problem becomes `corrupt`. It never touches the network and never writes but to its spool.
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
from thresher.service.base.disk_faults import disk, write


@dataclass(slots=True)
class Reading:
    """What reading one Source gave: its Document and the Sources it holds (bytes already in the spool)."""

    document: Document
    children: list[Source] = field(default_factory=list)


class Reader(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """Short name, as in logs and reports."""
        ...

    def bid(self, head: bytes, source: Source) -> float:
        """How surely this reader can read it, 0 to 1, from the first 64 KiB and the detected media type."""
        ...

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """The Document, and the children in order. Raises InputProblem for what can not be read at all."""
        ...


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder for the bytes of children, named by their content."""

    folder: Path
    stores: bool = False  # large Documents lie in it too; whoever asked for them gets stored ones

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
        """Keep a child's bytes, whole or piece by piece, and give its Source. What `data` raises comes out.

        Raises SetupProblem(storage_full, store_failed) where the folder does not take them.
        """
        blob, sha256, size = self._keep([data] if isinstance(data, bytes) else data)
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

    def _keep(self, pieces: Iterable[bytes]) -> tuple[Path, str, int]:
        """Write pieces under the name of their hash; gives file, SHA-256 and size. A half-written file is removed."""
        digest, size = hashlib.sha256(), 0
        with disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(suffix=".part", dir=self.folder)
        try:
            with FileIO(handle, "wb") as file:
                for piece in pieces:
                    digest.update(piece)
                    with disk(self.folder):
                        write(file, piece)
                        size += len(piece)
            blob = self.folder / digest.hexdigest()[:2] / digest.hexdigest()
            with disk(self.folder):
                blob.parent.mkdir(exist_ok=True)
                Path(part).replace(blob)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        return blob, digest.hexdigest(), size
