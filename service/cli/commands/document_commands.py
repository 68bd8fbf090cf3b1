"""Commands on documents: extract, read, chunk, score, review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from thresher.schemas import choices
from thresher.service.cli.command import read_ahead, run
from thresher.service.cli.commands.options import (
    Images,
    Instructions,
    Jobs,
    Log,
    MaxCost,
    ModelName,
    Ocr,
    OnePath,
    Out,
    Passwords,
    Paths,
    PolicyFile,
    ReaderName,
    Stance,
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
    unit: Annotated[
        choices.Unit | None, typer.Option(help="What one Result answers for. family: a file with what it holds.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="A file of several documents: auto, off or pages:N (every N pages).")
    ] = None,
    stance: Stance = None,
    max_cost: MaxCost = None,
    jobs: Jobs = None,
    form: Annotated[
        Literal["json", "jsonl", "csv", "xlsx", "parquet"],
        typer.Option("--format", "-f", help="Tables beside the JSON."),
    ] = "json",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate calls, tokens and cost; ask nothing.")] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="Let calls wait up to a day for the provider's batches, at half the price.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what earlier runs into --out have answered; pays again.")
    ] = False,
    instructions: Instructions = None,
    show: Annotated[bool, typer.Option("--open", help="Look at the Results in the browser at the end.")] = False,
    ocr: Ocr = None,
    reader: ReaderName = None,
    images: Images = None,
    passwords: Passwords = None,
    log: Log = "text",
) -> None:
    """Extract one JSON document from each file, with evidence.

    A file with what it holds (a mail with its attachments) gives one Result, each member of an archive its own.
    Run the same command again to go on; what was answered is not paid for twice.

    Exit codes: 0 all complete; 1 some not complete, none failed; 2 usage or input; 3 no model; 4 some failed; 5 all failed;
    130 interrupted, the same command goes on.
    """
    read_ahead()
    from thresher.service.cli.extract import Request, main  # noqa: PLC0415 - see service/cli/main.py

    chosen = {"model": model, "unit": unit, "split": split, "stance": stance, "max_cost": max_cost}
    chosen |= {"concurrency": jobs, "ocr": ocr, "reader": reader, "images": images, "batch": batch or None}
    chosen |= {"instructions": instructions}
    run(main, Request(paths, target, out, policy, chosen, form, dry_run, passwords, log, fresh, show))


@app.command()
def read(
    path: OnePath,
    form: Annotated[
        Literal["text", "markdown", "json"], typer.Option("--format", "-f", help="How to show it.")
    ] = "text",
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
    tokens: Annotated[int, typer.Option(min=1, help="Budget of a Chunk.")] = 3000,
    chunker: Annotated[choices.Chunker, typer.Option(help="Where to cut.")] = "auto",
    overlap: Annotated[int, typer.Option(min=0, help="Tokens repeated from the Chunk before.")] = 0,
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
    stance: Stance = None,
    max_cost: MaxCost = None,
    jobs: Jobs = None,
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

    chosen = {"model": model, "stance": stance, "max_cost": max_cost, "concurrency": jobs, "ocr": ocr}
    run(main, Request(cases, target, out, policy, chosen, passwords, fail_under or [], gate, compare))


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
    """Look at Results beside their pages, correct and accept them."""
    read_ahead()
    from thresher.service.cli.results.review import Request, main  # noqa: PLC0415 - see service/cli/main.py

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
