"""How documents of the soak have ended, and what is kept of one whose end is false, so that it can be looked at afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.generator.make import generate
from tests.simulation.generator.nouns import Generated
from tests.simulation.mixed import KINDS, ROWS, document

Results = dict[str, Any]  # as JSON, by the path of their document


def ended(number: int, results: Results, failed: set[str]) -> str:
    """One document's end. `false`: said to be complete without all its records, or with one that stands there otherwise."""
    path = _path(number, results)
    if path is None:
        return "dead letter" if any(f.split(".")[0] == str(number) for f in failed) else "lost"
    result = results[path]
    if result["status"] != "complete":
        return str(result["status"])
    name, rows = _records(_made(number, path))
    return "complete" if result["data"][name] == rows else "false"


def keep(folder: Path, number: int, results: Results) -> Path:
    """Lay a document, its text, its records and its Result into a folder of its own; gives that."""
    path = _path(number, results) or ""
    made, own = _made(number, path), folder / str(number)
    own.mkdir(parents=True, exist_ok=True)
    (own / path).write_bytes(document(number, path.rsplit(".", 1)[1]))
    (own / "printed.txt").write_text(made.text, "utf-8")
    (own / "records.json").write_text(json.dumps(_records(made)[1], indent=1, ensure_ascii=False), "utf-8")
    (own / "result.json").write_text(json.dumps(results[path], indent=1, ensure_ascii=False), "utf-8")
    return own


def _path(number: int, results: Results) -> str | None:
    return next((p for p in results if p.split(".")[0] == str(number)), None)


def _made(number: int, path: str) -> Generated:
    return generate(KINDS[path.rsplit(".", 1)[1]], Random(number).randint(*ROWS), number % 10_000)


def _records(made: Generated) -> tuple[str, list[Any]]:
    """The name of a document's list, and its records as JSON gives them back."""
    name, rows = next((k, v) for k, v in made.truth.items() if isinstance(v, list))
    return name, json.loads(json.dumps(rows))
