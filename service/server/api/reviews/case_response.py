"""Send a scorecard case as a ZIP that is packed on the disk: a document may be larger than any answer in memory should be."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path
from urllib.parse import quote

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from thresher.service.base.temp_folder import temp_folder
from thresher.service.reviews.cases import Files
from thresher.service.reviews.review_service import ReviewService

ZIP = "application/zip"


class CaseFile(Response):
    """A response with a case, packed when the answer begins and deleted at its end; one at a time for a tenant."""

    def __init__(self, review_service: ReviewService, tenant: str, collection: str, number: int) -> None:
        """Take what is wanted."""
        super().__init__(media_type=ZIP)
        self._review_service, self._tenant, self._wanted = review_service, tenant, (collection, number)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pack and send it. Raises what making a case raises, before anything is sent."""
        whole = {**scope, "headers": [h for h in scope["headers"] if h[0] not in {b"range", b"if-range"}]}
        async with self._review_service.case_turns[self._tenant]:
            with temp_folder() as folder:
                packed = folder / "case.zip"
                async with self._review_service.case(self._tenant, *self._wanted) as (name, files):
                    await asyncio.to_thread(write_zip, packed, name, files)
                shown = f"attachment; filename*=UTF-8''{quote(name)}.zip"
                headers = {"Content-Disposition": shown, "Cache-Control": "no-store"}
                await FileResponse(packed, 200, headers, ZIP)(whole, receive, send)


def write_zip(packed: Path, name: str, files: Files) -> None:
    """Write the files of a case as a ZIP, below a folder of its name."""
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as made:
        for file, content in files.items():
            if isinstance(content, Path):
                made.write(content, f"{name}/{file}")
            else:
                made.writestr(f"{name}/{file}", content)
