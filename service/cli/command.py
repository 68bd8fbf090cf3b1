"""Run a command: import what it needs only then, and turn a Problem into a line and an exit code."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from sqlite3 import DatabaseError
from typing import Any

import typer

DISK_ERRNOS = (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT)  # faults of the machine, not of this program
DATABASE_CODES = {
    sqlite3.SQLITE_FULL: "storage_full",
    sqlite3.SQLITE_IOERR: "store_failed",
    sqlite3.SQLITE_READONLY: "store_failed",
    sqlite3.SQLITE_CANTOPEN: "store_failed",
}


def read_ahead() -> None:
    """Start the loading of modules in the reading processes, while this process loads its own."""
    from thresher.service.readers.process_start import start_server  # noqa: PLC0415 - see service/cli/main.py

    start_server()


def run(main: Any, *arguments: Any) -> None:
    """Run a command and raise its exit code, as `call` does for what goes wrong."""
    from thresher.service.settings import adopt_secrets  # noqa: PLC0415 - see service/cli/main.py

    def adopted() -> int:
        adopt_secrets()
        return main(*arguments) or 0

    raise typer.Exit(call(adopted))


def call(work: Any, *arguments: Any) -> Any:
    """Return what a function returns, or raise an exit code.

    A Problem, a full disk or too little memory becomes one line and an exit code, Ctrl-C becomes 130. Where nobody reads
    standard output any more (`head` has its lines), the command ends with 0.
    """
    from thresher.schemas.errors import Problem, SetupProblem  # noqa: PLC0415 - see service/cli/main.py
    from thresher.service.base.file_names import printable_name  # noqa: PLC0415 - see service/cli/main.py
    from thresher.service.base.resource_exhaustion import is_exhaustion  # noqa: PLC0415 - see service/cli/main.py
    from thresher.service.cli.exits import INTERRUPTED, exit_code  # noqa: PLC0415 - see service/cli/main.py
    from thresher.service.telemetry.masks import masked  # noqa: PLC0415 - see service/cli/main.py

    try:
        return work(*arguments)
    except Problem as problem:
        lines = masked(f"thresher: {problem.code}: {problem.message}").split("\n")
        typer.echo("\n".join(map(printable_name, lines)), err=True)
        raise typer.Exit(exit_code(problem)) from None
    except BrokenPipeError:
        if not _is_output_unread():
            raise
        raise typer.Exit(0) from None
    except (OSError, MemoryError, RuntimeError, ExceptionGroup) as error:
        if is_exhaustion(error):
            typer.echo(f"thresher: machine_short: {SetupProblem('machine_short').message}", err=True)
            raise typer.Exit(exit_code(SetupProblem("machine_short"))) from None
        if not isinstance(error, OSError) or error.errno not in DISK_ERRNOS or error.filename is None:
            raise
        fault = SetupProblem("store_failed", f"{error.filename} ({error.strerror})")
        typer.echo(f"thresher: {fault.code}: {fault.message}", err=True)
        raise typer.Exit(exit_code(fault)) from None
    except DatabaseError as error:
        code = DATABASE_CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # the low byte: the kind of the fault
        if code is None:
            raise
        fault = SetupProblem(code, str(error))
        typer.echo(f"thresher: {fault.code}: {fault.message}", err=True)
        raise typer.Exit(exit_code(fault)) from None
    except KeyboardInterrupt:
        typer.echo("thresher: interrupted: run the same command again to go on", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _is_output_unread() -> bool:
    """Whether nobody reads standard output any more. Side effect: what is left to write is then dropped."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # else Python writes the rest at its end, and fails again
        os.close(nowhere)
        return True
    return False
