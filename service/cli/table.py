"""Build the table at the end of a run: what was found, what was not, and where it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import Result
from thresher.service.base.file_names import printable_name
from thresher.service.cli import screen
from thresher.service.cli.screen import Column

MAX_ROWS_SHOWN = 500  # Results; nobody reads more rows, and each takes a millisecond
MAX_VALUES_SHOWN = 4  # shown of one Result
VALUE_MAX_CHARS = 28  # characters of one value


COLUMNS = (
    Column(name="status"),
    Column(name="result"),
    Column(name="found", align="right"),
    Column(name="missing", align="right"),
    Column(name="values", spare=1),
    Column(name="reasons"),
)


def table(results: list[tuple[str, Result[Any]]], report: dict[str, Any], out: Path, more: int = 0) -> str:
    """Return a table of Results, how many `more` there are, and a line of totals, as text."""
    rows = [(r.status, printable_name(name), *map(str, _counts(r)), _values(r), short(r)) for name, r in results]
    rest = f"and {more} more\n" if more else ""
    return (screen.table(COLUMNS, rows) if rows else "") + rest + totals(report, out)


def totals(report: dict[str, Any], out: Path) -> str:
    """Return tokens, seconds and cost on one line, and where the files are."""
    calls, total = report["calls"], report["results"]["total"]
    cost = "unknown" if calls["usd"] is None else f"${calls['usd']:.4f}".replace("$0.0000", "0")
    counts = ", ".join(f"{v} {k}" for k, v in report["results"].items() if k not in {"total", "kept"})
    return (
        f"\n{total} result{'' if total == 1 else 's'} ({counts}) in {report['seconds']:.1f} s; "
        f"{calls['made']} calls, {calls['prompt_tokens']} + {calls['answer_tokens']} tokens, cost {cost}\n"
        f"JSON in {out}/, counts in {out / 'run.json'}, exceptions in {out / 'exceptions.jsonl'}\n"
        f"next: thresher review {out} (look, correct), export {out} (tables), report {out} (to send)\n"
    )


def _counts(result: Result[Any]) -> tuple[int, int]:
    """Return how many values were found, and how many single facts of the target are null."""
    return sum(1 for _ in json_pointer.leaves(result.values)), _nulls(result.values)


def short(result: Result[Any]) -> str:
    """Return the codes of a Result's reasons, each once with its count: "absent, unclaimed 3"."""
    counts = Counter(r.code for r in result.reasons)
    return ", ".join(f"{code} {n}" if n > 1 else code for code, n in counts.items())


def _nulls(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_nulls(v) for v in value.values())
    return int(value is None)


def _values(result: Result[Any]) -> str:
    values = [
        printable_name(str(v).replace("\n", " ")[:VALUE_MAX_CHARS]) for _, v in json_pointer.leaves(result.values)
    ]
    more = f" +{len(values) - MAX_VALUES_SHOWN}" if len(values) > MAX_VALUES_SHOWN else ""
    return " · ".join(values[:MAX_VALUES_SHOWN]) + more
