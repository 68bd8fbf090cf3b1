"""Run `thresher matter verify`, `matter resolve` and `matter retry`."""

from __future__ import annotations

import getpass
from pathlib import Path

import typer

from thresher.schemas.discovery.matter import Resolution
from thresher.service.base.file_names import printable_name
from thresher.service.cli.exits import COMPLETE, SOME_FAILED, SOME_NOT
from thresher.service.cli.matters.outputs import reconciled_after
from thresher.service.cli.matters.relations import after_import, opened_matter
from thresher.service.discovery.collection.denist import gather
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.custody.resolution import Chosen, resolve
from thresher.service.discovery.custody.retrying import Retried, retry, retry_options
from thresher.service.discovery.custody.verification import verify
from thresher.service.discovery.matter.audit_log import head_of
from thresher.service.discovery.matter.folder import Matter

SHOWN = 100  # deviations that are printed; more are counted


def verify_main(folder: Path, head: str) -> int:
    """Print what has changed; 4 where anything has."""
    with Matter(folder, writes=False) as matter:
        found = list(verify(matter, head.strip().lower()))
    changed = [one for one in found if one.gravity != "note"]
    for one in [*changed[:SHOWN], *(one for one in found if one.gravity == "note")]:
        typer.echo(f"{one.gravity}: {printable_name(one.what)}")
    if len(changed) > SHOWN:
        typer.echo(f"and {len(changed) - SHOWN:,} more")
    typer.echo(f"the log's last line has the hash {head_of(folder / 'audit.jsonl')}")
    typer.echo(f"{len(changed):,} changed" if changed else "nothing has changed")
    return SOME_FAILED if changed else COMPLETE


def resolve_main(folder: Path, chosen: Chosen, resolution: Resolution, by: str | None, why: str) -> int:
    """Set the resolution of exceptions. Raises InputProblem, see `resolve`."""
    with opened_matter(folder) as matter:
        count = resolve(matter, chosen, resolution, by or getpass.getuser(), why)
    typer.echo(f"{count:,} exceptions: {resolution}")
    return COMPLETE


def retry_main(folder: Path, code: str | None, passwords: Path | None, workers: int) -> int:
    """Try exceptions again, then find copies and threads again; 1 where some are left, 4 where counts do not come out."""
    lines = passwords.read_text(encoding="utf-8").splitlines() if passwords else []
    with opened_matter(folder) as matter, UnitPool(workers) as pool:
        options = retry_options(matter, tuple(line for line in lines if line))
        known = gather(options.denist, matter.folder)
        found = retry(matter, options, pool, known=str(known) if known else None, code=code.lower() if code else None)
        _tell(found)
        after_import(matter, None)
        balance = reconciled_after(matter)
    return balance or (SOME_NOT if found.tried - found.gone - found.asked_again > 0 else COMPLETE)


def _tell(found: Retried) -> None:
    typer.echo(f"{found.tried:,} exceptions tried again, {found.gone:,} of them are gone")
    if found.asked_again:
        typer.echo(f"{found.asked_again:,} documents will be asked again by `thresher matter extract`")
    for path in found.left:
        typer.echo(f"not tried, for its bytes are not there: {printable_name(path)}")
