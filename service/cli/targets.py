"""`thresher schema`: look at a target before using it."""

from __future__ import annotations

import sys
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.library import library_names
from thresher.schemas.target import Target
from thresher.service.cli import screen
from thresher.service.cli.screen import Column
from thresher.service.targets.loading import load_target
from thresher.service.targets.target_report import check as report
from thresher.service.targets.target_report import describe


def show(spec: str) -> int:
    """Print a row for each field."""
    target = load_target(spec, base=Path.cwd())
    rows = [(row.path, row.kind, "yes" if row.required else "", row.description) for row in describe(target)]
    sys.stdout.write(f"{target.name} ({target.fingerprint}), {len(target.fields)} fields\n")
    sys.stdout.write(screen.table([Column(name=n) for n in ("path", "kind", "required", "description")], rows))
    return 0


def listing() -> int:
    """Print a row for each target that comes with Thresher."""
    targets = {name: load_target(name) for name in library_names()}
    rows = [(name, str(len(t.fields)), ", ".join(t.lists) or "-", _about(t)) for name, t in targets.items()]
    columns = [Column(name="target"), Column(name="fields", align="right"), Column(name="lists"), Column(name="about")]
    sys.stdout.write(screen.table(columns, rows))
    sys.stdout.write("\nTheir fields: thresher schema show NAME. Your own: mine.py:Model, or schema.json\n")
    return 0


def _about(target: Target) -> str:
    """Return the first sentence of what a target's class says of itself."""
    return str(target.schema.get("description", "")).split(". ")[0].replace("\n", " ").rstrip(".")


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
