"""thresher: noisy documents in, one validated JSON document out, with the evidence for every value.

Nothing but typer is imported here and in the command files: what a command needs is imported when it runs, so that --help is
quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from thresher.service.cli.commands import (
    cost_commands,
    document_commands,
    look_commands,
    matter_account_commands,
    matter_commands,
    service_commands,
    table_commands,
)
from thresher.service.cli.commands.examples import add_examples
from thresher.service.cli.commands.options import take_settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Noisy documents in, one validated JSON document out, with the evidence for every value.",
)
for commands in (
    document_commands.app,
    table_commands.app,
    matter_commands.app,
    service_commands.app,
    look_commands.app,
):
    app.add_typer(commands)
app.add_typer(look_commands.schema, name="schema")
app.add_typer(service_commands.keys, name="keys")
app.add_typer(look_commands.models, name="models")
app.add_typer(matter_account_commands.matter, name="matter")
cost_commands.add_to(app)
add_examples(app)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    """Print the version and end, where the option is given."""
    if wanted:
        from thresher.schemas.result import VERSION  # noqa: PLC0415 - see above

        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option("--config", help="A TOML file of settings; see THRESHER_CONFIG.", dir_okay=False)
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback acts
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Noisy documents in, one validated JSON document out, with the evidence for every value."""
    if "--help" not in sys.argv:
        take_settings(context, config)


def main() -> None:
    """Run the command `thresher`."""
    app()


if __name__ == "__main__":
    main()
