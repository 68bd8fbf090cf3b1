"""Commands of legal discovery: import into a Matter, and look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thresher.service.cli.command import run
from thresher.service.cli.commands.options import Passwords

app = typer.Typer()
matter = typer.Typer(no_args_is_help=True, help="A matter of legal discovery: its documents, and work on them.")
MatterFolder = Annotated[Path | None, typer.Option("--matter", help="Folder of the matter; made where it is missing.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
ThisMatter = Annotated[Path, typer.Argument(help="Folder of the matter.", show_default=False)]
Sources = Annotated[
    list[Path], typer.Argument(help="Folders, archives, mailboxes, mails and files.", show_default=False)
]


@app.command(name="import")
def import_sources(  # noqa: PLR0913 - the flags of the contract
    sources: Sources,
    folder: MatterFolder = None,
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
    copies: Annotated[
        bool, typer.Option("--copy", help="Copy loose files into the matter too; else they are read where they lie.")
    ] = False,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Files in PDF and Office documents become documents of their own.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read.")] = 2,
    scope: Annotated[
        str | None, typer.Option("--dedup", help="Where copies are looked for: none, custodian, global (default).")
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="The source is a produced volume: DAT, OPT, NATIVES, TEXT, IMAGES.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the production, report, and load nothing.")] = False,
    loadfile: Annotated[str | None, typer.Option(help="The production's load file, where it has several.")] = None,
    load_options: Annotated[
        Path | None, typer.Option(help="TOML: encoding, delimiters, columns, fields, date_order, production_timezone.")
    ] = None,
    report: Annotated[Path, typer.Option(help="Where the report on a production is written, as JSON.")] = Path(
        "production.json"
    ),
) -> None:
    """Import sources of one custodian, or a production, into a matter.

    Run it again to go on, or to add.

    Exit codes: 0 imported; 1 a production with exceptions; 2 refused, or usage; 4 counts that do not come out.
    """
    if production:
        from thresher.service.cli.matters.production_import import (  # noqa: PLC0415 - see service/cli/main.py
            Request as ProductionRequest,
        )
        from thresher.service.cli.matters.production_import import main as production_main  # noqa: PLC0415 - as above

        wanted = ProductionRequest(
            sources=sources,
            folder=folder,
            custodian=custodian,
            timezone=timezone,
            options=load_options,
            loadfile=loadfile,
            report=report,
            dry_run=dry_run,
            scope=scope,
        )
        run(production_main, wanted)
    if folder is None:
        raise typer.BadParameter("a matter is needed", param_hint="--matter")
    from thresher.service.cli.matters.collection_import import Request, main  # noqa: PLC0415 - see service/cli/main.py

    asked = Request(
        sources=sources,
        folder=folder,
        custodian=custodian,
        timezone=timezone,
        passwords=passwords,
        denist=denist or [],
        denist_mode=denist_mode,
        copies=copies,
        embedded=embedded,
        workers=workers,
        scope=scope,
    )
    run(main, asked)


@matter.command()
def status(folder: ThisMatter, *, as_json: AsJson = False) -> None:
    """Count documents, exceptions and sources."""
    from thresher.service.cli.matters.status import main  # noqa: PLC0415 - see service/cli/main.py

    run(main, folder, as_json)


@matter.command()
def dedup(
    folder: ThisMatter,
    *,
    scope: Annotated[str | None, typer.Option(help="none, custodian or global; default: as before.")] = None,
    productions: Annotated[bool, typer.Option("--productions", help="Also documents of productions.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With another scope than before; the log says so.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find the copies of documents; each stays a record. Also done by every import."""
    from thresher.service.cli.matters.relations import dedup as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, folder, scope, productions, again, as_json)


@matter.command()
def threads(folder: ThisMatter, *, as_json: AsJson = False) -> None:
    """Join mails into threads and mark the inclusive ones. Also done by every import."""
    from thresher.service.cli.matters.relations import threads as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, folder, as_json)


@matter.command(name="near-duplicates")
def near_duplicates(
    folder: ThisMatter,
    *,
    threshold: Annotated[float, typer.Option(help="Least share of five-word sequences in common.")] = 0.8,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Find documents whose texts are nearly the same. Reads every text once."""
    from thresher.service.cli.matters.near_duplicates import main  # noqa: PLC0415 - see service/cli/main.py

    run(main, folder, threshold, workers, as_json)
