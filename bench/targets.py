"""Load every JSON Schema below a folder, and say what each provider would be asked.

    python -m bench.targets CORPORA/jsonschemabench

One column a dialect: questions, and tokens of schema of the largest. "over" names what is still past a published limit. With
the package llguidance installed, every question is given to it as well: it is what constrains answers in llama.cpp.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from thresher.chunkers.tokens import counter
from thresher.schemas.errors import InputProblem
from thresher.schemas.target import Target
from thresher.service.extraction.planning.field_groups import groups_of
from thresher.service.provider_schemas.dialects import DIALECTS, Name
from thresher.service.provider_schemas.schema_size import limits_exceeded, measured_size
from thresher.service.targets.loading import load_target

NAMES: tuple[Name, ...] = tuple(n for n in get_args(Name) if n != "lenient")
COUNT = counter("o200k_base")


def row(path: Path, folder: Path) -> str:
    """One line of the table: fields, lists, a cell for each dialect, or the reason of a refusal."""
    name = str(path.relative_to(folder))
    try:
        target = load_target(str(path.resolve()))
    except InputProblem as problem:
        return f"| {name} | refused: {problem.detail} |"
    cells = [name, str(len(target.fields)), str(len(target.lists)), *(cell(target, n) for n in NAMES)]
    return f"| {' | '.join(cells)} |"


def cell(target: Target, dialect: Name) -> str:
    """Questions and tokens of the largest schema, and what is past a limit or refused."""
    schemas = [a.schema for g in groups_of(target, dialect) for a in (g.asked, *g.beside)]
    tokens = max(COUNT(json.dumps(s, ensure_ascii=False)) for s in schemas)
    wrong = [w for s in schemas for w in limits_exceeded(measured_size(s), DIALECTS[dialect])]
    wrong += [w for s in schemas for w in refused(s)]
    return f"{len(schemas)} of {tokens:,}" + "".join(f"; over: {w}" for w in dict.fromkeys(wrong))


def refused(schema: dict[str, Any]) -> Iterator[str]:
    """Why llguidance takes a schema for no grammar; nothing where it takes it or is not installed."""
    if find_spec("llguidance") is None:
        return
    from llguidance import LLMatcher  # noqa: PLC0415 - no dependency

    told = LLMatcher.validate_grammar(LLMatcher.grammar_from_json_schema(json.dumps(schema)))
    if told:
        yield str(told).split("\n", 1)[0]


def main(folder: Path) -> None:
    """Print the table and its totals."""
    paths = [p for p in sorted(folder.rglob("*.json")) if p.name.endswith("-schema.json") or "schemas" in p.parts]
    rows = [row(p, folder) for p in paths]
    titles = ("schema", "fields", "lists", *NAMES)
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    print("\n".join(rows))
    lost, over = sum("| refused: " in r for r in rows), sum("; over: " in r for r in rows)
    print(f"{len(rows)} schemas, {len(rows) - lost} loaded, {lost} refused, {over} past a limit in some dialect")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
