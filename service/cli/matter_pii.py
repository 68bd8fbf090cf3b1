"""Run `thresher matter pii`: report the personal data in a matter, and write redacted copies of its texts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import typer

from thresher.schemas.choices import PersonalKind
from thresher.schemas.policy import ReadOptions
from thresher.service.cli.matter_reading import counting, document_texts, existing_matter
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.personal_data.finders import COURT_KINDS
from thresher.service.discovery.personal_data.redacted_copies import write_redacted
from thresher.service.discovery.personal_data.report import (
    COUNTS_NAME,
    PLACES_NAME,
    PersonalDataCounts,
    report_personal_data,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command was told."""

    folder: Path
    redacted: Path | None = None
    kinds: tuple[PersonalKind, ...] = ()
    ocr: str | None = None


def main(request: Request) -> int:
    """Write the report, and the copies where asked for; print the counts by kind."""
    if request.redacted is not None:
        request.redacted.mkdir(parents=True, exist_ok=True)
    with existing_matter(request.folder) as matter:
        counts, copies = asyncio.run(_reported(matter, request))
    for kind, count in sorted(counts.finds.items()):
        typer.echo(f"{kind}: {count} in {counts.by_document[kind]} documents")
    places = request.folder / "reports" / PLACES_NAME
    typer.echo(f"{counts.documents} documents, {counts.unread} without text; {places}, {COUNTS_NAME}")
    if request.redacted is not None:
        typer.echo(f"{copies} redacted copies in {request.redacted}")
    return 0


async def _reported(matter: Matter, request: Request) -> tuple[PersonalDataCounts, int]:
    options = ReadOptions.model_validate({"ocr": request.ocr} if request.ocr else {})
    async with document_texts(matter, options) as texts:
        counts = await report_personal_data(matter, texts, matter.folder / "reports", counting("searched"))
        if request.redacted is None:
            return counts, 0
        kinds = frozenset(request.kinds) or COURT_KINDS
        return counts, await write_redacted(matter, texts, request.redacted, kinds)
