"""`thresher score`: cases to a scored run with its reports, two runs to a comparison, and the regression gate."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.schemas.errors import STOPS_RUN, InputProblem, Problem, note
from thresher.schemas.job import LoggedCall
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result
from thresher.schemas.target import Target
from thresher.service.cli.exits import COMPLETE, SOME_NOT, UNAVAILABLE
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.pipeline import process
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.runs.exports import write_atomically
from thresher.service.runs.policy_files import load_policy
from thresher.service.runs.read_options import read_options
from thresher.service.runs.unit_results import failed
from thresher.service.scorecard import report_tables
from thresher.service.scorecard.cases import Case, load_cases
from thresher.service.scorecard.contrast import Contrast, contrast
from thresher.service.scorecard.gate import floors_of, regressions, unreached_floors
from thresher.service.scorecard.report import html_of_contrast, html_of_run, markdown_of_contrast, markdown_of_run
from thresher.service.scorecard.running import score_all
from thresher.service.scorecard.scored_fields import FieldRules
from thresher.service.scorecard.scored_runs import CaseScore, ScoreRun, code_version, load_run, run_id, save_run
from thresher.service.scorecard.summary import Summary, document_f1, fields_of, summarise
from thresher.service.settings import Settings, load
from thresher.service.targets.loading import load_target
from thresher.service.wiring.effects import opened_store
from thresher.service.wiring.endpoints import model_name
from thresher.service.wiring.models import model_of

AWAY = STOPS_RUN | {"model_unavailable"}


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    cases: Path | None
    target: str | None
    out: Path
    policy: Path | None = None
    choices: dict[str, Any] = field(default_factory=dict)
    passwords: Path | None = None
    fail_under: list[str] = field(default_factory=list)
    gate: Path | None = None
    compare: tuple[Path, Path] | None = None


def main(request: Request) -> int:
    """Run the command; return the exit code."""
    if request.compare:
        return _compare(request.compare, request.out)
    if request.cases is None or not request.cases.is_dir():
        if request.cases is None:
            raise InputProblem("option_invalid", "CASES: name a folder of cases, or two runs with --compare")
        raise InputProblem("file_not_found", f"{request.cases} is no folder of cases")
    target = load_target(request.target, base=Path.cwd()) if request.target else None
    cases = load_cases(request.cases, lambda spec, folder: load_target(spec, base=folder), target)
    return score(cases, request)


def score(cases: list[Case], request: Request) -> int:
    """Score cases as the request says, write the run and its reports, and check it against the gates."""
    floors = floors_of(request.fail_under)
    before = load_run(request.gate) if request.gate else None
    settings = load()
    policy = load_policy(request.policy, request.choices, request.passwords)
    policy = policy.model_copy(update={"model": model_name(policy, settings)})
    request.out.mkdir(parents=True, exist_ok=True)
    run = asyncio.run(_run(cases, policy, settings, request.out))
    if all(c.failed and c.code in AWAY for c in run.cases):
        sys.stderr.write(f"thresher: {run.cases[0].reason}\n")
        return UNAVAILABLE
    file, summary = save_run(run, request.out), summarise(run)
    _write(file, html_of_run(summary), markdown_of_run(summary))
    _show(summary, file)
    reasons = unreached_floors(summary, floors) + (_gate(before, run, file) if before else [])
    sys.stderr.write("".join(f"thresher: gate: {reason}\n" for reason in reasons))
    return SOME_NOT if reasons else COMPLETE


async def _run(cases: list[Case], policy: Policy, settings: Settings, out: Path) -> ScoreRun:
    """Run every case through the pipeline. Answers are stored in `out`, so that no question is paid for twice."""
    begun = time.time()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened_store(out))
        pool = await stack.enter_async_context(ReaderPool(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        model = model_of(policy, settings, store)
        engines: dict[str, Engine] = {}

        async def answer(case: Case) -> Result[Any]:
            key = case.target.fingerprint
            return await _answer(case, pool, lambda: engines.setdefault(key, engine_of(model, case.target, policy)))

        scores = await score_all(cases, answer, max(4, policy.concurrency), _progress(len(cases)))
        calls = [c for c in await store.calls() if c.at >= begun]
    run = _described(scores, policy, calls, [c.target for c in cases])
    return run.model_copy(update={"seconds": round(time.time() - begun, 3)})


async def _answer(case: Case, pool: ReaderPool, engine: Any) -> Result[Any]:
    """Return the Result of a case's document; if it cannot be processed, a failed Result that says why."""
    source = make_source(case.source)
    try:
        ready: Engine = engine()
        documents = [r.document async for r in walk_tree(source, pool, read_options(ready.policy, ready.model.facts))]
        return await process(ready, documents[:1] if ready.policy.unit == "document" else documents)
    except Problem as problem:
        return failed(source, case.target, problem.note())
    except Exception as error:  # noqa: BLE001 - one case's fault must not end the run
        return failed(source, case.target, note("internal_error", f"{type(error).__name__}: {error}"))


def _described(scores: list[CaseScore], policy: Policy, calls: list[LoggedCall], targets: list[Target]) -> ScoreRun:
    """Build the ScoreRun from its scores, Policy, calls and targets."""
    at, model = datetime.now(UTC), policy.model or ""
    attempts = [c.attempt for c in calls]
    run = ScoreRun(
        id=run_id(at, model, code_version()),
        at=at,
        model=model,
        policy=policy.model_dump(mode="json", exclude_defaults=True, exclude={"read": {"passwords"}}),
        prompts={a.prompt: a.fingerprint for a in attempts},
        code=code_version(),
        targets={t.name: t.fingerprint for t in targets},
        answers={"made": sum(not a.stored for a in attempts), "stored": sum(a.stored for a in attempts)},
        cases=scores,
    )
    return run.model_copy(update={"rules": _rules(run, targets)})


def _rules(run: ScoreRun, targets: Iterable[Target]) -> dict[str, str]:
    """Return how each field is compared, by the name that the report uses."""
    known = {t.name: FieldRules(t) for t in targets}
    single = next(iter(known.values()))
    found: dict[str, str] = {}
    for name in fields_of(run):
        target, _, pattern = name.partition(":") if len(known) > 1 else ("", "", name)
        found[name] = known.get(target, single).rule(pattern).form
    return found


def _progress(count: int) -> Any:
    done = 0

    def show(case: CaseScore) -> None:
        nonlocal done
        done += 1
        told = f" {case.reason}" if case.failed else ""
        sys.stderr.write(f"[{done}/{count}] {document_f1(case):.3f} {case.status}  {case.name}{told}\n")

    return show


def _compare(files: tuple[Path, Path], out: Path) -> int:
    """Compare two stored runs; the exit code says whether the second one is worse."""
    before, after = load_run(files[0]), load_run(files[1])
    found = _contrast(before, after)
    _write(out / f"compare-{before.id}-{after.id}.json", html_of_contrast(found), markdown_of_contrast(found))
    sys.stdout.write(markdown_of_contrast(found))
    return SOME_NOT if found.fallen else COMPLETE


def _gate(before: ScoreRun, after: ScoreRun, file: Path) -> list[str]:
    found = _contrast(before, after)
    _write(file.with_name(f"{file.stem}-gate.json"), html_of_contrast(found), markdown_of_contrast(found))
    return regressions(found)


def _contrast(before: ScoreRun, after: ScoreRun) -> Contrast:
    found = contrast(before, after)
    if found is None:
        raise InputProblem("case_invalid", f"{before.id} and {after.id} share no case with the same document and truth")
    return found


def _write(file: Path, html: str, markdown: str) -> None:
    """Write FILE.html and FILE.md; FILE itself is not written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file.with_suffix(".html"), html)
    write_atomically(file.with_suffix(".md"), markdown)


def _show(summary: Summary, file: Path) -> None:
    """Print the headline and the fields on standard output."""
    lines = [f"{name:22} {value:8} {told}" for name, value, told in report_tables.headline(summary)]
    lines += [f"{x.f1.value:.3f}  {x.field}" for x in summary.fields]
    sys.stdout.write("\n".join([*lines, f"run {file}, report {file.with_suffix('.html')}"]) + "\n")
