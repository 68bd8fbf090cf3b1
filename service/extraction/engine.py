"""Engine: the parts of a run that stay the same for every Unit, made of a model, a target and a Policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from thresher.chunkers.base import Counter
from thresher.chunkers.tokens import counter
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model
from thresher.schemas.result import Result
from thresher.schemas.target import Target
from thresher.service.extraction.planning.field_groups import Group, groups_of
from thresher.service.extraction.planning.token_budget import Plan, most_fields, plan
from thresher.service.extraction.repeated_shapes import repeats_one_shape
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.embeddings import Embedder, Embedding

LARGE_UNIT_CHARS = 64_000  # code points of text from which a Unit is processed elsewhere, where there is an elsewhere
SLOW_UNIT_CHARS = 1_000  # the same for a model that chooses (0.1 s of rules), and for texts that repeat one shape
WINDOW_STEP_TOKENS = 1_024  # tokens: windows of servers are multiples of it


class UnitProcessor(Protocol):
    """Process large Units in other processes, so that the event loop of this one is free."""

    async def process(self, engine: Engine, documents: list[Document]) -> Result[Any]:
        """Return the same Result as `process` would. Raises Problem."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that one run uses for every Unit."""

    model: Model
    target: Target
    groups: tuple[Group, ...]  # the target as the model is asked for it, one group a question
    policy: Policy
    plan: Plan
    count: Counter  # tokens of a text, as the model will be charged for them
    embedder: Embedder | None = None  # for the ranking of Chunks; None: by words alone
    elsewhere: UnitProcessor | None = None  # where large Units are processed; None: here
    large: int = LARGE_UNIT_CHARS  # code points of text above which a Unit is large; -1: every Unit is
    watch: Callable[[str, Any], None] = lambda _stage, _found: None  # called with what each stage gave, for benches

    @property
    def model_identities(self) -> list[str]:
        """Return what names the models that are asked, each with all that can change its answers."""
        model = self.model
        return [m.identity for m in (model, model.beside) if m] if isinstance(model, ModelClient) else [model.name]

    @property
    def chooses(self) -> bool:
        """Whether the model only chooses among spans of the text, and never writes a value."""
        return self.model.facts.style == "candidates"

    def is_large(self, documents: Sequence[Document]) -> bool:
        """Return whether a Unit would hold the event loop for long: by its length, its texts, and what the model is."""
        length = sum(d.length for d in documents)
        slow = length > SLOW_UNIT_CHARS and (self.chooses or any(repeats_one_shape(d.text) for d in documents))
        return slow or length > self.large


def engine_of(model: Model, target: Target, policy: Policy) -> Engine:
    """Return the Engine for one target. Raises InputProblem(budget_too_small)."""
    groups = groups_of(target, model.facts.dialect, most_fields(model.facts, policy))
    count = counter(model.facts.tokenizer)
    budgets = plan(model.facts, target, groups, policy, count)
    if isinstance(model, ModelClient):
        model = replace(model, window=_window(budgets, model.facts.window))
    return Engine(
        model=model,
        target=target,
        groups=groups,
        policy=policy,
        plan=budgets,
        count=count,
        embedder=_embedder_of(model),
    )


def _embedder_of(model: Model) -> Embedder | None:
    """Return the Embedder that accompanies a model; None where none was chosen."""
    beside = model.beside if isinstance(model, ModelClient) else None
    return Embedding(model=beside) if beside else None


def _window(budgets: Plan, most: int) -> int:
    """Return the tokens of the largest question and its answer: a repair contains the answer before it once more."""
    needed = budgets.overhead + budgets.chunk + 2 * budgets.answer
    return min(-(-needed // WINDOW_STEP_TOKENS) * WINDOW_STEP_TOKENS, most)
