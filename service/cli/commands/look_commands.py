"""Commands that only look: at targets, models, the installation."""

from __future__ import annotations

from typing import Annotated

import typer

from thresher.service.cli.command import run

app = typer.Typer()
schema = typer.Typer(no_args_is_help=True, help="Targets: list those that come with Thresher, look at one.")
models = typer.Typer(no_args_is_help=True, help="Models that need no key: list them, fetch their weights.")


@schema.command("list")
def schema_list() -> None:
    """List the targets that come with Thresher."""
    from thresher.service.cli.targets import listing as main  # noqa: PLC0415 - see service/cli/main.py

    run(main)


@schema.command("show")
def schema_show(target: Annotated[str, typer.Argument(help="As for extract.")]) -> None:
    """List a target's fields: path, kind, required, description."""
    from thresher.service.cli.targets import show as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, target)


@schema.command("check")
def schema_check(target: Annotated[str, typer.Argument(help="As for extract.")]) -> None:
    """Say whether a target can be used, and what would make it better."""
    from thresher.service.cli.targets import check as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, target)


@models.command("list")
def models_list() -> None:
    """List the models that run on this machine."""
    from thresher.service.cli.weights import listing as main  # noqa: PLC0415 - see service/cli/main.py

    run(main)


@models.command("pull")
def models_pull(
    name: Annotated[str, typer.Argument(help="See `thresher models list`; or hf:OWNER/REPO/FILE.gguf.")] = "embedded",
    accept_terms: Annotated[bool, typer.Option(help="Accept the model's own terms, where it has some.")] = False,
    sha256: Annotated[str | None, typer.Option(help="Of hf:OWNER/REPO/FILE; default: what the hub states.")] = None,
) -> None:
    """Fetch a model's weights and verify their checksum."""
    from thresher.service.cli.weights import fetch as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, name, accept_terms, sha256)


@app.command()
def doctor() -> None:
    """Check what is installed, and name the remedy for what is missing."""
    from thresher.service.cli.doctor import main  # noqa: PLC0415 - see service/cli/main.py

    run(main)


@app.command()
def version() -> None:
    """Show the version."""
    from thresher.schemas.result import VERSION  # noqa: PLC0415 - see service/cli/main.py

    typer.echo(VERSION)
