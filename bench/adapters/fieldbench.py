"""fieldbench: short texts of many kinds with expected JSON, deliberate nulls among them; `real` and `synthetic` are never pooled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.adapters.base import case, read
from schemas.target import Target
from service.scorecard.cases import Case
from service.targets.loading import load_target


def cases(folder: Path, source: str | None = None) -> Iterator[Case]:
    """One case a text, named by its category, its source and its own name; `source`: "real" or "synthetic" ones alone."""
    targets: dict[Path, Target] = {}
    for manifest in sorted(folder.glob("*/manifests/*.json")):
        category, told = manifest.parent.parent, read(manifest)
        if source not in {None, told["source"]}:
            continue
        schema = folder / Path(told["schema"]).with_suffix(".json")
        target = targets.setdefault(schema, load_target(read(schema)))
        text = category / "documents" / f"{manifest.stem}.md"
        expected = read(category / "expected" / manifest.name)
        yield case(f"fieldbench/{category.name}/{told['source']}/{manifest.stem}", text, target, expected)
