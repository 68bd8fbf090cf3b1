"""Run `thresher import`: sources of one custodian into a matter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import typer

from thresher.schemas.choices import DenistMode
from thresher.schemas.errors import InputProblem
from thresher.service.cli.matters.outputs import reconciled_after
from thresher.service.cli.matters.relations import after_import
from thresher.service.discovery.collection.import_run import import_collections
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.duplicates.deduplication import chosen_grouping
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.timezone import check_zone, matter_timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command was told."""

    sources: list[Path]
    folder: Path
    custodian: str
    timezone: str | None
    passwords: Path | None
    denist: list[Path]
    denist_mode: str
    copies: bool
    embedded: bool
    workers: int
    scope: str | None = None


def main(request: Request) -> int:
    """Import, and print what came out; 4 where counts do not come out. Raises InputProblem for options that are not valid."""
    _check(request)
    with Matter(request.folder) as matter, UnitPool(request.workers) as pool:
        chosen_grouping(matter, request.scope)
        new = import_collections(matter, request.sources, request.custodian, _options(matter, request), pool=pool)
        typer.echo(", ".join(f"{count} {name}" for name, count in new.items()))
        after_import(matter, request.scope)
        return reconciled_after(matter)


def _check(request: Request) -> None:
    missing = [str(path) for path in request.sources if not path.exists()]
    if missing:
        raise InputProblem("file_not_found", ", ".join(missing))
    if request.denist_mode not in get_args(DenistMode):
        raise InputProblem("field_invalid", f"--denist-mode {request.denist_mode}")
    check_zone(request.timezone)


def _options(matter: Matter, request: Request) -> CollectionOptions:
    """Return the options of the import."""
    zone = matter_timezone(matter, request.timezone)
    passwords = request.passwords.read_text(encoding="utf-8").splitlines() if request.passwords else []
    return CollectionOptions(
        timezone=zone,
        passwords=tuple(line for line in passwords if line),
        denist=tuple(str(path.resolve()) for path in request.denist),
        denist_mode=cast("DenistMode", request.denist_mode),
        copies=request.copies,
        embedded=request.embedded,
    )
