"""Run `thresher matter pii`: report the personal data in a matter, and write redacted copies of its texts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import typer

from thresher.schemas.choices import PersonalKind
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.cli.matters.reading import counting, document_texts, existing_matter
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.personal_data.finders import COURT_KINDS, KINDS
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
    kinds: tuple[str, ...] = ()
    ocr: str | None = None


def main(request: Request) -> int:
    """Write the report, and the copies where asked for; print the counts by kind."""
    kinds = _kinds(request.kinds)
    if request.redacted is not None:
        request.redacted.mkdir(parents=True, exist_ok=True, mode=0o700)
    with existing_matter(request.folder) as matter:
        matter.record_event("personal_data_begun")  # before texts are written, as it may be killed
        counts, copies = asyncio.run(_reported(matter, request, kinds))
    for kind, count in sorted(counts.finds.items()):
        typer.echo(f"{kind}: {count} in {counts.by_document[kind]} documents")
    places = request.folder / "reports" / PLACES_NAME
    typer.echo(f"{counts.documents} documents, {counts.unread} without text; {places}, {COUNTS_NAME}")
    if request.redacted is not None:
        typer.echo(f"{copies} redacted copies in {request.redacted}")
    return 0


def _kinds(names: tuple[str, ...]) -> frozenset[PersonalKind]:
    """Return the kinds that are called so; without any, what FRCP 5.2 names. Raises InputProblem(option_invalid)."""
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise InputProblem("option_invalid", f"--kind {unknown[0]}: there are {', '.join(KINDS)}")
    return frozenset(kind for kind in KINDS if kind in names) or COURT_KINDS


async def _reported(matter: Matter, request: Request, kinds: frozenset[PersonalKind]) -> tuple[PersonalDataCounts, int]:
    options = ReadOptions.model_validate({"ocr": request.ocr} if request.ocr else {})
    async with document_texts(matter, options) as texts:
        counts = await report_personal_data(matter, texts, matter.folder / "reports", counting("searched"))
        if request.redacted is None:
            return counts, 0
        return counts, await write_redacted(matter, texts, request.redacted, kinds)
