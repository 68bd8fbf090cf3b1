"""Models of what is asked of matters and answered, which OpenAPI shows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.choices import DedupScope, DenistMode
from thresher.schemas.discovery.matter import MatterDocument, MatterException
from thresher.schemas.discovery.matter_import import SourceCounts

EXAMPLE_ID = "019a8c1e7f3b4d2c5e6f708192a3b4c5"
_HERE = f"/v1/matters/{EXAMPLE_ID}"
_SOURCE: dict[str, Any] = {
    "number": 1,
    "label": "lay.mbox",
    "custodian": "Lay, Kenneth",
    "kind": "collection",
    "state": "finished",
    "documents": 1204,
    "exceptions": 3,
    "containers": 1,
    "left_out": 12,
}
EXAMPLE_MATTER: dict[str, Any] = {
    "id": EXAMPLE_ID,
    "name": "Acme v. Ternboat",
    "timezone": "America/Chicago",
    "created": 1763799600.0,
}
EXAMPLE_STATUS: dict[str, Any] = {
    **EXAMPLE_MATTER,
    "counts": {"documents": 1204, "exceptions": 3, "containers": 1, "left_out": 12},
    "documents_by_kind": {"email": 900, "attachment": 304},
    "documents_by_state": {"new": 1201, "exception": 3},
    "documents_by_custodian": {"Lay, Kenneth": 1204},
    "exceptions_by_code": {"password_protected": 3},
    "sources": [_SOURCE],
}
EXAMPLE_IMPORT: dict[str, Any] = {
    "id": "019a8c1e7f3b4d2c",
    "matter": EXAMPLE_ID,
    "state": "finished",
    "created": 1763799600.0,
    "finished": 1763799612.5,
    "counts": {"total": 1, "todo": 0, "running": 0, "done": 1, "failed": 0, "cancelled": 0},
    "stages": {},
    "summary": {"status": "exceptions", "sources": [_SOURCE], "new_documents": 1204, "report": None},
    "problem": None,
    "links": {"self": f"{_HERE}/imports/019a8c1e7f3b4d2c", "result": _HERE,
              "events": f"{_HERE}/imports/019a8c1e7f3b4d2c/events"},
}  # fmt: skip
EXAMPLE_ORDER: dict[str, Any] = {"custodian": "Lay, Kenneth", "paths": ["/mnt/evidence/lay.pst"]}
EXAMPLE_DOCUMENT: dict[str, Any] = {
    "id": "5b1f3c2a9d8e7f60112233445566778f",
    "family_id": "5b1f3c2a9d8e7f60112233445566778f",
    "custodian": "Lay, Kenneth",
    "source": 1,
    "path": "lay.mbox!/000000001.eml",
    "name": "000000001.eml",
    "kind": "email",
    "media_type": "message/rfc822",
    "size": 4711,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "from": ["Ken Lay <kenneth.lay@enron.com>"],
    "subject": "Re: dinner",
}
EXAMPLE_EXCEPTION: dict[str, Any] = {
    "id": "0c1d2e3f405162738495a6b7c8d9e0f1",
    "document_id": "5b1f3c2a9d8e7f60112233445566778f",
    "path": "lay.mbox!/000000001.eml!/plan.pdf",
    "custodian": "Lay, Kenneth",
    "source": 1,
    "stage": "parse",
    "code": "password_protected",
    "message": "plan.pdf: give its password",
}


class NewMatter(BaseModel):
    """What a matter is made with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Acme v. Ternboat", "timezone": "America/Chicago"}]}
    )

    name: str = Field(min_length=1, max_length=200)
    timezone: str | None = Field(
        default=None,
        max_length=64,
        description="IANA name, for dates that state no zone; it holds for the whole matter",
    )


class MatterView(BaseModel):
    """A matter. Times are seconds since 1970, UTC."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_MATTER]})

    id: str
    name: str
    timezone: str
    created: float


class Matters(BaseModel):
    """A page of matters, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"matters": [EXAMPLE_MATTER], "next": None}]})

    matters: list[MatterView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class MatterCounts(BaseModel):
    """How much a matter holds."""

    documents: int
    exceptions: int
    containers: int
    left_out: int = Field(description="items that are no documents on purpose: inline pictures, known files")


class MatterStatus(MatterView):
    """A matter and what it holds, also while an import goes on."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_STATUS]})

    counts: MatterCounts
    documents_by_kind: dict[str, int]
    documents_by_state: dict[str, int]
    documents_by_custodian: dict[str, int]
    exceptions_by_code: dict[str, int]
    sources: list[SourceCounts]


class ImportRequest(BaseModel):
    """What is to be imported, and how. Sources are uploads, or paths on the server, never both."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE_ORDER]})

    kind: Literal["collection", "production"] = Field(
        default="collection", description="production: one volume, its load file, or (uploaded) a ZIP of the volume"
    )
    custodian: str = Field(default="", max_length=200, description="whose sources these are")
    paths: list[str] = Field(
        default=[], max_length=100, description="on the server, below the folders that the operator opened for imports"
    )
    copies: bool = Field(default=False, description="copy files at the paths into the matter; else they are read there")
    passwords: list[str] = Field(default=[], max_length=100, description="tried in order; kept encrypted, or refused")
    loadfile: str | None = Field(default=None, max_length=1000, description="of a production with several")
    load_options: dict[str, Any] = Field(
        default={}, description="of a production: encoding, delimiters, header, columns, fields, date_order …"
    )
    denist: list[str] = Field(
        default=[],
        max_length=20,
        description="lists of known files on the server, below the same folders: a digest a line, or NSRL RDSv3 (SQLite)",
    )
    denist_mode: DenistMode = Field(
        default="exclude", description="known files: no document, a marked one, or counted only"
    )
    dedup: DedupScope | None = Field(
        default=None, description="where copies are looked for; by default as the matter does already, at first global"
    )
    embedded: bool = Field(default=False, description="files in PDF and Office documents become documents of their own")


class MatterDocuments(BaseModel):
    """A page of documents in the matter's order: families together, parents first. Empty fields are left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"documents": [EXAMPLE_DOCUMENT], "next": None}]})

    documents: list[MatterDocument]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class MatterExceptions(BaseModel):
    """A page of exceptions, in the order of what they are about. Empty fields are left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"exceptions": [EXAMPLE_EXCEPTION], "next": None}]})

    exceptions: list[MatterException]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")
