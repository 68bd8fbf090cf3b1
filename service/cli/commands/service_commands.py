"""Commands of the service: serve, worker, and its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from thresher.service.cli.command import read_ahead, run
from thresher.service.cli.commands.options import (
    Config,
    Data,
    Database,
    Grace,
    Log,
    ModelName,
    NamedTargets,
    PolicyFile,
    UploadsPlace,
)

app = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="API keys of the HTTP service: make, list, revoke, audit.")


@app.command()
def serve(  # noqa: PLR0913 - the flags of the contract
    *,
    config: Config = None,  # noqa: ARG001 - its callback acts
    host: Annotated[str, typer.Option(help="Address to listen on; beyond loopback a key must have been made.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
    folder: Data = None,
    database: Database = None,
    model: ModelName = None,
    policy: PolicyFile = None,
    max_cost: Annotated[
        float | None, typer.Option(help="Dollars that one job may cost; callers may only go below.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Calls in flight at once.")] = None,
    uploads: UploadsPlace = None,
    width: Annotated[int, typer.Option(min=0, help="Files in hand at once; 0: other workers do the work.")] = 8,
    allow_model: Annotated[list[str] | None, typer.Option(help="A model that callers may choose too.")] = None,
    target: NamedTargets = None,
    require_key: Annotated[
        bool, typer.Option("--require-key", help="Ask for a key on loopback too, as behind a reverse proxy.")
    ] = False,
    private_webhooks: Annotated[
        bool, typer.Option("--private-webhooks", help="Let webhooks go to private addresses.")
    ] = False,
    max_upload: Annotated[int, typer.Option(help="MiB of one request.")] = 512,
    log: Log = "json",
    grace: Grace = 30.0,
    keep_days: Annotated[
        float | None, typer.Option(min=0, help="Days after its end for which a job is kept; default: for ever.")
    ] = None,
) -> None:
    """Serve uploads over HTTP: files in, Results with evidence out."""
    read_ahead()
    from thresher.service.cli.serve import Request, main  # noqa: PLC0415 - see service/cli/main.py

    choices = {"model": model, "max_cost": max_cost, "concurrency": jobs}
    limits = {"upload": max_upload << 20, "file": max_upload << 20}
    asked = Request(
        host=host,
        port=port,
        data=folder,
        policy=policy,
        choices=choices,
        models=allow_model or [],
        targets=target or [],
        require_key=require_key,
        private_webhooks=private_webhooks,
        limits=limits,
        width=width,
        database=database,
        uploads=uploads,
        log=log,
        grace=grace,
        keep_days=keep_days,
    )
    run(main, asked)


@app.command()
def worker(  # noqa: PLR0913 - the flags of the contract
    *,
    config: Config = None,  # noqa: ARG001 - as above
    database: Annotated[
        str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE, else a file in --folder, alone.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder of the service's own; default: in the home.")] = None,
    uploads: UploadsPlace = None,
    width: Annotated[int, typer.Option(min=1, help="Files in hand at once.")] = 8,
    lease: Annotated[float, typer.Option(min=1, help="Seconds after which a silent worker is taken for dead.")] = 30.0,
    grace: Grace = 30.0,
    target: NamedTargets = None,
    alive: Annotated[
        Path | None, typer.Option(help="A file touched every 5 s while the worker lives, for a probe to look at.")
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of /metrics and /healthz; default: none.")
    ] = None,
    metrics_host: Annotated[
        str, typer.Option(help="Address of that port; no key is asked for there, so keep it to yourselves.")
    ] = "127.0.0.1",
    log: Log = "json",
) -> None:
    """Work on the jobs of a service, beside other workers."""
    from thresher.service.cli.worker import Request, main  # noqa: PLC0415 - see service/cli/main.py

    choices = {"width": width, "lease": lease, "grace": grace}
    probes = (metrics_host, metrics_port)
    run(main, Request(database, folder, uploads, target or [], alive, choices, log, probes))


@app.command()
def purge(
    days: Annotated[float, typer.Option(min=0, help="Delete what ended longer ago.")],
    tenant: Annotated[str | None, typer.Option(help="Of this tenant alone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; delete nothing.")] = False,
    folder: Data = None,
    database: Database = None,
    uploads: UploadsPlace = None,
) -> None:
    """Delete jobs that ended long ago, and what nobody wants.

    With them go their results, uploads and answers that nothing else uses.
    """
    from thresher.service.cli.purge import Request, main  # noqa: PLC0415 - see service/cli/main.py

    run(main, Request(days, tenant, dry_run, folder, database, uploads))


@app.command()
def encrypt(folder: Data = None, database: Database = None, uploads: UploadsPlace = None) -> None:
    """Encrypt afresh, with the newest key, all that a service keeps.

    Older keys are not needed any more.
    """
    from thresher.service.cli.encrypt import Request, main  # noqa: PLC0415 - see service/cli/main.py

    run(main, Request(folder, database, uploads))


@app.command()
def settings(
    form: Annotated[
        Literal["table", "markdown"], typer.Option("--format", help="markdown: the page of the docs.")
    ] = "table",
) -> None:
    """List every setting: what it is set to, and where."""
    from thresher.service.cli.settings import main  # noqa: PLC0415 - see service/cli/main.py

    run(main, form)


@keys.command("create")
def keys_create(  # noqa: PLR0913 - the flags of the contract
    tenant: Annotated[str, typer.Option(help="Whom the key belongs to.", show_default=False)],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    documents: Annotated[int | None, typer.Option(help="Documents that the tenant may send in a month.")] = None,
    mib: Annotated[int | None, typer.Option("--mib", help="MiB that the tenant may send in a month.")] = None,
    usd: Annotated[float | None, typer.Option(help="Dollars that the tenant may spend in a month.")] = None,
    admin: Annotated[
        bool,
        typer.Option("--admin", help="A key that sees every tenant's calls and budgets, and manages keys over HTTP."),
    ] = False,
    folder: Data = None,
    database: Database = None,
) -> None:
    """Make an API key, shown this once; and set the tenant's quotas."""
    from thresher.service.cli import serve as room  # noqa: PLC0415 - see service/cli/main.py

    quota = {"documents": documents, "bytes": None if mib is None else mib << 20, "usd": usd}
    wanted = room.NewKey(tenant=tenant, note=note, days=days, admin=admin)
    run(room.create, room.AccountsLocation(folder, database), wanted, quota)


@keys.command("list")
def keys_list(folder: Data = None, database: Database = None) -> None:
    """List the API keys, never their secrets."""
    from thresher.service.cli import serve as room  # noqa: PLC0415 - see service/cli/main.py

    run(room.listing, room.AccountsLocation(folder, database))


@keys.command("audit")
def keys_audit(folder: Data = None, database: Database = None) -> None:
    """List who made and revoked which key, oldest first."""
    from thresher.service.cli import serve as room  # noqa: PLC0415 - see service/cli/main.py

    run(room.audit, room.AccountsLocation(folder, database))


@keys.command("revoke")
def keys_revoke(
    id: Annotated[str, typer.Argument(help="Id of the key.")],  # noqa: A002 - a key's
    folder: Data = None,
    database: Database = None,
) -> None:
    """Take an API key back, from this moment on."""
    from thresher.service.cli import serve as room  # noqa: PLC0415 - see service/cli/main.py

    run(room.revoke, room.AccountsLocation(folder, database), id)
