"""`thresher extract`: files and folders to Results."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.service.base.file_names import distinct
from thresher.service.base.temp_folder import temp_folder
from thresher.service.cli.exits import ALL_FAILED, COMPLETE, INTERRUPTED, SOME_FAILED, SOME_NOT, UNAVAILABLE
from thresher.service.cli.observability import observed
from thresher.service.cli.progress import display
from thresher.service.cli.summary import OWN_FILE, finish, what_is_left
from thresher.service.llm.fresh_answers import WriteOnlyCache
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.ignored_files import IgnoredPath, ignored_in
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import RefusedPath, count_files, find_sources
from thresher.service.runs.engines import engines_by_rule
from thresher.service.runs.exports import Folder, dump
from thresher.service.runs.folder_run import Event, Run, run
from thresher.service.runs.policy_files import load_policy
from thresher.service.runs.read_options import read_options
from thresher.service.runs.run_counts import RunCounts
from thresher.service.runs.transcription import TranscribingReader
from thresher.service.settings import Settings, load
from thresher.service.targets.target_map import TargetMap, load_targets
from thresher.service.telemetry import tracing
from thresher.service.wiring.effects import opened_store
from thresher.service.wiring.endpoints import model_name
from thresher.service.wiring.models import model_of

PAID_CALL_GRACE_SECONDS = 30.0  # seconds in which calls that were paid for may still come back after Ctrl-C
AHEAD = 16  # files open beyond `policy.concurrency`, so that reading and writing never leave the model idle
BATCH_WIDTH = 256  # files whose questions may wait for a batch


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    paths: list[Path]
    target: str
    out: Path | None
    policy: Path | None
    choices: dict[str, Any]
    form: str
    dry_run: bool
    passwords: Path | None
    log: str = "text"
    fresh: bool = False
    show: bool = False  # in the browser, at the end


def main(request: Request) -> int:
    """Run the command; return the exit code."""
    settings = load()
    policy = load_policy(request.policy, request.choices, request.passwords)
    policy = policy.model_copy(update={"model": model_name(policy, settings)})
    missing = [p for p in request.paths if not p.exists()]
    if missing:
        raise InputProblem("file_not_found", str(missing[0]))
    targets = load_targets(request.target, base=Path.cwd())
    if request.dry_run:
        from thresher.service.cli.dry_run import print_estimate  # noqa: PLC0415 - only when asked for

        return asyncio.run(print_estimate(request.paths, targets, policy, settings))
    out = request.out or _own_folder(request, settings)
    _make(out)
    with observed(settings, request.log):
        code = asyncio.run(_extract(request, out, targets, policy))
    if request.show and code != INTERRUPTED:
        from thresher.service.cli.results.look import look_at  # noqa: PLC0415 - only when asked for

        look_at(out, request.passwords, request.log)
    return code


async def _extract(request: Request, out: Path, targets: TargetMap, policy: Policy) -> int:
    """Perform one run. Ctrl-C cancels what is running; finished Results stay, and run.json says how far it came."""
    to_stdout, settings = request.out is None, load()
    tally = RunCounts(ignored=ignored_in(p for p in request.paths if p.is_dir()))
    Folder(out).note_inputs(request.paths, (r.target for r in targets.rules), policy.read)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened_store(out, _say_waiting))
        show = stack.enter_context(display(request.paths, policy))
        pool = await stack.enter_async_context(ReaderPool(stack.enter_context(temp_folder()) / "spool"))
        answers = WriteOnlyCache(store, str(tally.begun)) if request.fresh else store
        model = model_of(policy, settings, answers, book=store)
        job = Run(
            engine=engines_by_rule(model, policy, lambda source: targets.rule(source.path)),
            walk=lambda source: _walked(pool, model, policy, source),
            store=store,
            results=Folder(out),
            policy=policy,
            report=_both(tally.add, show),
            fresh=request.fresh,
            width=BATCH_WIDTH if policy.batch else policy.concurrency + AHEAD,
        )
        with tracing.span("run", {"thresher.model": model.name}):
            interrupted, fault = await _ran(job, _counted(request, tally))
        await model.aclose(PAID_CALL_GRACE_SECONDS if interrupted else 0.0)
        tally.seconds = time.time() - tally.begun
        calls = await store.calls()
    if fault is not None and not tally.results:
        raise fault
    if to_stdout:
        _print(tally, out)
    is_cut = interrupted or fault is not None
    finish(tally, calls, out, request.form, to_stdout=to_stdout, interrupted=is_cut)
    if is_cut:
        sys.stderr.write(what_is_left(tally, count_files(request.paths), sys.argv[1:]))
    if fault is not None:
        raise fault
    return INTERRUPTED if interrupted else exit_of(tally)


def _make(out: Path) -> None:
    """Make the folder of Results. Raises InputProblem(option_invalid) where the place does not allow it."""
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputProblem("option_invalid", f"--out {out}: it cannot be made ({error.strerror})") from None


def _say_waiting(folder: Path) -> None:
    sys.stderr.write(f"thresher: another run uses {folder}; waiting until it is done (Ctrl-C to stop)\n")


async def _ran(job: Run, found: Iterable[Source | RefusedPath]) -> tuple[bool, Problem | None]:
    """Run the files; return whether the run was interrupted, and the Problem that ended it."""
    try:
        await run(job, found)
    except asyncio.CancelledError:
        return True, None
    except Problem as problem:
        return False, problem
    return False, None


@asynccontextmanager
async def _walked(
    pool: ReaderPool, model: Model, policy: Policy, source: Source
) -> AsyncIterator[AsyncIterator[Reading]]:
    """Provide the Readings of a file; large Documents and the bytes of members are in files, deleted in the end."""
    async with pool.apart(stores=True) as reads:
        walk = walk_tree(source, TranscribingReader(reads, model), read_options(policy, model.facts))
        async with aclosing(walk) as readings:
            yield readings


def _own_folder(request: Request, settings: Settings) -> Path:
    """Return the folder of answers of a run without --out, which later runs use again.

    It is the same for the same paths and target; Policy and options do not count.
    """
    command = "\0".join([*(str(p.resolve()) for p in request.paths), request.target])
    return settings.home / "runs" / hashlib.sha256(command.encode()).hexdigest()[:16]


def _counted(request: Request, tally: RunCounts) -> Iterable[Source | RefusedPath]:
    """Yield the sources to read and count them; a target map or a Policy among the files is no document."""
    paths: set[str] = set()
    own = {p.resolve() for p in (Path(request.target), request.policy, request.passwords) if p and p.is_file()}
    for source in find_sources(request.paths):
        if isinstance(source, RefusedPath) or Path(source.blob).resolve() not in own:
            tally.files += 1
            path = distinct(source.path, paths)
            paths.add(path)
            yield source if path == source.path else _called(source, path)
        else:
            tally.ignored.append(IgnoredPath(source.path, OWN_FILE))


def _called(source: Source | RefusedPath, path: str) -> Source | RefusedPath:
    return replace(source, path=path) if isinstance(source, RefusedPath) else source.model_copy(update={"path": path})


def _both(*hear: Callable[[Event], None]) -> Callable[[Event], None]:
    def report(event: Event) -> None:
        for one in hear:
            one(event)

    return report


def _print(tally: RunCounts, out: Path) -> None:
    """Print Results on standard output: one as JSON, several one a line."""
    results = [r for r in map(Folder(out).read, tally.names) if r is not None]
    for result in results:
        sys.stdout.write(dump(result) if len(results) == 1 else result.model_dump_json() + "\n")


def exit_of(tally: RunCounts) -> int:
    """Return the exit code.

    0 if there are Results, all are complete and every file has a target; 3 if the model was away and answered nothing;
    4 or 5 if some or all files failed; else 1.
    """
    if tally.away and not tally.answered:
        return UNAVAILABLE
    failed, total = (
        tally.results.get("failed", 0) + len(tally.refused),
        sum(tally.results.values()) + len(tally.refused),
    )
    if failed:
        return ALL_FAILED if failed == total else SOME_FAILED
    whole = set(tally.results) <= {"complete"} and not tally.no_target
    return COMPLETE if whole and tally.results else SOME_NOT
