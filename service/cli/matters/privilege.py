"""Run `thresher matter privilege`, `matter held` and `matter release`."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import dataclass
from pathlib import Path

import typer

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.policy import ReadOptions
from thresher.service.base.file_names import printable_name
from thresher.service.cli.matters.reading import counting, document_texts, existing_matter
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.counsel_list import counsel_list, lines_of
from thresher.service.discovery.privilege.privilege_log import privilege_log, write_privilege_log
from thresher.service.discovery.privilege.release import release
from thresher.service.discovery.privilege.screen import ScreenCounts, ScreenLists, screen
from thresher.service.discovery.privilege.terms import DEFAULT_TERMS, term_list

LOG_NAME = "privilege_log.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What `matter privilege` was told."""

    folder: Path
    counsel: Path
    terms: Path | None
    ocr: str | None = None


def main(request: Request) -> int:
    """Screen a matter, and write its privilege log. Raises InputProblem for lists that cannot be read."""
    lists = lists_of(request.counsel, request.terms)
    with existing_matter(request.folder) as matter:
        counts = asyncio.run(_screened(matter, lists, _options(request)))
        log = request.folder / "reports" / LOG_NAME
        rows = write_privilege_log(privilege_log(matter), log)
    typer.echo(f"{counts.documents} documents, {counts.flagged} flagged, {counts.held} held, {counts.warned} warned of, "
               f"{counts.unread} of those read now without text")  # fmt: skip
    typer.echo(f"privilege log: {log} ({rows} rows)")
    return 0


def lists_of(counsel: Path, terms: Path | None) -> ScreenLists:
    """Return the lists in some files; without a file of terms, the usual ones."""
    counsel_lines = tuple(line for raw in lines_of(counsel) if (line := raw.partition("#")[0].strip()))
    counsel_list(counsel_lines)
    return ScreenLists(counsel_lines, term_list(lines_of(terms)) if terms else DEFAULT_TERMS)


def _options(request: Request) -> ReadOptions:
    return ReadOptions.model_validate({"ocr": request.ocr} if request.ocr else {})


async def _screened(matter: Matter, lists: ScreenLists, options: ReadOptions) -> ScreenCounts:
    async with document_texts(matter, options) as texts:
        return await screen(matter, lists, texts, counting("screened"))


def list_held(folder: Path) -> int:
    """Print what is held: id, Bates number, why, from whom."""
    with Matter(folder, writes=False) as matter:
        for document in matter.store.documents():
            if document.held:
                typer.echo(_line(document))
    return 0


def _line(document: MatterDocument) -> str:
    facts = (document.id, document.bates_begin or "", " ".join(document.privilege_flags),
             "; ".join(document.sender) or document.custodian, document.subject or document.name)  # fmt: skip
    return "\t".join(printable_name(fact) for fact in facts)


def release_documents(folder: Path, names: list[str], by: str | None, why: str) -> int:
    """Release documents, and print all that are no longer held."""
    with existing_matter(folder) as matter:
        for document in release(matter, names, by or getpass.getuser(), why):
            typer.echo(f"released: {document.id} {document.bates_begin or ''}".rstrip())
    return 0
