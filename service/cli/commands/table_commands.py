"""Commands on finished Results: export, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from thresher.service.cli.command import run
from thresher.service.cli.commands.options import Passwords

app = typer.Typer()
Place = Annotated[Path, typer.Argument(help="A folder of Results, or one Result.", show_default=False)]


@app.command()
def export(
    place: Place,
    form: Annotated[
        Literal["xlsx", "csv", "jsonl", "parquet"], typer.Option("--format", "-f", help="Of the tables.")
    ] = ("xlsx"),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the tables; default: beside the Results.")
    ] = None,
    columns: Annotated[
        Path | None, typer.Option("--columns", help="A map of columns (TOML): one table for several targets.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="The target, where its schema is not kept with the Results.")
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Mark CSV as UTF-8 with a BOM, for Excel.")] = False,
) -> None:
    """Write finished Results as tables: XLSX, CSV, Parquet, JSONL.

    One row a document, and one table for each list.
    """
    from thresher.service.cli.results.export import Request, main  # noqa: PLC0415 - see service/cli/main.py

    run(main, Request(place, form, out, columns, target, bom))


@app.command()
def report(
    place: Place,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The HTML file; default: report.html beside the Results.")
    ] = None,
    documents: Annotated[
        list[Path] | None,
        typer.Option("--documents", "-d", help="Where the documents lie, if not where the run read them."),
    ] = None,
    passwords: Passwords = None,
) -> None:
    """Write finished Results as one HTML file to look at or send.

    It has values, reasons, and the evidence framed on its pages.
    """
    from thresher.service.cli.results.report import Request, main  # noqa: PLC0415 - see service/cli/main.py

    run(main, Request(place, out, tuple(documents or ()), passwords))
