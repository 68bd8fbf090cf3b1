"""The part of the client that asks about a job's files: which are finished, their bytes, their pages, their tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from thresher.service.client.connection import Connection
from thresher.service.client.models import FinishedFile

EXTRACTIONS = "/v1/extractions"


class FileCalls(Connection):
    """Calls about the files of a job. Files are numbered from 0 in the order of the upload."""

    async def files(self, id: str) -> AsyncIterator[FinishedFile]:  # noqa: A002 - the field's own name
        """Iterate over the files of a job that are finished, page by page, also while it goes on."""
        async for one in self._pages(f"{EXTRACTIONS}/{id}", "files", {}):
            yield FinishedFile.model_validate(one)

    async def original(self, id: str, number: int, to: Path) -> None:  # noqa: A002 - as above
        """Write a file of a job to a path, as it was sent."""
        await self._to_file(f"{EXTRACTIONS}/{id}/files/{number}/original", to)

    async def page(self, id: str, number: int, page: int, to: Path, *, scale: float = 1.5) -> None:  # noqa: A002 - as above
        """Write the picture of a page (1-based) of a file to a path, with `scale` pixels a point: PNG or JPEG."""
        await self._to_file(f"{EXTRACTIONS}/{id}/files/{number}/pages/{page}", to, scale=scale)

    async def workbook(self, id: str, to: Path, *, partial: bool = False) -> None:  # noqa: A002 - as above
        """Write the Results of an ended job to a path as XLSX; `partial`: those there are of an open one."""
        await self._to_file(f"{EXTRACTIONS}/{id}/export.xlsx", to, **_said(partial=partial))

    async def table(
        self,
        id: str,  # noqa: A002 - as above
        to: Path,
        table: str = "",
        *,
        bom: bool = False,
        partial: bool = False,
    ) -> None:
        """Write one table of the Results of an ended job to a path as CSV; "": that of the documents."""
        asked = {"table": table} if table else {}
        await self._to_file(f"{EXTRACTIONS}/{id}/export.csv", to, **asked, **_said(bom=bom, partial=partial))

    async def _to_file(self, address: str, to: Path, **asked: Any) -> None:
        await self._retried(lambda: self._saved(address, to, asked))


def _said(**choices: bool) -> dict[str, str]:
    """Return the choices that were made, as an address writes them."""
    return {name: "true" for name, chosen in choices.items() if chosen}
