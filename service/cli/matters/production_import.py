"""Run `thresher import --production`: check a volume, print what was found, and load it into a matter."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import typer

from thresher.schemas.errors import InputProblem
from thresher.service.base.file_names import printable_name
from thresher.service.cli.exits import COMPLETE, SOME_NOT, USAGE
from thresher.service.cli.matters.outputs import reconciled_after
from thresher.service.cli.matters.relations import after_import
from thresher.service.discovery.collection.manifest import write_manifest
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.duplicates.deduplication import chosen_grouping
from thresher.service.discovery.loadfiles.options import load_options
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.timezone import matter_timezone
from thresher.service.discovery.productions.apart import validate_apart
from thresher.service.discovery.productions.file_checks import FileFacts
from thresher.service.discovery.productions.findings import Finding
from thresher.service.discovery.productions.loading import Loaded, import_production
from thresher.service.discovery.productions.validation import Listeners
from thresher.service.discovery.productions.validation_report import FindingGroup, ValidationReport
from thresher.service.discovery.productions.volume import Production, find_production

WIDTH = 80  # characters of a line
EXAMPLES_SHOWN = 3  # of each code; the JSON has more, and the list of findings all


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command was told."""

    sources: list[Path]
    folder: Path | None
    custodian: str
    timezone: str | None
    options: Path | None
    loadfile: str | None
    report: Path
    dry_run: bool
    scope: str | None = None


def main(request: Request) -> int:
    """Check a production and print the report; 0 clean or warnings alone, 1 exceptions, 2 refused, 4 counts that do not come out."""
    if len(request.sources) != 1:
        raise InputProblem("request_invalid", "one production at a time: a volume, or its load file")
    if request.folder is None and not request.dry_run:
        raise InputProblem("request_invalid", "a matter is needed: --matter")
    production = find_production(request.sources[0], request.loadfile)
    loaded, balance = _loaded(production, request)
    report = loaded.validation.report
    request.report.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    typer.echo(report_text(report), nl=False)
    if loaded.documents is not None:
        typer.echo(f"Loaded: {loaded.documents} new documents, {loaded.exceptions} new exceptions.")
    typer.echo(f"\nReport: {request.report}; every finding: {_findings_path(request.report)}")
    return balance or {"refused": USAGE, "exceptions": SOME_NOT}.get(report.status, COMPLETE)


def _findings_path(report: Path) -> Path:
    return report.with_suffix(".findings.jsonl")


def _loaded(production: Production, request: Request) -> tuple[Loaded, int]:
    """Run pass 1, and pass 2 unless the run is dry; return what came out, and the exit code of the reconciliation.

    Every finding and the facts of every file are written as they come.
    """
    options = load_options(request.options)
    request.report.parent.mkdir(parents=True, exist_ok=True)
    with (
        _findings_path(request.report).open("w", encoding="utf-8") as findings,
        request.report.with_suffix(".files.jsonl").open("w", encoding="utf-8") as files,
    ):

        def on_finding(finding: Finding) -> None:
            _write(findings, finding.record())

        def on_file(facts: FileFacts) -> None:
            _write(files, asdict(facts))

        listeners = Listeners(on_finding=on_finding, on_file=on_file)
        if request.dry_run or request.folder is None:
            return Loaded(validation=validate_apart(production, options, listeners)), COMPLETE
        with Matter(request.folder) as matter:
            zone = matter_timezone(matter, request.timezone)
            chosen_grouping(matter, request.scope)
            loaded = import_production(matter, production, options, request.custodian, listeners, apart=True)
            write_manifest(matter, CollectionOptions(timezone=zone))
            if loaded.documents is None:
                return loaded, COMPLETE
            after_import(matter, request.scope)
            return loaded, reconciled_after(matter)


def _write(file: IO[str], record: dict[str, object]) -> None:
    shown = {key: printable_name(value) if isinstance(value, str) else value for key, value in record.items()}
    file.write(json.dumps(shown, ensure_ascii=False) + "\n")


def report_text(report: ValidationReport) -> str:
    """Return a report in lines of at most 80 characters."""
    lines = [*_about(report), "", *_counts(report), ""]
    if not report.findings:
        lines.append("Nothing to report.")
    for group in report.findings:
        lines += _group(group)
    lines += [f"UNBALANCED: {equation}" for equation in report.imbalances]
    lines += ["", _verdict(report)]
    return "".join(f"{_cut(line)}\n" for line in lines)


def _about(report: ValidationReport) -> list[str]:
    table = report.table
    unknown = [header for header, name in table.columns.items() if name is None]
    split = table.delimiters
    shown = ", ".join(f"{name} {_character(split[name])}" for name in ("separator", "qualifier", "newline"))
    orders = [f"{name} {order}" for name, order in table.date_orders.items() if order]
    texts = [
        f"{table.path}: {table.encoding} ({table.encoding_evidence}); {shown}",
        f"columns: {len(table.columns)}; not known and kept as they are: {', '.join(unknown) or 'none'}",
        f"dates: {', '.join(orders) or 'no order of day and month to be seen'}",
        f"page images: {', '.join(report.image_files) or 'none'}",
    ]
    if report.other_load_files:
        texts.append(f"other load files, not read: {len(report.other_load_files)}")
    return [line for text in texts for line in _wrapped(printable_name(text), 0)]


def _character(character: str | None) -> str:
    if character is None:
        return "none"
    return character if character.isprintable() and character != " " else f"U+{ord(character):04X}"


def _counts(report: ValidationReport) -> list[str]:
    counts = report.counts
    rules = ", ".join(f"{count} by rule {rule}" for rule, count in counts.paths_by_rule.items()) or "none named"
    rows = f"{counts.documents:,} documents + {counts.rows_in_exception:,} exceptions"
    pages = f"{counts.images_found:,} found + {counts.images_missing:,} missing + {counts.image_rows_unread:,} unread"
    files = f"{counts.files_named:,} named + {counts.files_orphaned:,} orphans + {counts.load_files:,} load files"
    lines = [
        f"rows     {counts.rows:>9,} = {rows}",
        f"families {counts.families:>9,}, with {counts.children:,} children",
        f"pages    {counts.image_rows:>9,} = {pages}",
        f"files    {counts.files:>9,} = {files}",
        f"paths    {sum(counts.paths_by_rule.values()):>9,}: {rules}",
    ]
    if report.bates_gaps:
        lines.append(f"gaps     {report.bates_gaps:>9,} in Bates numbers, first {report.first_bates_gaps[0][:40]}")
    return lines


def _group(group: FindingGroup) -> list[str]:
    lines = [f"{group.severity.upper():8}{group.count:>7,}  {group.code}"]
    for example in group.examples[:EXAMPLES_SHOWN]:
        where = [str(example["file"]), *(f"row {example['row']}" for _ in range(1) if "row" in example)]
        where += [str(example[key]) for key in ("id", "column", "detail") if key in example]
        lines.append(f"{'':17}{printable_name(', '.join(where))}")
    if group.count > EXAMPLES_SHOWN:
        lines.append(f"{'':17}and {group.count - EXAMPLES_SHOWN:,} more")
    return [*lines, *_wrapped(group.meaning, 17)]


def _wrapped(text: str, indent: int) -> list[str]:
    lines, line = [], " " * indent
    for word in text.split():
        if len(line) + 1 + len(word) > WIDTH and line.strip():
            lines.append(line)
            line = " " * indent
        line = f"{line} {word}" if line.strip() else f"{line}{word}"
    return [*lines, line]


def _verdict(report: ValidationReport) -> str:
    return {
        "ok": "The production can be loaded.",
        "warnings": "The production can be loaded; see the warnings.",
        "exceptions": "The production can be loaded; what is wrong becomes exceptions.",
        "refused": "The production can not be loaded as it is.",
    }[report.status]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
