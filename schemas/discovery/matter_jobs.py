"""What an export of a matter and an extraction from its documents gave, as jobs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ExportedFile(BaseModel):
    """A file of an export."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int = Field(description="bytes")
    sha256: str


class ExportSummary(BaseModel):
    """What came out of an export."""

    model_config = ConfigDict(frozen=True)

    status: Literal["complete", "failed_reconciliation"]
    rows: int = Field(description="of the overlay, as read again from the file: one for each document")
    altered: int = Field(description="cells that the form could not carry as they are; `altered.csv` has the originals")
    files: tuple[ExportedFile, ...]


class MatterExtractionSummary(BaseModel):
    """What came out of an extraction from the documents of a matter."""

    model_config = ConfigDict(frozen=True)

    status: Literal["complete", "exceptions", "unfinished"] = Field(
        description="unfinished: some documents wait for a budget or for the model; the same order asked again goes on"
    )
    asked: int = Field(description="documents that a model was to be asked about, or was before")
    states: dict[str, int] = Field(description="of those: extracted, partial, exception, skipped, new")
    shared: int = Field(description="copies that another document answers for")
    unreadable: int
    passed: dict[str, int] = Field(description="documents that are not asked, by reason: privilege, withheld, …")
    screened: bool = Field(description="whether a privilege screen stands before the extraction")
