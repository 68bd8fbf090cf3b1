"""`thresher export`: finished Results to tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from thresher.schemas.errors import InputProblem
from thresher.service.base.file_names import printable_name
from thresher.service.exports.column_map import ColumnMap, load_column_map
from thresher.service.exports.finished_results import FinishedResults, find_results, named_results
from thresher.service.exports.target_fields import TargetFields
from thresher.service.exports.writing import Export, Format, export

FILES_NAMED = 4  # of those written; more are counted


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    place: Path
    form: Format
    out: Path | None = None
    columns: Path | None = None
    target: str | None = None
    bom: bool = False


def main(request: Request) -> int:
    """Run the command; return the exit code."""
    if not request.place.exists():
        raise InputProblem("file_not_found", str(request.place))
    found = find_results(request.place)
    if not found.names and not found.damaged:
        raise InputProblem("not_found", f"no Results in {request.place}; `thresher extract … --out DIR` makes them")
    targets = found.targets(_given(request.target))
    columns = load_column_map(request.columns, targets) if request.columns else None
    out = request.out or (request.place if request.place.is_dir() else request.place.parent)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    left_out = found.left_out() if request.place.is_dir() else []
    job = Export(out=out, form=request.form, targets=targets, columns=columns, bom=request.bom, left_out=left_out)
    files = export(found.read(), job)
    _tell(files, job, found)
    return 0


def export_names(out: Path, names: Iterable[str], form: str) -> list[Path]:
    """Write the tables of a run's Results into its folder, at its end; return the files."""
    found = named_results(out, names)
    job = Export(out=out, form=cast("Format", form), targets=found.targets(), left_out=found.left_out())
    return export(found.read(), job)


def _given(spec: str | None) -> list[TargetFields]:
    if spec is None:
        return []
    from thresher.service.targets.target_map import load_targets  # noqa: PLC0415 - slow, and seldom asked for

    return [TargetFields.of(rule.target) for rule in load_targets(spec, base=Path.cwd()).rules]


def _tell(files: list[Path], job: Export, found: FinishedResults) -> None:
    """Say on standard error what was written, and what the tables can not hold or name."""
    rows = ", ".join(f"{printable_name(name)} {count}" for name, count in job.counts.items())
    where = ", ".join(map(str, files)) if len(files) <= FILES_NAMED else f"{len(files)} files in {job.out}"
    sys.stderr.write(f"{len(found.names)} Results to {where}\nrows: {rows}\n")
    for target in job.targets:
        if target.inferred:
            sys.stderr.write(
                f"{printable_name(target.name)}: its schema is not kept with these Results, so the columns are those of the data; "
                "give it with --target\n"
            )
    _tell_unused(job.columns)
    if job.left_out and job.form == "jsonl" and job.columns is None:
        sys.stderr.write(
            f"without a Result, and not in the lines: {len(job.left_out)}; see run.json and exceptions.jsonl\n"
        )


def _tell_unused(columns: ColumnMap | None) -> None:
    for name in columns.unused if columns else ():
        sys.stderr.write(f"column {name!r} stays empty: the map names no target of these Results for it\n")
