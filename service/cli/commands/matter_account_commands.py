"""Commands that account for a matter: report, export, verify, resolve, retry, sample, validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from thresher.service.cli.command import run
from thresher.service.cli.commands.matter_commands import ThisMatter
from thresher.service.cli.commands.matter_extraction_commands import matter
from thresher.service.cli.commands.options import Passwords

__all__ = ["matter"]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for what is written; else a folder in the matter.")]
Code = Annotated[str | None, typer.Option(help="Only exceptions with this code.")]


@matter.command()
def report(folder: ThisMatter, out: Out = None) -> None:
    """Reconcile a matter and write its reports. HTML, CSV and JSON.

    Exceptions, reconciliation, duplicates, threads, custodians, volumes by type and date. Exit codes: 0 all counts come
    out; 4 they do not (the matter is then failed_reconciliation).
    """
    from thresher.service.cli.matter_outputs import report_main  # noqa: PLC0415 - see service/cli/main.py

    run(report_main, folder, out)


@matter.command()
def export(
    folder: ThisMatter,
    out: Out = None,
    form: Annotated[Literal["dat", "csv", "jsonl", "parquet"], typer.Option(help="Form of the overlay.")] = "dat",
    encoding: Annotated[str, typer.Option(help="utf-8 (with a mark), utf-16, utf-16-be or cp1252.")] = "utf-8",
    prefix: Annotated[str, typer.Option(help="Begins the names of all columns but the key.")] = "X_",
    escape: Annotated[
        bool, typer.Option("--escape", help="Write what the encoding has not as \\u{1F600}; else it is refused.")
    ] = False,
) -> None:
    """Write an overlay: a row for every document. Values, citations, confidence and status.

    Beside it: families, exceptions, duplicates, threads, privilege log, reconciliation, manifest. Exit codes: 0 all
    counts come out; 4 they do not.
    """
    from thresher.service.cli.matter_outputs import export_main  # noqa: PLC0415 - see service/cli/main.py
    from thresher.service.discovery.overlay.writing import OverlayRequest  # noqa: PLC0415 - as above

    place = out or folder / "exports"
    asked = OverlayRequest(
        out=place, form=form, encoding=encoding, prefix=prefix, unencodable="escape" if escape else "refuse"
    )
    run(export_main, folder, asked)


@matter.command()
def verify(
    folder: ThisMatter,
    head: Annotated[str, typer.Option(help="Hash of the log's last line, as noted when the matter was left.")] = "",
) -> None:
    """Find every changed byte, and name what changed. Log, records, originals, texts, Results, inputs, exports.

    Exit codes: 0 nothing has changed; 4 something has.
    """
    from thresher.service.cli.matter_accounts import verify_main  # noqa: PLC0415 - see service/cli/main.py

    run(verify_main, folder, head)


@matter.command()
def resolve(  # noqa: PLR0913 - the flags of the contract
    folder: ThisMatter,
    exceptions: Annotated[
        list[str] | None, typer.Argument(help="Ids, or their beginnings.", show_default=False)
    ] = None,
    why: Annotated[str, typer.Option(help="Why, for whoever reads it in a year.")] = "",
    resolution: Annotated[Literal["resolved", "waived", "open"], typer.Option("--as", help="What became of them.")] = (
        "resolved"
    ),
    code: Code = None,
    document: Annotated[str | None, typer.Option(help="Only those of this document: id or Bates number.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decided.", show_default="your login name")] = None,
) -> None:
    """Mark exceptions as resolved or waived. Says by whom and why."""
    from thresher.service.cli.matter_accounts import resolve_main  # noqa: PLC0415 - see service/cli/main.py
    from thresher.service.discovery.custody.resolution import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen(ids=tuple(exceptions or ()), code=code, document=document)
    run(resolve_main, folder, chosen, resolution, by, why)


@matter.command()
def retry(
    folder: ThisMatter,
    code: Code = None,
    passwords: Passwords = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read.")] = 2,
) -> None:
    """Try open exceptions again. Those that may come out otherwise, as with further passwords.

    What a model was asked becomes not processed: `thresher matter extract` asks it again.
    """
    from thresher.service.cli.matter_accounts import retry_main  # noqa: PLC0415 - see service/cli/main.py

    run(retry_main, folder, code, passwords, workers)


@matter.command()
def sample(  # noqa: PLR0913 - the flags of the contract
    folder: ThisMatter,
    seed: Annotated[int, typer.Option(help="Any number; the same seed draws the same sample.")],
    size: Annotated[int | None, typer.Option(help="Documents to draw.", min=1)] = None,
    margin: Annotated[
        float | None, typer.Option(help="Margin of error at 95 %, in place of a size: 0.05 is 385.")
    ] = None,
    frame: Annotated[
        str,
        typer.Option(
            help="all, unreviewed, relevant, not-relevant, unjudged, state:S, custodian:C, kind:K, type:T; joined by +."
        ),
    ] = "all",
    fields: Annotated[str, typer.Option(help="Fields to be coded, with commas between them, or all.")] = "",
    issue: Annotated[str | None, typer.Option(help="Relevance to this issue alone.")] = None,
    borderline: Annotated[bool, typer.Option("--borderline", help="Borderline documents count as relevant.")] = False,
) -> None:
    """Draw a random sample and write a coding sheet. People who code do not see what the machine said."""
    from thresher.service.cli.matter_samples import SampleRequest, sample_main  # noqa: PLC0415 - see service/cli/main.py

    asked = SampleRequest(
        folder=folder,
        seed=seed,
        size=size,
        margin=margin,
        frame=frame,
        fields=fields,
        issue=issue,
        borderline=borderline,
    )
    run(sample_main, asked)


@matter.command()
def validate(
    folder: ThisMatter,
    label: Annotated[str, typer.Option("--sample", help="Which sample; may be left out where there is one.")] = "",
    coding: Annotated[Path | None, typer.Option(help="The filled-in sheet; else the one in the matter.")] = None,
    interval: Annotated[
        Literal["exact", "wilson"], typer.Option(help="Exact is that of Clopper and Pearson.")
    ] = "exact",
    true_positives: Annotated[
        int | None, typer.Option(help="Relevant documents known outside the discard pile; else those judged relevant.")
    ] = None,
) -> None:
    """Compute precision, recall and elusion of a sample. Richness, error rate and fields too, each with its 95 % interval."""
    from thresher.service.cli.matter_samples import validate_main  # noqa: PLC0415 - see service/cli/main.py

    run(validate_main, folder, label, coding, interval, true_positives)
