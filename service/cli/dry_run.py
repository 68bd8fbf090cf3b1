"""`thresher extract --dry-run`: what a run would ask, before anything is paid."""

from __future__ import annotations

import sys
from pathlib import Path

from thresher.schemas.policy import Policy
from thresher.service.base.file_names import printable_name
from thresher.service.runs.estimate import estimate
from thresher.service.settings import Settings
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.target_map import TargetMap
from thresher.service.wiring.models import model_of


async def print_estimate(paths: list[Path], targets: TargetMap, policy: Policy, settings: Settings) -> int:
    """Print calls, tokens and cost of a run; return the exit code."""
    model = model_of(policy, settings, MemoryStore())
    total = await estimate(paths, targets, policy, model)
    for path, problem in total.unreadable:
        sys.stderr.write(f"{printable_name(path)}: {problem.code}: {printable_name(problem.message)}\n")
    facts, asked = model.facts, total.questions
    known = facts.usd_prompt is not None and facts.usd_answer is not None
    cost = asked.prompt * (facts.usd_prompt or 0) + asked.answer * (facts.usd_answer or 0)
    sys.stdout.write(
        f"{total.files} files ({total.no_target} without target, {len(total.unreadable)} unreadable), model {model.name}\n"
        f"about {asked.calls} calls, {asked.prompt} prompt tokens, {asked.answer} answer tokens, "
        f"cost {f'${cost:.4f}' if known else 'unknown (the price of the model is not known)'}\n"
    )
    return 0
