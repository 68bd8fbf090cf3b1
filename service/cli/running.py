"""Running a command: what it needs is imported when it runs; a Problem becomes a line and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import typer


def read_ahead() -> None:
    """Let reading processes load their modules while this one loads its own."""
    from service.readers.processes import ahead  # noqa: PLC0415 - see service/cli/main.py

    ahead()


def run(main: Any, *arguments: Any) -> None:
    """Run a command; a Problem becomes one line and an exit code, Ctrl-C becomes 130."""
    from schemas.errors import Problem  # noqa: PLC0415 - see service/cli/main.py
    from service.cli.exits import INTERRUPTED, exit_code  # noqa: PLC0415 - see service/cli/main.py

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
