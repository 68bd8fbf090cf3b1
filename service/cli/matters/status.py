"""Run `thresher matter status`: count what a matter holds."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from thresher.service.base.file_names import printable_name
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reconciliation.reconciling import STATE


def main(folder: Path, as_json: bool) -> int:  # noqa: FBT001 - a flag of the command
    """Print the counts of a matter. Raises SetupProblem(store_failed) where the folder holds none."""
    with Matter(folder, writes=False) as matter:
        counts, state = counted(matter), matter.store.get(STATE) or "not reconciled yet"
    if as_json:
        typer.echo(json.dumps({"state": state, **counts}, ensure_ascii=False, indent=2))
        return 0
    typer.echo(f"state: {state}")
    for title, rows in counts.items():
        typer.echo(f"{title}: {sum(rows.values())}")
        for name, count in rows.items():
            typer.echo(f"  {printable_name(name or '(none)')}: {count}")
    return 0


def counted(matter: Matter) -> dict[str, dict[str, int]]:
    """Return the counts by kind, state, custodian and code."""
    store = matter.store
    return {
        "sources": store.counts("sources", "state"),
        "documents by kind": store.counts("documents", "kind"),
        "documents by state": store.counts("documents", "state"),
        "documents by custodian": store.counts("documents", "custodian"),
        "containers": store.counts("containers", "custodian"),
        "left out": store.counts("suppressed", "reason"),
        "exceptions": store.counts("exceptions", "code"),
    }
