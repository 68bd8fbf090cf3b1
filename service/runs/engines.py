"""Make one Engine for each target of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from thresher.schemas.policy import Policy
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.service.extraction.engine import Engine, UnitProcessor, engine_of
from thresher.service.targets.target_map import Rule


def engines_by_rule(
    model: Model, policy: Policy, rule_of: Callable[[Source], Rule | None], elsewhere: UnitProcessor | None = None
) -> Callable[[Source], Engine | None]:
    """Return a function that gives the Engine for a Source, made once a target and unit; None where no rule is for it.

    `elsewhere` processes what is large; None: it is done here.
    """
    made: dict[tuple[str, str | None], Engine] = {}

    def engine(source: Source) -> Engine | None:
        rule = rule_of(source)
        if rule is None:
            return None
        key = (rule.target.fingerprint, rule.unit)
        if key not in made:
            own = policy.model_copy(update={"unit": rule.unit}) if rule.unit else policy
            made[key] = replace(engine_of(model, rule.target, own), elsewhere=elsewhere)
        return made[key]

    return engine
