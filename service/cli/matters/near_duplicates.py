"""Run `thresher matter near-duplicates`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from thresher.service.cli.matters.relations import opened_matter, print_json
from thresher.service.discovery.duplicates.near_duplicates import find_near_duplicates
from thresher.service.discovery.text_reading import TextReading


def main(folder: Path, threshold: float, workers: int, as_json: bool) -> int:  # noqa: FBT001 - a flag
    """Find near-duplicates in a matter, and print the counts. Raises InputProblem(field_invalid) for the threshold."""
    with opened_matter(folder) as matter:
        found = find_near_duplicates(TextReading(matter, workers), threshold)
    if as_json:
        print_json(asdict(found))
        return 0
    sums = f"{found.compared:,} compared + {found.copies:,} copies + {found.without_text:,} without text"
    typer.echo(f"documents:       {found.documents:>9,} = {sums}")
    typer.echo(f"near-duplicates: {found.near_duplicates:>9,} in {found.groups:,} groups, threshold {found.threshold}")
    return 0
