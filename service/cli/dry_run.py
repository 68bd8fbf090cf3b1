"""`thresher extract --dry-run`: what a run would ask, before anything is paid."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.document import Document
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Policy
from thresher.service.base.file_names import printable_name
from thresher.service.extraction.document_chunks import chunks_of
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.extraction.unit_extraction import has_text
from thresher.service.llm.page_images import images_of_chunk
from thresher.service.llm.prices import IMAGE_TOKENS
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import RefusedPath, find_sources
from thresher.service.runs.read_options import read_options
from thresher.service.settings import Settings
from thresher.service.splitting import split_by_code
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.target_map import TargetMap
from thresher.service.wiring import model_of

ANSWER_SHARE = 0.6  # tokens of answer for one token of text where a list is wanted, as long statements show
FIELD_TOKENS = 12  # tokens of answer for each single fact


@dataclass(slots=True)
class Estimate:
    """Sums over all files."""

    files: int = 0
    unreadable: int = 0
    no_target: int = 0
    calls: int = 0
    prompt: int = 0
    answer: int = 0


async def estimate(paths: list[Path], targets: TargetMap, policy: Policy, settings: Settings) -> int:
    """Read and chunk everything, ask nothing; print calls, tokens and cost.

    Repairs, second looks and re-asks are not counted; the answer's tokens are a guess.
    """
    total, model = Estimate(), model_of(policy, settings, MemoryStore())
    with tempfile.TemporaryDirectory() as spool:
        async with ReaderPool(Path(spool)) as pool:
            for source in find_sources(paths):
                total.files += 1
                target = None if isinstance(source, RefusedPath) else targets.match(source.path)
                if isinstance(source, RefusedPath) or target is None:
                    total.no_target += target is None
                    continue
                try:
                    engine = engine_of(model, target, policy)
                    async for reading in walk_tree(source, pool, read_options(policy, model.facts)):
                        for part in split_by_code(reading.document, policy):
                            _add(total, engine, part)
                except Problem as problem:
                    total.unreadable += 1
                    sys.stderr.write(
                        f"{printable_name(source.path)}: {problem.code}: {printable_name(problem.message)}\n"
                    )
    facts = model.facts
    known = facts.usd_prompt is not None and facts.usd_answer is not None
    cost = total.prompt * (facts.usd_prompt or 0) + total.answer * (facts.usd_answer or 0)
    sys.stdout.write(
        f"{total.files} files ({total.no_target} without target, {total.unreadable} unreadable), model {model.name}\n"
        f"about {total.calls} calls, {total.prompt} prompt tokens, {total.answer} answer tokens, "
        f"cost {f'${cost:.4f}' if known else 'unknown (the price of the model is not known)'}\n"
    )
    return 0


def _add(total: Estimate, engine: Engine, document: Document) -> None:
    if not has_text(document):
        return
    chunks = chunks_of(engine, document)
    single = sum(not f.in_list for f in engine.target.fields) * FIELD_TOKENS
    questions = sum(1 + len(g.beside) for g in engine.groups)  # of each Chunk, at most
    total.calls += questions * len(chunks)
    seen = sum(len(images_of_chunk(document, c, engine.policy, engine.model.facts).images) for c in chunks)
    total.prompt += questions * (sum(c.tokens + engine.plan.overhead for c in chunks) + seen * IMAGE_TOKENS)
    total.answer += sum(single + (int(c.tokens * ANSWER_SHARE) if engine.target.lists else 0) for c in chunks)
