"""Read of a document's record only what passes over all documents need; the rest of it takes five times as long."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from thresher.schemas.discovery.matter import State


class ProducedNative(BaseModel):
    """The native that a production gave for a document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    native: str | None = None


class DocumentLinks(BaseModel):
    """To whom and to what a document belongs, its state, and by what its copies are known; fields as in MatterDocument."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    parent_id: str | None = None
    family_id: str
    level: int = 1
    custodian: str = ""
    source: int = 0
    path: str = ""
    sha256: str = ""
    dedup_key: str | None = None
    dup_of: str | None = None
    redacted: bool = False
    withheld: bool = False
    state: State = "new"
    produced: ProducedNative | None = None
