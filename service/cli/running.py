"""Running a command: a Problem becomes one line and an exit code. And the options that commands of several files have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

ModelName = Annotated[
    str | None, typer.Option("--model", "-m", help="embedded, local:/file.gguf, or any litellm model.")
]
Data = Annotated[Path | None, typer.Option("--folder", help="Folder of the service's own; default: in the home.")]
Database = Annotated[
    str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE, else a file in --folder.")
]


def run(main: Any, *arguments: Any) -> None:
    """Run a command; a Problem becomes one line and an exit code, Ctrl-C becomes 130."""
    from schemas.errors import Problem  # noqa: PLC0415 - see the module's docstring
    from service.cli.exits import INTERRUPTED, exit_code  # noqa: PLC0415 - see the module's docstring

    try:
        raise typer.Exit(main(*arguments) or 0)
    except Problem as problem:
        typer.echo(f"thresher: {problem.code}: {problem.message}", err=True)
        raise typer.Exit(exit_code(problem)) from None
    except KeyboardInterrupt:
        typer.echo("thresher: interrupted: run the same command again to go on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None
