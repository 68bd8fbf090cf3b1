"""thresher: noisy documents in, one validated JSON document out, with the evidence for every value.

Nothing but typer is imported here: what a command needs is imported when it runs, so that --help is quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Noisy documents in, one validated JSON document out, with the evidence for every value.",
)
schema = typer.Typer(no_args_is_help=True, help="Look at targets.")
models = typer.Typer(no_args_is_help=True, help="Models that need no key: list them, fetch their weights.")
keys = typer.Typer(no_args_is_help=True, help="API keys of the HTTP service: make, list, revoke.")
app.add_typer(schema, name="schema")
app.add_typer(keys, name="keys")
app.add_typer(models, name="models")

Paths = Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)]
OnePath = Annotated[Path, typer.Argument(help="A file.", show_default=False)]
TargetSpec = Annotated[
    str,
    typer.Option(
        "--target",
        "-t",
        help="invoice (ready-made), file.py:Model, package.module:Model, schema.json, or targets.toml (glob = target).",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the Results. One file without it: standard output.")
]
ModelName = Annotated[
    str | None, typer.Option("--model", "-m", help="embedded, local:/file.gguf, or any litellm model.")
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A TOML or JSON file of choices.")]
Passwords = Annotated[Path | None, typer.Option("--passwords", help="A file of passwords to try, one a line.")]
Ocr = Annotated[str | None, typer.Option("--ocr", help="auto, off, rapidocr, tesseract or vision.")]


@app.command()
def extract(  # noqa: PLR0913 - the flags of the contract
    paths: Paths,
    target: TargetSpec,
    out: Out = None,
    model: ModelName = None,
    policy: PolicyFile = None,
    unit: Annotated[str | None, typer.Option(help="family, document or folder: what one Result answers for.")] = None,
    split: Annotated[
        str | None, typer.Option(help="A file of several documents: auto, off or pages:N (every N pages).")
    ] = None,
    stance: Annotated[str | None, typer.Option(help="precision, balanced or recall.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Dollars; stops before they are spent.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Calls in flight at once.")] = None,
    form: Annotated[str, typer.Option("--format", "-f", help="json, jsonl, csv or parquet.")] = "json",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate calls, tokens and cost; ask nothing.")] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="Let calls wait up to a day for the provider's batches, at half the price.")
    ] = False,
    ocr: Ocr = None,
    passwords: Passwords = None,
) -> None:
    """Extract one JSON document from each file (with what it holds), with evidence."""
    _read_ahead()
    from service.cli.extract import Request, main  # noqa: PLC0415 - see the module's docstring

    choices = {"model": model, "unit": unit, "split": split, "stance": stance, "max_cost": max_cost}
    choices |= {"concurrency": jobs, "ocr": ocr, "batch": batch or None}
    _run(main, Request(paths, target, out, policy, choices, form, dry_run, passwords))


@app.command()
def read(
    path: OnePath,
    form: Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")] = "text",
    ocr: Ocr = None,
    passwords: Passwords = None,
) -> None:
    """Show a Document as the model will see it."""
    _read_ahead()
    from service.cli.show import read as main  # noqa: PLC0415 - see the module's docstring

    _run(main, path, form, ocr, passwords)


@app.command()
def chunk(
    path: OnePath,
    tokens: Annotated[int, typer.Option(help="Budget of a Chunk.")] = 3000,
    chunker: Annotated[str, typer.Option(help="auto, pages, sections, thread, tables or plain.")] = "auto",
    overlap: Annotated[int, typer.Option(help="Tokens repeated from the Chunk before.")] = 0,
    ocr: Ocr = None,
) -> None:
    """Show the Chunks of a Document with their token counts."""
    _read_ahead()
    from service.cli.show import chunk as main  # noqa: PLC0415 - see the module's docstring

    _run(main, path, tokens, chunker, overlap, ocr)


@app.command()
def calls(
    out: Annotated[Path, typer.Argument(help="Folder of a run.")],
    form: Annotated[str, typer.Option("--format", "-f", help="table or jsonl.")] = "table",
) -> None:
    """List every model call of a run: cost, tokens, seconds, prompt version."""
    from service.cli.show import calls as main  # noqa: PLC0415 - see the module's docstring

    _run(main, out, form)


@app.command()
def score(  # noqa: PLR0913 - the flags of the contract
    cases: Annotated[Path | None, typer.Argument(help="A folder of cases.", show_default=False)] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="As for extract; else each case's own.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for runs, reports and answers.")] = Path("out/score"),
    model: ModelName = None,
    policy: PolicyFile = None,
    stance: Annotated[str | None, typer.Option(help="precision, balanced or recall.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Dollars; stops before they are spent.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Calls in flight at once.")] = None,
    ocr: Ocr = None,
    passwords: Passwords = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="FIELD=0.9; exit code 1 below. f1: whole documents.")
    ] = None,
    gate: Annotated[Path | None, typer.Option(help="A kept run; exit code 1 when F1 falls significantly.")] = None,
    compare: Annotated[tuple[Path, Path] | None, typer.Option(help="Two kept runs, instead of CASES.")] = None,
) -> None:
    """Score the pipeline on cases with known answers, and compare runs."""
    from service.cli.score import Request, main  # noqa: PLC0415 - see the module's docstring

    choices = {"model": model, "stance": stance, "max_cost": max_cost, "concurrency": jobs, "ocr": ocr}
    _run(main, Request(cases, target, out, policy, choices, passwords, fail_under or [], gate, compare))


@app.command()
def worker(
    database: Annotated[
        str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE, else a file in --folder, alone.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder of the service's own; default: in the home.")] = None,
    uploads: Annotated[Path | None, typer.Option(help="Folder of the uploads, that all machines share.")] = None,
    width: Annotated[int, typer.Option(min=1, help="Files in hand at once.")] = 8,
    lease: Annotated[float, typer.Option(min=1, help="Seconds after which a silent worker is taken for dead.")] = 30.0,
    grace: Annotated[float, typer.Option(min=0, help="Seconds to finish what is in hand when told to stop.")] = 30.0,
) -> None:
    """Work on the jobs of a service, beside any number of other workers."""
    from service.cli.work import Request, main  # noqa: PLC0415 - see the module's docstring

    _run(main, Request(database=database, folder=folder, uploads=uploads, width=width, lease=lease, grace=grace))


@app.command()
def doctor() -> None:
    """Check what is installed and what is missing, with the remedy for each."""
    from service.cli.doctor import main  # noqa: PLC0415 - see the module's docstring

    _run(main)


@schema.command("show")
def schema_show(target: Annotated[str, typer.Argument(help="As for extract.")]) -> None:
    """List a target's fields: path, kind, required, description."""
    from service.cli.targets import show as main  # noqa: PLC0415 - see the module's docstring

    _run(main, target)


@schema.command("check")
def schema_check(target: Annotated[str, typer.Argument(help="As for extract.")]) -> None:
    """Say whether a target can be used, and what would make it better."""
    from service.cli.targets import check as main  # noqa: PLC0415 - see the module's docstring

    _run(main, target)


@models.command("list")
def models_list() -> None:
    """List the models that run on this machine."""
    from service.cli.weights import listing as main  # noqa: PLC0415 - see the module's docstring

    _run(main)


@models.command("pull")
def models_pull(
    name: Annotated[str, typer.Argument(help="Which; see `thresher models list`.")] = "embedded",
    accept_terms: Annotated[bool, typer.Option(help="Accept the model's own terms, where it has some.")] = False,
) -> None:
    """Fetch a model's weights, with their checksum verified."""
    from service.cli.weights import fetch as main  # noqa: PLC0415 - see the module's docstring

    _run(main, name, accept_terms)


Data = Annotated[Path | None, typer.Option("--folder", help="Folder of the service's own; default: in the home.")]
Database = Annotated[
    str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE, else a file in --folder.")
]


@app.command()
def serve(  # noqa: PLR0913 - the flags of the contract
    host: Annotated[str, typer.Option(help="Address to listen on; beyond loopback a key must have been made.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    folder: Data = None,
    database: Database = None,
    model: ModelName = None,
    policy: PolicyFile = None,
    max_cost: Annotated[
        float | None, typer.Option(help="Dollars that one job may cost; callers may only go below.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Calls in flight at once.")] = None,
    uploads: Annotated[Path | None, typer.Option(help="Folder of the uploads, that all machines share.")] = None,
    width: Annotated[int, typer.Option(min=0, help="Files in hand at once; 0: other workers do the work.")] = 8,
    allow_model: Annotated[list[str] | None, typer.Option(help="A model that callers may choose too.")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", "-t", help="name=file.py:Model, a target that callers may name.")
    ] = None,
    private_webhooks: Annotated[
        bool, typer.Option("--private-webhooks", help="Let webhooks go to private addresses.")
    ] = False,
    max_upload: Annotated[int, typer.Option(help="MiB of one request.")] = 512,
) -> None:
    """Serve uploads over HTTP: files in, Results with evidence out."""
    _read_ahead()
    from service.cli.serve import Request, main  # noqa: PLC0415 - see the module's docstring

    choices = {"model": model, "max_cost": max_cost, "concurrency": jobs}
    limits = {"upload": max_upload << 20, "file": max_upload << 20}
    asked = (
        host,
        port,
        folder,
        policy,
        choices,
        allow_model or [],
        target or [],
        private_webhooks,
        limits,
        width,
        database,
        uploads,
    )
    _run(main, Request(*asked))


@keys.command("create")
def keys_create(  # noqa: PLR0913 - the flags of the contract
    tenant: Annotated[str, typer.Option(help="Whom the key belongs to.", show_default=False)],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    documents: Annotated[int | None, typer.Option(help="Documents that the tenant may send in a month.")] = None,
    mib: Annotated[int | None, typer.Option("--mib", help="MiB that the tenant may send in a month.")] = None,
    usd: Annotated[float | None, typer.Option(help="Dollars that the tenant may spend in a month.")] = None,
    folder: Data = None,
    database: Database = None,
) -> None:
    """Make an API key, shown this once; and set the tenant's quotas."""
    from service.cli import serve as room  # noqa: PLC0415 - see the module's docstring

    quota = {"documents": documents, "bytes": None if mib is None else mib << 20, "usd": usd}
    _run(room.create, room.Place(folder, database), tenant, note, days, quota)


@keys.command("list")
def keys_list(folder: Data = None, database: Database = None) -> None:
    """List the API keys, never their secrets."""
    from service.cli import serve as room  # noqa: PLC0415 - see the module's docstring

    _run(room.listing, room.Place(folder, database))


@keys.command("revoke")
def keys_revoke(
    id: Annotated[str, typer.Argument(help="Id of the key.")],  # noqa: A002 - a key's
    folder: Data = None,
    database: Database = None,
) -> None:
    """Take an API key back, from this moment on."""
    from service.cli import serve as room  # noqa: PLC0415 - see the module's docstring

    _run(room.revoke, room.Place(folder, database), id)


@app.command()
def version() -> None:
    """Show the version."""
    from schemas.result import VERSION  # noqa: PLC0415 - see the module's docstring

    typer.echo(VERSION)


def _read_ahead() -> None:
    """Let reading processes load their modules while this one loads its own."""
    from service.readers.processes import ahead  # noqa: PLC0415 - see the module's docstring

    ahead()


def _run(main: Any, *arguments: Any) -> None:
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


def main() -> None:
    """The command `thresher`."""
    app()


if __name__ == "__main__":
    main()
