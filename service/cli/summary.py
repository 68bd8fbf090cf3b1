"""Write what a run leaves: run.json, exceptions.jsonl, tables where asked for, and a summary for people."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from thresher.schemas.job import LoggedCall
from thresher.schemas.result import VERSION, Result
from thresher.service.base.file_names import printable_name
from thresher.service.cli.table import MAX_ROWS_SHOWN, table
from thresher.service.readers.ignored_files import IgnoredPath
from thresher.service.runs.exports import Folder, write_atomically
from thresher.service.runs.run_counts import RunCounts

OWN_FILE = "the target map, policy or passwords of this run"  # why a file is ignored
IGNORED_SHOWN = 5  # paths for each reason, in the summary
WHYS_SHOWN = 5  # partial Results that are told with their first reason, above the table of all


def finish(
    tally: RunCounts, calls: list[LoggedCall], out: Path, form: str, *, to_stdout: bool, interrupted: bool
) -> None:
    """Write the run's own files and, unless the Results went to standard output, show the summary."""
    body = report(tally, calls) | {"interrupted": interrupted}
    write_atomically(out / "run.json", json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    lines = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in tally.exceptions)
    write_atomically(out / "exceptions.jsonl", lines)
    if form != "json":
        from thresher.service.cli.results.export import export_names  # noqa: PLC0415 - only when asked for

        export_names(out, tally.names, form)
    _remarks(tally)
    shown = _print_incomplete(_stored(tally, out), sys.maxsize if to_stdout else WHYS_SHOWN)
    if not to_stdout:
        sys.stderr.write(table(shown, body, out, len(tally.names) - len(shown)))


def _stored(tally: RunCounts, out: Path) -> Iterator[tuple[str, Result[Any]]]:
    """Yield the Results of a run, one at a time: a mailbox has thousands."""
    return ((n, r) for n in tally.names if (r := Folder(out).read(n)) is not None)


def _print_incomplete(results: Iterable[tuple[str, Result[Any]]], most: int) -> list[tuple[str, Result[Any]]]:
    """Print why Results are not complete: of failed ones all, of others so many. Return the first Results, for the table."""
    shown, others = list[tuple[str, Result[Any]]](), 0
    for name, result in results:
        others += result.status not in {"complete", "failed"}
        if result.status == "failed" or (result.status != "complete" and others <= most):
            sys.stderr.write(f"{result.status}: {printable_name(name)}{printable_name(_why(result))}\n")
        if len(shown) < MAX_ROWS_SHOWN:
            shown.append((name, result))
    if others > most:
        sys.stderr.write(f"and {others - most} more that are not complete: each Result says why\n")
    return shown


def what_is_left(tally: RunCounts, files: int, arguments: list[str]) -> str:
    """Return how many of the files given are not done yet, and the command that goes on, as lines.

    >>> print(what_is_left(RunCounts(finished=3), 10, ["extract", "my files", "-t", "invoice"]))
    not finished: 7 of 10 files are left; what is done is kept, nothing is paid for twice. To go on:
      thresher extract 'my files' -t invoice
    <BLANKLINE>
    """
    left = files - tally.finished - len(tally.no_target) - len(tally.refused)
    return (
        f"not finished: {left} of {files} files are left; what is done is kept, nothing is paid for twice. "
        f"To go on:\n  {shlex.join(['thresher', *arguments])}\n"
    )


def report(tally: RunCounts, calls: list[LoggedCall]) -> dict[str, Any]:
    """Build the counts: files found = finished + no_target + refused + unfinished, results = the sum over statuses.

    Beside the files found there are those that were ignored, each with its reason.
    """
    made = [c.attempt for c in calls if c.at >= tally.begun]
    paid = [a for a in made if not a.stored]
    prices = [a.usd for a in paid if not a.error]  # a refused call costs nothing
    unfinished = tally.files - tally.finished - len(tally.no_target) - len(tally.refused)
    return {
        "thresher": VERSION,
        "files": {
            "found": tally.files,
            "ignored": [{"path": i.path, "files": i.files, "reason": i.reason} for i in tally.ignored],
            "finished": tally.finished,
            "no_target": tally.no_target,
            "refused": sorted(tally.refused),
            "unfinished": unfinished,
        },
        "results": {"total": sum(tally.results.values()), **dict(sorted(tally.results.items())), "kept": tally.kept},
        "documents": tally.documents,
        "exceptions": len(tally.exceptions),
        "calls": {
            "made": len(paid),
            "stored": len(made) - len(paid),
            "prompt_tokens": sum(a.prompt_tokens for a in paid),
            "answer_tokens": sum(a.answer_tokens for a in paid),
            "cached_tokens": sum(a.cached_tokens for a in paid),
            "seconds": round(sum(a.seconds for a in paid), 3),
            "usd": None if any(p is None for p in prices) else round(sum(p for p in prices if p is not None), 9),
        },
        "seconds": round(tally.seconds, 3),
    }


def _remarks(tally: RunCounts) -> None:
    """Print which files were passed over, by name, on standard error."""
    for why, ignored in _by_reason(tally.ignored).items():
        names = ", ".join(printable_name(i.path) for i in ignored[:IGNORED_SHOWN])
        more = f" and {len(ignored) - IGNORED_SHOWN} more, see run.json" if len(ignored) > IGNORED_SHOWN else ""
        sys.stderr.write(f"ignored: {names}{more}: {why}\n")
    for path in tally.no_target:
        sys.stderr.write(f"no target: {printable_name(path)}\n")
    for path, note in tally.refused.items():
        sys.stderr.write(f"refused: {printable_name(path)}: {note.code}: {printable_name(note.message)}\n")


def _by_reason(ignored: list[IgnoredPath]) -> dict[str, list[IgnoredPath]]:
    found: dict[str, list[IgnoredPath]] = {}
    for one in ignored:
        found.setdefault(one.reason, []).append(one)
    return found


def _why(result: Result[Any]) -> str:
    """Return the first reason why a Result is not complete, and how many more there are."""
    if not result.reasons:
        return ""
    first, more = result.reasons[0], len(result.reasons) - 1
    where = f" {first.path}" if first.path else ""
    return f": {first.code}{where}: {first.message}{f' (and {more} more)' if more else ''}"
