"""The part of the client that asks about matters of legal discovery: imports, extractions, exports, documents, reports."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypedDict, Unpack

import httpx
from pydantic import BaseModel

from thresher.schemas.discovery.matter import MatterDocument, MatterException
from thresher.schemas.discovery.matter_actions import ActionSummary
from thresher.schemas.discovery.matter_import import ImportSummary, SourceCounts
from thresher.schemas.discovery.matter_jobs import ExportSummary, MatterExtractionSummary
from thresher.schemas.errors import Note
from thresher.schemas.work import Counts, JobState
from thresher.service.client.answers import opened
from thresher.service.client.connection import Connection
from thresher.service.client.models import Event

MATTERS = "/v1/matters"


class MatterCounts(BaseModel):
    """How much a matter holds."""

    documents: int
    exceptions: int
    containers: int
    left_out: int


class Matter(BaseModel):
    """A matter. `counts` and `sources` are those of `matter()` alone. Times are seconds since 1970, UTC."""

    id: str
    name: str
    timezone: str
    created: float
    counts: MatterCounts | None = None
    documents_by_kind: dict[str, int] = {}
    documents_by_state: dict[str, int] = {}
    documents_by_custodian: dict[str, int] = {}
    exceptions_by_code: dict[str, int] = {}
    sources: tuple[SourceCounts, ...] = ()


class MatterJob(BaseModel):
    """Work on a matter and how far it has come. Times are seconds since 1970, UTC."""

    id: str
    matter: str
    state: JobState
    created: float
    finished: float | None = None
    counts: Counts
    stages: dict[str, int] = {}
    problem: Note | None = None


class Import(MatterJob):
    """An import and how far it has come."""

    summary: ImportSummary | None = None  # what came out, once it is done


class Export(MatterJob):
    """An export and how far it has come."""

    summary: ExportSummary | None = None  # its files, once it is done


class MatterExtraction(MatterJob):
    """An extraction from the documents of a matter, and how far it has come."""

    summary: MatterExtractionSummary | None = None  # what came out, once it is done


class Action(MatterJob):
    """Something else that is done with a matter, and how far it has come."""

    summary: ActionSummary | None = None  # what came out, once it is done


class ImportOptions(TypedDict, total=False):
    """What is said of an import besides its sources: see the service's `POST /v1/matters/{matter}/imports`."""

    kind: str  # collection (default) or production
    custodian: str
    copies: bool
    passwords: list[str]
    loadfile: str
    load_options: dict[str, Any]
    denist: list[str]
    denist_mode: str
    dedup: str
    embedded: bool


class ExportOptions(TypedDict, total=False):
    """What is said of an export: see the service's `POST /v1/matters/{matter}/exports`."""

    form: str  # dat (default), csv, jsonl, parquet
    encoding: str
    prefix: str
    escape: bool


class MatterExtractionOptions(TypedDict, total=False):
    """What is said of an extraction besides its targets: see `POST /v1/matters/{matter}/extractions`."""

    policy: dict[str, Any]
    instructions: str
    privilege: str  # hold (default), flag, off
    inclusive_only: bool
    counsel: list[str]
    terms: list[str]


class MatterCalls(Connection):
    """Calls about matters. `id` is that of an import, an export or an extraction, which are jobs."""

    async def create_matter(self, name: str, timezone: str | None = None) -> Matter:
        """Make a matter; sent once, for twice would make two."""
        asked = {"name": name, "timezone": timezone}
        return Matter.model_validate(await self._once("POST", MATTERS, json=asked))

    async def matters(self) -> AsyncIterator[Matter]:
        """Iterate over all matters, newest first."""
        async for one in self._pages(MATTERS, "matters", {}):
            yield Matter.model_validate(one)

    async def matter(self, matter: str) -> Matter:
        """Return what a matter holds, also while an import goes on."""
        return Matter.model_validate(await self._request("GET", f"{MATTERS}/{matter}"))

    async def delete_matter(self, matter: str) -> None:
        """Delete a matter for good, with its records, bytes and imports."""
        await self._request("DELETE", f"{MATTERS}/{matter}")

    async def import_files(
        self, matter: str, files: Sequence[str | Path], *, key: str | None = None, **more: Unpack[ImportOptions]
    ) -> Import:
        """Upload sources, streamed from the disk; return the import at once. `key`: an Idempotency-Key."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}

        async def sent() -> httpx.Response:
            with ExitStack() as stack:
                parts: list[Any] = [("order", (None, json.dumps(more)))]
                parts += [("file", (Path(f).name, stack.enter_context(opened(f)))) for f in files]
                return await self._http.post(f"{MATTERS}/{matter}/imports", files=parts, headers=headers)

        return Import.model_validate(await self._retried(sent))

    async def import_paths(
        self, matter: str, paths: Sequence[str], *, key: str | None = None, **more: Unpack[ImportOptions]
    ) -> Import:
        """Import what lies on the server, below folders that its operator opened; return the import at once."""
        return Import.model_validate(
            await self._order(f"{MATTERS}/{matter}/imports", {**more, "paths": list(paths)}, key)
        )

    async def imports(self, matter: str, state: JobState | None = None) -> AsyncIterator[Import]:
        """Iterate over the imports into a matter, or those in one state, newest first."""
        async for one in self._pages(f"{MATTERS}/{matter}/imports", "imports", {"state": state}):
            yield Import.model_validate(one)

    async def get_import(self, matter: str, id: str) -> Import:  # noqa: A002 - the field's own name
        """Return how far an import has come, and what came out."""
        return Import.model_validate(await self._request("GET", f"{MATTERS}/{matter}/imports/{id}"))

    async def import_events(self, matter: str, id: str, after: int = 0) -> AsyncIterator[Event]:  # noqa: A002 - as above
        """Iterate over an import's events to its end; `after` is the number of the last event that was seen."""
        async for one in self._events(f"{MATTERS}/{matter}/imports/{id}/events", after):
            yield one

    async def cancel_import(self, matter: str, id: str) -> Import:  # noqa: A002 - as above
        """Cancel an import; what is in the matter stays."""
        return Import.model_validate(await self._request("DELETE", f"{MATTERS}/{matter}/imports/{id}"))

    async def retry_import(self, matter: str, id: str) -> Import:  # noqa: A002 - as above
        """Try a failed import again, from where it was."""
        return Import.model_validate(await self._request("POST", f"{MATTERS}/{matter}/imports/{id}/retry"))

    async def export(self, matter: str, *, key: str | None = None, **more: Unpack[ExportOptions]) -> Export:
        """Export a matter; return the export at once. `key`: an Idempotency-Key."""
        return Export.model_validate(await self._order(f"{MATTERS}/{matter}/exports", dict(more), key))

    async def exports(self, matter: str, state: JobState | None = None) -> AsyncIterator[Export]:
        """Iterate over the exports of a matter, or those in one state, newest first."""
        async for one in self._pages(f"{MATTERS}/{matter}/exports", "exports", {"state": state}):
            yield Export.model_validate(one)

    async def get_export(self, matter: str, id: str) -> Export:  # noqa: A002 - as above
        """Return how far an export has come, and its files."""
        return Export.model_validate(await self._request("GET", f"{MATTERS}/{matter}/exports/{id}"))

    async def export_file(self, matter: str, id: str, name: str, to: Path) -> None:  # noqa: A002 - as above
        """Write a file of an export that is done (overlay.dat, privilege_log.csv …) to a path."""
        await self._retried(lambda: self._saved(f"{MATTERS}/{matter}/exports/{id}/files/{name}", to))

    async def export_events(self, matter: str, id: str, after: int = 0) -> AsyncIterator[Event]:  # noqa: A002 - as above
        """Iterate over an export's events to its end; `after` is the number of the last event that was seen."""
        async for one in self._events(f"{MATTERS}/{matter}/exports/{id}/events", after):
            yield one

    async def cancel_export(self, matter: str, id: str) -> Export:  # noqa: A002 - as above
        """Cancel an export."""
        return Export.model_validate(await self._request("DELETE", f"{MATTERS}/{matter}/exports/{id}"))

    async def retry_export(self, matter: str, id: str) -> Export:  # noqa: A002 - as above
        """Try a failed export again."""
        return Export.model_validate(await self._request("POST", f"{MATTERS}/{matter}/exports/{id}/retry"))

    async def act(self, matter: str, action: str, *, key: str | None = None, **more: Any) -> Action:
        """Report, retry, resolve, release, verify, sample or validate (see `POST /v1/matters/{matter}/actions`); return the action at once."""
        asked = {**more, "action": action}
        return Action.model_validate(await self._order(f"{MATTERS}/{matter}/actions", asked, key))

    async def actions(self, matter: str, state: JobState | None = None) -> AsyncIterator[Action]:
        """Iterate over the actions on a matter, or those in one state, newest first."""
        async for one in self._pages(f"{MATTERS}/{matter}/actions", "actions", {"state": state}):
            yield Action.model_validate(one)

    async def get_action(self, matter: str, id: str) -> Action:  # noqa: A002 - as above
        """Return how far an action has come, and what came out."""
        return Action.model_validate(await self._request("GET", f"{MATTERS}/{matter}/actions/{id}"))

    async def action_file(self, matter: str, id: str, name: str, to: Path) -> None:  # noqa: A002 - as above
        """Write a file of a sample (coding.csv, validation.json) to a path."""
        await self._retried(lambda: self._saved(f"{MATTERS}/{matter}/actions/{id}/files/{name}", to))

    async def action_events(self, matter: str, id: str, after: int = 0) -> AsyncIterator[Event]:  # noqa: A002 - as above
        """Iterate over an action's events to its end; `after` is the number of the last event that was seen."""
        async for one in self._events(f"{MATTERS}/{matter}/actions/{id}/events", after):
            yield one

    async def cancel_action(self, matter: str, id: str) -> Action:  # noqa: A002 - as above
        """Cancel an action."""
        return Action.model_validate(await self._request("DELETE", f"{MATTERS}/{matter}/actions/{id}"))

    async def retry_action(self, matter: str, id: str) -> Action:  # noqa: A002 - as above
        """Try a failed action again."""
        return Action.model_validate(await self._request("POST", f"{MATTERS}/{matter}/actions/{id}/retry"))

    async def extract_from_matter(
        self,
        matter: str,
        targets: Sequence[str | dict[str, Any]],
        *,
        key: str | None = None,
        **more: Unpack[MatterExtractionOptions],
    ) -> MatterExtraction:
        """Extract from all documents of a matter that may be asked; return the extraction at once."""
        asked = {**more, "targets": list(targets)}
        return MatterExtraction.model_validate(await self._order(f"{MATTERS}/{matter}/extractions", asked, key))

    async def matter_extractions(self, matter: str, state: JobState | None = None) -> AsyncIterator[MatterExtraction]:
        """Iterate over the extractions from a matter, or those in one state, newest first."""
        async for one in self._pages(f"{MATTERS}/{matter}/extractions", "extractions", {"state": state}):
            yield MatterExtraction.model_validate(one)

    async def get_matter_extraction(self, matter: str, id: str) -> MatterExtraction:  # noqa: A002 - as above
        """Return how far an extraction from a matter has come, and what came out."""
        return MatterExtraction.model_validate(await self._request("GET", f"{MATTERS}/{matter}/extractions/{id}"))

    async def matter_extraction_events(self, matter: str, id: str, after: int = 0) -> AsyncIterator[Event]:  # noqa: A002 - as above
        """Iterate over an extraction's events to its end; `after` is the number of the last event that was seen."""
        async for one in self._events(f"{MATTERS}/{matter}/extractions/{id}/events", after):
            yield one

    async def cancel_matter_extraction(self, matter: str, id: str) -> MatterExtraction:  # noqa: A002 - as above
        """Cancel an extraction from a matter; what is answered stays."""
        return MatterExtraction.model_validate(await self._request("DELETE", f"{MATTERS}/{matter}/extractions/{id}"))

    async def retry_matter_extraction(self, matter: str, id: str) -> MatterExtraction:  # noqa: A002 - as above
        """Try a failed extraction again, from where it was."""
        return MatterExtraction.model_validate(
            await self._request("POST", f"{MATTERS}/{matter}/extractions/{id}/retry")
        )

    async def _order(self, address: str, asked: dict[str, Any], key: str | None) -> Any:
        """Ask for work on a matter, once for each key; return the job as JSON."""
        return await self._request("POST", address, json=asked, headers={"Idempotency-Key": key or uuid.uuid4().hex})

    async def documents(
        self, matter: str, *, custodian: str | None = None, state: str | None = None, kind: str | None = None
    ) -> AsyncIterator[MatterDocument]:
        """Iterate over the documents of a matter in its order; all, or those of a custodian, state or kind."""
        asked = {"custodian": custodian, "state": state, "kind": kind}
        async for one in self._pages(f"{MATTERS}/{matter}/documents", "documents", asked):
            yield MatterDocument.model_validate(one)

    async def exceptions(
        self, matter: str, *, custodian: str | None = None, code: str | None = None
    ) -> AsyncIterator[MatterException]:
        """Iterate over what went wrong; all, or of a custodian, or with a code."""
        asked = {"custodian": custodian, "code": code}
        async for one in self._pages(f"{MATTERS}/{matter}/exceptions", "exceptions", asked):
            yield MatterException.model_validate(one)

    async def report(self, matter: str, name: str, to: Path) -> None:
        """Write a report (report.html, reconciliation.json, exceptions.csv …) to a path."""
        await self._retried(lambda: self._saved(f"{MATTERS}/{matter}/reports/{name}", to))
