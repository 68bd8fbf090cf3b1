"""fieldbench: texts of ten kinds with expected JSON, deliberate nulls among them. Real and synthetic never pool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.adapters.base import case, read
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import target_from_schema


def cases(folder: Path) -> Iterator[Case]:
    """Yield one case a document, named KIND-ORIGIN-ID."""
    for kind in sorted(p for p in folder.iterdir() if p.is_dir()):
        for file in sorted((kind / "manifests").glob("*.json")):
            entry = read(file)
            schema = kind / "schemas" / f"{Path(entry['schema']).stem}.json"
            target = target_from_schema(read(schema), schema.stem)
            source = kind / "documents" / f"{file.stem}.md"
            expected = read(kind / "expected" / file.name)
            yield case(f"{kind.name}-{entry['source']}-{file.stem}", source, target, expected)
