"""Commands on a matter's documents: extract, privilege, held, release, pii."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thresher.schemas import choices
from thresher.service.cli.command import read_ahead, run
from thresher.service.cli.commands.matter_commands import ThisMatter, matter
from thresher.service.cli.commands.options import (
    Images,
    Instructions,
    Jobs,
    Log,
    MaxCost,
    ModelName,
    Ocr,
    Passwords,
    PolicyFile,
    Stance,
)

__all__ = ["matter"]  # with these commands in it


@matter.command()
def extract(  # noqa: PLR0913 - the flags of the contract
    folder: ThisMatter,
    targets: Annotated[
        list[str],
        typer.Option(
            "--target",
            "-t",
            help="As for `thresher extract`; a map may also say kind:email or type:application/pdf. Again: the next one to "
            "try where a document is of another kind.",
            show_default=False,
        ),
    ],
    model: ModelName = None,
    policy: PolicyFile = None,
    privilege: Annotated[
        choices.PrivilegePolicy,
        typer.Option(help="hold: what the privilege screen holds reaches no model. flag, off: it is asked."),
    ] = "hold",
    inclusive_only: Annotated[
        bool, typer.Option("--inclusive-only", help="Pass over mails that a later mail of the thread holds whole.")
    ] = False,
    stance: Stance = None,
    max_cost: MaxCost = None,
    jobs: Jobs = None,
    batch: Annotated[bool, typer.Option("--batch", help="Let calls wait for the provider's batches.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask again what was answered; pays again.")] = False,
    instructions: Instructions = None,
    ocr: Ocr = None,
    images: Images = None,
    passwords: Passwords = None,
    log: Log = "text",
) -> None:
    """Extract from the documents of a matter, each asked once.

    Copies share the answer of their master. Results are below MATTER/results. Run it again to go on: what was answered is not asked again.

    Exit codes: as for `thresher extract`.
    """
    read_ahead()
    from thresher.service.cli.matter_extract import Request, main  # noqa: PLC0415 - see service/cli/main.py

    chosen = {"model": model, "stance": stance, "max_cost": max_cost, "concurrency": jobs, "ocr": ocr}
    chosen |= {"images": images, "batch": batch or None, "instructions": instructions}
    asked = Request(
        folder=folder,
        targets=targets,
        policy=policy,
        choices=chosen,
        passwords=passwords,
        privilege=privilege,
        inclusive_only=inclusive_only,
        fresh=fresh,
        log=log,
    )
    run(main, asked)


@matter.command()
def privilege(
    folder: ThisMatter,
    counsel: Annotated[Path, typer.Option(help="A file: one address or domain of counsel a line.")],
    terms: Annotated[Path | None, typer.Option(help="A file: one term a line; else the usual ones.")] = None,
    ocr: Annotated[
        choices.Ocr | None, typer.Option("--ocr", help="How pages without text are read; never by a model.")
    ] = None,
) -> None:
    """Screen for privilege: flag and hold. Writes the privilege log.

    Held: what has counsel among its people or a term in its text (not in a notice under it), what is attached to it, and
    every copy. Its family and thread are warned of.
    """
    read_ahead()
    from thresher.service.cli.matter_privilege import Request, main  # noqa: PLC0415 - see service/cli/main.py

    run(main, Request(folder=folder, counsel=counsel, terms=terms, ocr=ocr))


@matter.command()
def held(folder: ThisMatter) -> None:
    """List the documents that are held, with the reasons."""
    from thresher.service.cli.matter_privilege import list_held  # noqa: PLC0415 - see service/cli/main.py

    run(list_held, folder)


@matter.command()
def release(
    folder: ThisMatter,
    documents: Annotated[list[str], typer.Argument(help="Ids or Bates numbers.", show_default=False)],
    why: Annotated[str, typer.Option(help="Why it is not privileged.")],
    by: Annotated[str | None, typer.Option(help="Who decided.", show_default="your login name")] = None,
) -> None:
    """Release held documents, with a reason."""
    from thresher.service.cli.matter_privilege import release_documents  # noqa: PLC0415 - see service/cli/main.py

    run(release_documents, folder, documents, by, why)


@matter.command()
def pii(
    folder: ThisMatter,
    redacted: Annotated[
        Path | None,
        typer.Option(help="Also write copies of the texts into this folder, with finds as [REDACTED:kind]."),
    ] = None,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="What to redact; default: what FRCP 5.2 names.")
    ] = None,
    ocr: Annotated[
        choices.Ocr | None, typer.Option("--ocr", help="How pages without text are read; never by a model.")
    ] = None,
) -> None:
    """Report personal data with its places.

    Social security, tax, card and account numbers, IBANs, birth dates, passports, e-mail addresses, telephone numbers.
    """
    read_ahead()
    from thresher.service.cli.matter_pii import Request, main  # noqa: PLC0415 - see service/cli/main.py

    run(main, Request(folder=folder, redacted=redacted, kinds=tuple(kinds or ()), ocr=ocr))
