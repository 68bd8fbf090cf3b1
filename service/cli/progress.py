"""Show a run's progress on standard error: a live display on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thresher.schemas.policy import Policy
from thresher.service.base.file_names import printable_name
from thresher.service.runs.folder_run import Event

Show = Callable[[Event], None]


@contextmanager
def display(total: int, policy: Policy) -> Iterator[Show]:
    """Give a function that shows Events of a run over `total` files, for as long as the context lasts."""
    sys.stderr.write(f"thresher: {total} file{'' if total == 1 else 's'}, model {policy.model}\n")
    if not sys.stderr.isatty():
        yield Lines(total)
        return
    yield from _live(total)


class Lines:
    """One line for each Result, with how far the run is."""

    def __init__(self, total: int) -> None:
        """Start the count towards `total` files."""
        self._total, self._done, self._start = total, 0, time.monotonic()

    def __call__(self, event: Event) -> None:
        """Show one Event."""
        if event.kind == "finished":
            self._done += 1
        elif event.result is not None:
            again = " (kept)" if event.kind == "kept" else ""
            self._say(f"{event.result.status}{again}  {printable_name(event.path)}")
        elif event.kind in {"no_target", "refused"}:
            self._say(f"{event.kind}  {printable_name(event.path)}")
            self._done += 1

    def _say(self, text: str) -> None:
        """Write a line that begins with the number of its file, which is not finished yet."""
        seconds = time.monotonic() - self._start
        sys.stderr.write(f"[{min(self._done + 1, self._total)}/{self._total} {seconds:.1f}s] {text}\n")


def _live(total: int) -> Iterator[Show]:
    """Show a bar with rate and time left, the files being read, and the cost so far."""
    from rich.console import Console  # noqa: PLC0415 - only for terminals
    from rich.markup import escape  # noqa: PLC0415 - only for terminals
    from rich.progress import (  # noqa: PLC0415 - only for terminals
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[cost]}  {task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total, rate="", cost="")
        spent, start, done, hand = 0.0, time.monotonic(), 0, dict[str, None]()

        def show(event: Event) -> None:
            nonlocal spent, done
            if event.kind == "begun":
                hand[event.path] = None
            elif event.result is not None:
                spent += event.result.usage.usd or 0.0
                progress.console.print(
                    f"{event.result.status:>9}  {printable_name(event.path)}", highlight=False, markup=False
                )
            elif event.kind in {"finished", "no_target", "refused"}:
                hand.pop(event.path, None)
                done += 1
            rate = done / max(time.monotonic() - start, 1e-3)
            names = escape(", ".join(map(printable_name, list(hand)[:3])))
            progress.update(task, completed=done, rate=f"{rate:.1f}/s", cost=f"${spent:.4f}", description=names)

        yield show
