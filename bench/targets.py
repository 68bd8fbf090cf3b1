"""Load every JSON Schema below a folder and print what became of it: `python bench/targets.py FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from schemas.errors import InputProblem
from service.targets import load_target


def row(path: Path, folder: Path) -> str:
    """One line of the table: fields, lists, milliseconds, or the reason of a refusal."""
    begun = time.perf_counter()
    name = str(path.relative_to(folder))
    try:
        target = load_target(str(path.resolve()))
    except InputProblem as problem:
        return f"{name:60} refused  {problem.detail}"
    spent = 1000 * (time.perf_counter() - begun)
    return f"{name:60} {len(target.fields):6} fields {len(target.lists):3} lists {spent:7.1f} ms"


def main(folder: Path) -> None:
    """Print the table and its totals."""
    paths = [p for p in sorted(folder.rglob("*.json")) if p.name.endswith("-schema.json") or "schemas" in p.parts]
    rows = [row(p, folder) for p in paths]
    print("\n".join(rows))
    refused = sum(" refused " in r for r in rows)
    print(f"{len(rows)} schemas, {len(rows) - refused} loaded, {refused} refused")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
