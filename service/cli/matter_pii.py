"""Run `thresher matter pii`: report the personal data in a matter."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from thresher.schemas.policy import ReadOptions
from thresher.service.cli.matter_reading import counting, document_texts, existing_matter
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.personal_data.report import (
    COUNTS_NAME,
    PLACES_NAME,
    PersonalDataCounts,
    report_personal_data,
)


def main(folder: Path, ocr: str | None) -> int:
    """Write the report, and print the counts by kind."""
    with existing_matter(folder) as matter:
        counts = asyncio.run(_reported(matter, ReadOptions.model_validate({"ocr": ocr} if ocr else {})))
    for kind, count in sorted(counts.finds.items()):
        typer.echo(f"{kind}: {count} in {counts.by_document[kind]} documents")
    typer.echo(
        f"{counts.documents} documents, {counts.unread} without text; {folder / 'reports' / PLACES_NAME}, {COUNTS_NAME}"
    )
    return 0


async def _reported(matter: Matter, options: ReadOptions) -> PersonalDataCounts:
    async with document_texts(matter, options) as texts:
        return await report_personal_data(matter, texts, matter.folder / "reports", counting("searched"))
