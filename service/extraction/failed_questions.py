"""FailedQuestions: questions of a Unit that no model could be asked, for a reason that may pass.

A Chunk that had no answer is `unresolved`. But a passage to quote, a Conflict to decide or a value to read again goes on
without its answer; what came of that is good enough to be told, and not what it could be. So it is said, and tried again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.errors import FACTS, ModelProblem, note
from thresher.schemas.result import Result
from thresher.service.llm.base import Model, ModelFacts, Question, Reply


@dataclass(frozen=True, slots=True)
class FailedQuestions:
    """A Model that counts for what it gave no answer."""

    inner: Model
    counts: Counter[str] = field(default_factory=Counter)  # by code

    @property
    def name(self) -> str:
        """See Model."""
        return self.inner.name

    @property
    def facts(self) -> ModelFacts:
        """See Model."""
        return self.inner.facts

    async def ask(self, question: Question) -> Reply:
        """See Model."""
        try:
            return await self.inner.ask(question)
        except ModelProblem as problem:
            self.counts[problem.code] += bool(FACTS[problem.code].transient)
            raise

    def told(self, result: Result[Any]) -> Result[Any]:
        """The Result, which names what is not named in it already."""
        named = {u.code for u in result.unresolved}
        notes = [note(code, f"questions without an answer: {n}") for code, n in self.counts.items() if n]
        more = [n for n in notes if n.code not in named]
        return result.model_copy(update={"problems": [*result.problems, *more]}) if more else result
