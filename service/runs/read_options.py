"""Say how a run reads documents, for the model that it asks."""

from __future__ import annotations

from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.question import ModelFacts


def read_options(policy: Policy, facts: ModelFacts) -> ReadOptions:
    """Return the reading options of a run: which pictures of pages are kept, and the folder of weights.

    With "auto" pictures are kept only for a model that is known to see, and only of pages whose text is weak.
    """
    kept = "all" if policy.images == "all" else "weak" if facts.sees else "none"
    if policy.images == "off" or facts.style == "candidates":
        kept = "none"
    models = policy.read.models or facts.weights
    return policy.read.model_copy(update={"pictures": kept, "models": models})
