"""Write Results as files: one JSON a Unit, and tables of many as JSONL, CSV or Parquet.

A table of Results has a row for each Unit: its path, status and the single facts of its data. Every list of objects
becomes a table of its own, named after its field, whose rows name the Unit that they come from.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thresher.schemas.errors import SetupProblem
from thresher.schemas.result import AnyResult, Result
from thresher.service.base import json_pointer
from thresher.service.base.file_names import result_name

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of Results; a Unit's file is named after its path, see `result_name`."""

    root: Path
    _taken: dict[str, str] = field(default_factory=dict)  # the path of the Unit that has a name in this run

    def write(self, path: str, result: Result[Any]) -> str:
        """Write a Result under its Unit's path, completely or not at all; return the file's name within the folder.

        Raises OSError. A name that another path of this run has already is left to it.
        """
        name, number = result_name(path), 1
        while self._taken.setdefault(name, path) != path:
            name, number = result_name(f"{path}!/{number}"), number + 1
        file = self.root / name
        try:
            write_atomically(file, dump(result))
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(file, dump(result))
        return name

    def read(self, name: str) -> Result[Any] | None:
        """Return a stored Result; None when it is gone or damaged."""
        try:
            return AnyResult.model_validate_json((self.root / name).read_bytes())
        except (OSError, ValidationError):
            return None


def dump(result: Result[Any]) -> str:
    """Return a Result as JSON text: the same bytes for the same Result."""
    return result.model_dump_json(indent=2) + "\n"


def write_atomically(file: Path, text: str) -> None:
    """Write a file under a temporary name first, so that nobody ever sees half of it."""
    part = file.with_name(f".{file.name}.part")
    try:
        with open(part, "w", encoding="utf-8", errors="replace", opener=_own) as made:
            made.write(text)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _own(path: str, flags: int) -> int:
    """Open a file for writing that only its owner may read."""
    return os.open(path, flags, 0o600)


def export(results: Iterable[Result[Any]], out: Path, form: str) -> list[Path]:
    """Write `results.jsonl`, or a CSV or Parquet file for the Units and for each list of objects; return the files."""
    if form == "jsonl":
        lines = [r.model_dump_json() for r in results]
        write_atomically(out / "results.jsonl", "".join(f"{line}\n" for line in lines))
        return [out / "results.jsonl"]
    write = _parquet if form == "parquet" else _csv
    return [write(out, name, rows) for name, rows in tables(results).items()]


def tables(results: Iterable[Result[Any]]) -> dict[str, list[Row]]:
    """Return the rows of each table by its name: `results`, and one for each list of objects."""
    found: dict[str, list[Row]] = {"results": []}
    for result in results:
        own: Row = {"source": result.source.path, "status": result.status, "reasons": _reasons(result)}
        found["results"].append(own | _facts(result.values))
        for name, items in _lists(result.values, ""):
            rows = found.setdefault(name, [])
            rows += [{"source": result.source.path, "row": i, **_facts(item)} for i, item in enumerate(items)]
    return found


def _reasons(result: Result[Any]) -> str:
    """Return why a Result is not complete, in one cell: each reason with its code and path."""
    return "; ".join(f"{r.code} {r.path}: {r.message}" if r.path else f"{r.code}: {r.message}" for r in result.reasons)


def _facts(value: Any) -> Row:
    """Return single facts by dotted name; a list of plain values is one text."""
    facts: Row = {}
    for path, leaf in json_pointer.leaves(_without_tables(value)):
        keys = [k for k in json_pointer.parts(path) if not k.isdigit()]
        name = ".".join(keys)
        facts[name] = f"{facts[name]}; {leaf}" if name in facts else leaf
    return facts


def _without_tables(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_tables(v) for k, v in value.items() if not _is_table(v)}
    return value


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(v, dict) for v in value)


def _lists(value: Any, prefix: str) -> Iterable[tuple[str, list[Any]]]:
    if isinstance(value, dict):
        for key, member in value.items():
            name = f"{prefix}.{key}" if prefix else key
            if _is_table(member):
                yield name, member
                for item in member:
                    yield from _lists(item, name)
            else:
                yield from _lists(member, name)


def _columns(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _csv(out: Path, name: str, rows: list[Row]) -> Path:
    file = out / f"{name}.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _columns(rows))
        writer.writeheader()
        writer.writerows({k: _inert(v) for k, v in row.items()} for row in rows)
    return file


def _inert(value: Any) -> Any:
    """Return a text that a spreadsheet would run as a formula with a quote before it (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _parquet(out: Path, name: str, rows: list[Row]) -> Path:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to import
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ImportError as error:
        raise SetupProblem("extra_missing", "thresher[parquet]") from error
    columns = {c: _one_type([row.get(c) for row in rows]) for c in _columns(rows)}
    file = out / f"{name}.parquet"
    parquet.write_table(pa.table(columns), file)
    return file


def _one_type(values: list[Any]) -> list[Any]:
    """Return a column unchanged if all its values are of one type, else as text."""
    kinds = {
        type(v) if isinstance(v, bool) or not isinstance(v, (int, float)) else float for v in values if v is not None
    }
    if len(kinds) <= 1:
        return values
    return [None if v is None else v if isinstance(v, str) else json.dumps(v) for v in values]
