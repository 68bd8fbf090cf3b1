"""Commands of legal discovery: import into a Matter, and look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thresher.service.cli.command import run
from thresher.service.cli.commands.options import Passwords

app = typer.Typer()
matter = typer.Typer(no_args_is_help=True, help="A matter of legal discovery: what is in it, and what to do with it.")
MatterFolder = Annotated[Path, typer.Option("--matter", help="Folder of the matter; made where it is missing.")]
ThisMatter = Annotated[Path, typer.Argument(help="Folder of the matter.", show_default=False)]
Sources = Annotated[
    list[Path], typer.Argument(help="Folders, archives, mailboxes, mails and files.", show_default=False)
]


@app.command(name="import")
def import_sources(  # noqa: PLR0913 - the flags of the contract
    sources: Sources,
    folder: MatterFolder,
    custodian: Annotated[str, typer.Option(help="Whose sources these are, as in 'Lay, Kenneth'.")] = "",
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone for dates without one; the first import sets it. Default: UTC.")
    ] = None,
    passwords: Passwords = None,
    denist: Annotated[
        list[Path] | None, typer.Option(help="Digests of known files: one a line, or NSRL RDSv3 (SQLite).")
    ] = None,
    denist_mode: Annotated[str, typer.Option(help="Known files: exclude, keep (marked), or log (counted only).")] = (
        "exclude"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes that read.")] = 2,
) -> None:
    """Import collected sources of one custodian into a matter; again to go on, or to add."""
    from thresher.service.cli.matter_import import Request, main  # noqa: PLC0415 - see service/cli/main.py

    asked = Request(
        sources=sources,
        folder=folder,
        custodian=custodian,
        timezone=timezone,
        passwords=passwords,
        denist=denist or [],
        denist_mode=denist_mode,
        workers=workers,
    )
    run(main, asked)


@matter.command()
def status(folder: ThisMatter, *, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show how many documents, exceptions and sources a matter has."""
    from thresher.service.cli.matter_status import main  # noqa: PLC0415 - see service/cli/main.py

    run(main, folder, as_json)
