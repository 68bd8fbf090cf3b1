"""What an import into a matter gave: the counts of its sources, and for a production the report of its check."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ImportStatus = Literal["complete", "exceptions", "refused", "failed_reconciliation"]


class SourceCounts(BaseModel):
    """A source of a matter, and what it holds."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(description="from 1, in the order in which sources came")
    label: str = Field(description="its name, with ~2 and so on where the custodian had one of that name")
    custodian: str
    kind: str = Field(description="collection or production")
    state: str = Field(description="new, open or finished")
    documents: int
    exceptions: int
    containers: int
    left_out: int = Field(description="items that are no documents on purpose: inline pictures, known files")


class ImportSummary(BaseModel):
    """What came out of an import."""

    model_config = ConfigDict(frozen=True)

    status: ImportStatus
    sources: tuple[SourceCounts, ...] = Field(description="of this import, with all that they hold")
    new_documents: int = Field(description="that the matter had not before this import")
    report: dict[str, Any] | None = Field(default=None, description="of a production: what the check found")
