"""Commands on documents: extract, read, chunk, score, review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thresher.service.cli.command import read_ahead, run
from thresher.service.cli.commands.options import (
    Images,
    Log,
    ModelName,
    Ocr,
    OnePath,
    Out,
    Passwords,
    Paths,
    PolicyFile,
    ReaderName,
    TargetSpec,
)

app = typer.Typer()


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
    form: Annotated[str, typer.Option("--format", "-f", help="json, jsonl, csv, xlsx or parquet.")] = "json",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate calls, tokens and cost; ask nothing.")] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="Let calls wait up to a day for the provider's batches, at half the price.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what earlier runs into --out have answered; pays again.")
    ] = False,
    ocr: Ocr = None,
    reader: ReaderName = None,
    images: Images = None,
    passwords: Passwords = None,
    log: Log = "text",
) -> None:
    """Extract one JSON document from each file (with what it holds), with evidence.

    Exit codes: 0 all complete; 1 some not complete, none failed; 2 usage or input; 3 no model; 4 some failed; 5 all failed;
    130 interrupted, the same command goes on.
    """
    read_ahead()
    from thresher.service.cli.extract import Request, main  # noqa: PLC0415 - see service/cli/main.py

    choices = {"model": model, "unit": unit, "split": split, "stance": stance, "max_cost": max_cost}
    choices |= {"concurrency": jobs, "ocr": ocr, "reader": reader, "images": images, "batch": batch or None}
    run(main, Request(paths, target, out, policy, choices, form, dry_run, passwords, log, fresh))


@app.command()
def read(
    path: OnePath,
    form: Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")] = "text",
    ocr: Ocr = None,
    reader: ReaderName = None,
    passwords: Passwords = None,
) -> None:
    """Show a Document as the model will see it."""
    read_ahead()
    from thresher.service.cli.show import read as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, path, form, {"ocr": ocr, "reader": reader}, passwords)


@app.command()
def chunk(
    path: OnePath,
    tokens: Annotated[int, typer.Option(help="Budget of a Chunk.")] = 3000,
    chunker: Annotated[str, typer.Option(help="auto, pages, sections, thread, tables or plain.")] = "auto",
    overlap: Annotated[int, typer.Option(help="Tokens repeated from the Chunk before.")] = 0,
    ocr: Ocr = None,
) -> None:
    """Show the Chunks of a Document with their token counts."""
    read_ahead()
    from thresher.service.cli.show import chunk as main  # noqa: PLC0415 - see service/cli/main.py

    run(main, path, tokens, chunker, overlap, ocr)


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
    from thresher.service.cli.score import Request, main  # noqa: PLC0415 - see service/cli/main.py

    choices = {"model": model, "stance": stance, "max_cost": max_cost, "concurrency": jobs, "ocr": ocr}
    run(main, Request(cases, target, out, policy, choices, passwords, fail_under or [], gate, compare))


@app.command()
def review(  # noqa: PLR0913 - the flags of the contract
    results: Annotated[Path, typer.Argument(help="A folder of Results: what --out of extract named.")],
    originals: Annotated[
        list[Path] | None, typer.Option(help="Where the documents are now, if not where they were.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="As for extract; for Results whose target is not known.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--as", help="Who corrections are by.", show_default="your login name")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(help="Folder for scorecard cases.", show_default="RESULTS.cases")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0: any that is free.")] = 8081,
    passwords: Passwords = None,
    opens: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    log: Log = "text",
) -> None:
    """Look at Results beside their pages in the browser, correct them, accept or reject them."""
    read_ahead()
    from thresher.service.cli.review import Request, main  # noqa: PLC0415 - see service/cli/main.py

    asked = Request(
        folder=results,
        originals=originals or [],
        target=target,
        person=person,
        cases=cases,
        port=port,
        passwords=passwords,
        opens=opens,
        log=log,
    )
    run(main, asked)
