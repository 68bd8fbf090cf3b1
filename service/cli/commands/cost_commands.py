"""`thresher calls` and `thresher budgets`: argv, and nothing else; see service/cli/main.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from thresher.schemas.choices import AtLimit, Period, Running
from thresher.service.cli.command import run
from thresher.service.cli.commands.options import Data, Database, ModelName

log = typer.Typer()
budgets = typer.Typer(no_args_is_help=True, help="What a tenant, and all together, may spend.")


def add_to(app: typer.Typer) -> None:
    """Add the commands to a program."""
    app.add_typer(log)
    app.add_typer(budgets, name="budgets")


@log.command()
def calls(  # noqa: PLR0913 - the flags of the contract
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of a run or of a service; default: the service's own.")
    ] = None,
    form: Annotated[Literal["table", "jsonl", "json", "csv"], typer.Option("--format", "-f", help="Of the list.")] = (
        "table"
    ),
    by: Annotated[
        Literal["document", "job", "prompt", "model", "tenant", "day"] | None,
        typer.Option(help="Sums instead of a list."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="2026-11-22, 2026-11-22T10:00 (UTC), 24h or 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="As --since; this moment is left out.")] = None,
    model: ModelName = None,
    tenant: Annotated[str | None, typer.Option(help="Of one tenant.")] = None,
    job: Annotated[str | None, typer.Option(help="Of one job, by its id.")] = None,
    document: Annotated[str | None, typer.Option(help="Of one document: the first 16 digits of its sha256.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Of one prompt, as extract.v1.")] = None,
    status: Annotated[
        Literal["made", "stored", "failed"] | None, typer.Option(help="stored: answered without a call.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Calls shown at most.")] = 1000,
    cursor: Annotated[str | None, typer.Option(help="Go on after the page that told it.")] = None,
    database: Annotated[str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE.")] = None,
) -> None:
    """List the model calls of a run or service, newest first. With --by, sum them: cost, tokens, latency, failures."""
    from thresher.service.cli.calls import Request, main  # noqa: PLC0415 - see the module's docstring

    filters = {"since": since, "until": until, "model": model, "tenant": tenant, "job": job, "document": document}
    filters |= {"prompt": prompt, "status": status}
    asked = {"folder": folder, "database": database, "form": form, "by": by, "limit": limit, "cursor": cursor}
    run(main, Request(**asked, filters=filters))  # type: ignore[arg-type]


Tenant = Annotated[str, typer.Option(help="A tenant; *: all of them together.")]
Per = Annotated[Period, typer.Option("--per", help="In UTC.")]


@budgets.command("set")
def budgets_set(  # noqa: PLR0913 - the flags of the contract
    tenant: Tenant = "*",
    per: Per = "month",
    usd: Annotated[float | None, typer.Option(help="Dollars.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Tokens of prompts and answers together.")] = None,
    alert: Annotated[list[int] | None, typer.Option(help="Percent; told once a period. Default: 50, 80, 100.")] = None,
    stop: Annotated[
        AtLimit, typer.Option(help="At 100 %: refuse new jobs, hold them for the next period, or never stop.")
    ] = "refuse",
    running: Annotated[Running, typer.Option(help="At 100 %: files in hand finish, or stop.")] = "finish",
    webhook: Annotated[str | None, typer.Option(help="Address that is told of alerts.")] = None,
    folder: Data = None,
    database: Database = None,
) -> None:
    """Set a budget of a tenant and period, in place of an older one."""
    from thresher.service.cli import budgets as room  # noqa: PLC0415 - see the module's docstring

    wanted = {"tenant": tenant, "period": per, "usd": usd, "tokens": tokens, "alerts": alert, "stop": stop}
    run(room.keep, room.Place(folder, database), wanted | {"running": running, "webhook": webhook})


@budgets.command("list")
def budgets_list(
    form: Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="Of the list.")] = "table",
    folder: Data = None,
    database: Database = None,
) -> None:
    """List the budgets. How far they are used up, GET /v1/budgets tells."""
    from thresher.service.cli import budgets as room  # noqa: PLC0415 - see the module's docstring

    run(room.listing, room.Place(folder, database), form)


@budgets.command("remove")
def budgets_remove(tenant: Tenant = "*", per: Per = "month", folder: Data = None, database: Database = None) -> None:
    """Remove a budget."""
    from thresher.service.cli import budgets as room  # noqa: PLC0415 - see the module's docstring

    run(room.drop, room.Place(folder, database), tenant, per)
