"""`thresher schema`: look at a target before using it."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from thresher.schemas.errors import InputProblem
from thresher.schemas.target import Target
from thresher.service.targets.loading import load_target
from thresher.service.targets.target_report import check as report
from thresher.service.targets.target_report import describe


def show(spec: str) -> int:
    """Print a row for each field."""
    target = load_target(spec, base=Path.cwd())
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("path", "kind", "required", "description"):
        grid.add_column(name)
    for row in describe(target):
        grid.add_row(row.path, row.kind, "yes" if row.required else "", row.description)
    Console(width=140).print(f"{target.name} ({target.fingerprint}), {len(target.fields)} fields")
    Console(width=140).print(grid)
    return 0


def check(spec: str) -> int:
    """Print remarks on a target and return 0. Raises a Problem for a target that cannot be used."""
    target = load_target(spec, base=Path.cwd())
    sys.stdout.write(f"{target.name}: {len(target.fields)} fields, {len(target.lists)} lists of records: can be used\n")
    for remark in report(target):
        sys.stdout.write(f"{remark.path or target.name}: {remark.message}\n")
    return 0


def named(text: str) -> tuple[str, Target]:
    """Parse a named target, `name=TARGET`. Raises InputProblem(target_invalid)."""
    name, equals, spec = text.partition("=")
    if not equals or not name.isidentifier():
        raise InputProblem("target_invalid", f"{text!r}: --target takes name=TARGET")
    return name, load_target(spec, base=Path.cwd())
