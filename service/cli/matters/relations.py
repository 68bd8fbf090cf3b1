"""Run `thresher matter dedup` and `thresher matter threads`, and what follows every import."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from thresher.service.base.file_names import printable_name
from thresher.service.discovery.duplicates.deduplication import Deduplicated, chosen_grouping, deduplicate
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.threads.thread_run import Threaded, thread_matter

_NAME_WIDTH = 44  # of a custodian in a table of 80 columns


def dedup(folder: Path, scope: str | None, productions: bool, again: bool, as_json: bool) -> int:  # noqa: FBT001 - flags
    """Find copies in a matter, and print the counts by custodian. Raises InputProblem(field_invalid) for the scope."""
    with opened_matter(folder) as matter:
        grouping = chosen_grouping(matter, scope, productions=productions, again=again)
        found = deduplicate(matter, grouping)
        if found.changed:
            thread_matter(matter)  # copies stand where their originals stand
    if as_json:
        print_json({"scope": grouping.scope, **asdict(found), "total": asdict(found.total())})
        return 0
    for line in dedup_lines(found):
        typer.echo(line)
    return 0


def threads(folder: Path, as_json: bool) -> int:  # noqa: FBT001 - a flag
    """Thread the mails of a matter, and print the counts."""
    with opened_matter(folder) as matter:
        found = thread_matter(matter)
    if as_json:
        print_json(asdict(found))
        return 0
    for line in thread_lines(found):
        typer.echo(line)
    return 0


def after_import(matter: Matter, scope: str | None) -> None:
    """Find copies and threads again, now that there are more documents, and print one line of each."""
    found = deduplicate(matter, chosen_grouping(matter, scope))
    total = found.total()
    typer.echo(f"{total.documents:,} documents = {total.unique:,} unique + {total.duplicates:,} duplicates "
               f"({found.grouping.scope})")  # fmt: skip
    linked = thread_matter(matter)
    typer.echo(
        f"{linked.mails:,} mails in {linked.threads:,} threads; {linked.not_inclusive:,} are whole in later ones"
    )


def dedup_lines(found: Deduplicated) -> list[str]:
    """Return a table of at most 80 columns: documents = unique + duplicates, by custodian."""
    scope = found.grouping.scope + (", productions too" if found.grouping.productions else "")
    lines = [f"scope: {scope}", f"{'':{_NAME_WIDTH}}{'documents':>12}{'unique':>12}{'duplicates':>12}"]
    for name, counts in [*sorted(found.custodians.items()), ("in all", found.total())]:
        shown = printable_name(name or "(none)")
        shown = shown if len(shown) < _NAME_WIDTH else f"{shown[: _NAME_WIDTH - 2]}…"
        lines.append(f"{shown:{_NAME_WIDTH}}{counts.documents:>12,}{counts.unique:>12,}{counts.duplicates:>12,}")
    if found.conflicts:
        lines.append(f"new exceptions mih_body_conflict: {found.conflicts:,}")
    return lines


def thread_lines(found: Threaded) -> list[str]:
    """Return the counts of threads in lines of at most 80 columns."""
    links = ", ".join(f"{name} {count:,}" for name, count in found.linked.items())
    return [
        f"mails:     {found.mails:>10,} = {found.inclusive:,} inclusive + {found.not_inclusive:,} whole in later ones",
        f"threads:   {found.threads:>10,}, of one mail {found.singles:,}; the longest has {found.longest:,}",
        f"linked by: {links or 'nothing'}",
    ]


def opened_matter(folder: Path) -> Matter:
    """Open a matter for writing. Raises SetupProblem(store_failed) where the folder holds none."""
    Matter(folder, writes=False).close()
    return Matter(folder)


def print_json(facts: dict[str, Any]) -> None:
    """Print facts as JSON."""
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
