"""`thresher report`: finished Results to one HTML file that anybody can open."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.exports.files import PartFiles
from thresher.service.exports.finished_results import FinishedResults, find_results
from thresher.service.exports.report.folder_originals import opened_originals
from thresher.service.exports.report.report_file import Report, write_report
from thresher.service.runs.policy_files import load_policy


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    place: Path
    out: Path | None = None
    documents: tuple[Path, ...] = ()
    passwords: Path | None = None


def main(request: Request) -> int:
    """Run the command; return the exit code."""
    if not request.place.exists():
        raise InputProblem("file_not_found", str(request.place))
    found = find_results(request.place)
    if not found.names and not found.damaged:
        raise InputProblem("not_found", f"no Results in {request.place}; `thresher extract … --out DIR` makes them")
    out = request.out or (
        request.place / "report.html" if request.place.is_dir() else request.place.with_suffix(".html")
    )
    size = asyncio.run(_written(request, found, out))
    sys.stderr.write(f"{len(found.names)} Results to {out} ({size / 1e6:.1f} MB)\n")
    return 0


async def _written(request: Request, found: FinishedResults, out: Path) -> int:
    """Write the file; return its size in bytes."""
    files, size = PartFiles(), 0
    passwords = load_policy(None, {}, request.passwords).read.passwords
    title = request.place.name if request.place.is_file() else request.place.resolve().name
    report = Report(
        title=title,
        results=found.read,
        targets=found.targets(),
        left_out=tuple(found.left_out()) if request.place.is_dir() else (),
    )
    try:
        with files.part(out).open("w", encoding="utf-8", errors="replace") as stream:
            async with opened_originals(found.root, request.documents, passwords) as originals:
                await write_report(report.of(originals), stream.write)
            size = stream.tell()
    except BaseException:
        files.discard()
        raise
    files.finish()
    return size
