"""Write what a run leaves: run.json, exceptions.jsonl, tables where asked for, and a summary for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from thresher.schemas.job import LoggedCall
from thresher.schemas.result import VERSION, Result
from thresher.service.base.file_names import printable_name
from thresher.service.cli.table import MAX_ROWS_SHOWN, table
from thresher.service.runs.exports import Folder, export, write_atomically
from thresher.service.runs.run_counts import RunCounts


def finish(
    tally: RunCounts, calls: list[LoggedCall], out: Path, form: str, *, to_stdout: bool, interrupted: bool
) -> None:
    """Write the run's own files and, unless the Results went to standard output, show the summary."""
    body = report(tally, calls) | {"interrupted": interrupted}
    write_atomically(out / "run.json", json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    lines = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in tally.exceptions)
    write_atomically(out / "exceptions.jsonl", lines)
    if form != "json":
        export((r for _, r in _stored(tally, out)), out, form)
    _remarks(tally)
    shown = _told(_stored(tally, out))
    if not to_stdout:
        sys.stderr.write(table(shown, body, out, len(tally.names) - len(shown)))


def _stored(tally: RunCounts, out: Path) -> Iterator[tuple[str, Result[Any]]]:
    """Yield the Results of a run, one at a time: a mailbox has thousands."""
    return ((n, r) for n in tally.names if (r := Folder(out).read(n)) is not None)


def _told(results: Iterable[tuple[str, Result[Any]]]) -> list[tuple[str, Result[Any]]]:
    """Print each Result that is not complete, by name, and return the first Results, which the table shows."""
    shown = list[tuple[str, Result[Any]]]()
    for name, result in results:
        if result.status != "complete":
            sys.stderr.write(f"{result.status}: {printable_name(name)}{printable_name(_why(result))}\n")
        if len(shown) < MAX_ROWS_SHOWN:
            shown.append((name, result))
    return shown


def report(tally: RunCounts, calls: list[LoggedCall]) -> dict[str, Any]:
    """Build the counts: files found = finished + no_target + refused + unfinished, results = the sum over statuses.

    Beside the files found there are those that were left out: hidden ones, and the run's own.
    """
    made = [c.attempt for c in calls if c.at >= tally.begun]
    paid = [a for a in made if not a.stored]
    prices = [a.usd for a in paid if not a.error]  # a refused call costs nothing
    unfinished = tally.files - tally.finished - len(tally.no_target) - len(tally.refused)
    return {
        "thresher": VERSION,
        "files": {
            "found": tally.files,
            "hidden": tally.hidden,
            "own": tally.own,
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
    """Print which files were left out, by name, on standard error."""
    if tally.hidden:
        sys.stderr.write(
            f"left out: {tally.hidden} hidden files (names that begin with a dot, and what systems leave)\n"
        )
    for path in tally.no_target:
        sys.stderr.write(f"no target: {printable_name(path)}\n")
    for path, note in tally.refused.items():
        sys.stderr.write(f"refused: {printable_name(path)}: {note.code}: {printable_name(note.message)}\n")


def _why(result: Result[Any]) -> str:
    """Return the first reason why a Result is not complete, and how many more there are."""
    if not result.reasons:
        return ""
    first, more = result.reasons[0], len(result.reasons) - 1
    where = f" {first.path}" if first.path else ""
    return f": {first.code}{where}: {first.message}{f' (and {more} more)' if more else ''}"
