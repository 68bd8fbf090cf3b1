"""Estimate what a run over files would ask: everything is read and chunked, nothing is asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.errors import Problem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.extraction.expected_questions import ExpectedQuestions, expected_questions
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import RefusedPath, find_sources
from thresher.service.runs.read_options import read_options
from thresher.service.splitting import split_by_code
from thresher.service.targets.target_map import TargetMap


@dataclass(slots=True)
class Estimate:
    """Sums over all files."""

    files: int = 0
    no_target: int = 0
    unreadable: list[tuple[str, Problem]] = field(default_factory=list)  # by path
    questions: ExpectedQuestions = field(default_factory=ExpectedQuestions)


async def estimate(paths: Iterable[Path], targets: TargetMap, policy: Policy, model: Model) -> Estimate:
    """Return what a run over files and folders would ask of a model, with the files that it would leave out."""
    total = Estimate()
    with tempfile.TemporaryDirectory() as spool:
        async with ReaderPool(Path(spool)) as pool:
            for source in find_sources(paths):
                total.files += 1
                target = None if isinstance(source, RefusedPath) else targets.match(source.path)
                if isinstance(source, RefusedPath) or target is None:
                    total.no_target += target is None
                    continue
                try:
                    await _add(total, engine_of(model, target, policy), source, pool)
                except Problem as problem:
                    total.unreadable.append((source.path, problem))
    return total


async def _add(total: Estimate, engine: Engine, source: Source, pool: ReaderPool) -> None:
    """Add what is asked of a file and of all it holds, as far as it can be read. Raises Problem."""
    async for reading in walk_tree(source, pool, read_options(engine.policy, engine.model.facts)):
        for part in split_by_code(reading.document, engine.policy):
            total.questions += expected_questions(engine, part)
