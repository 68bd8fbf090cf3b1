"""Embeddings: texts as vectors, asked for through the same wrappers as every question.

A batch of texts is one Question, so that its vectors are kept before anybody uses them, under a key made of the model and
the texts, are never paid for twice, count against the budget and stand in the log of calls. On the wire they have the shape
of a chat completion: one choice for each text, its vector as little-endian 32-bit floats in base64.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from thresher.schemas.errors import ModelProblem, Problem
from thresher.schemas.extraction import Attempt
from thresher.schemas.question import Message, Model, Question, attempt_of_reply
from thresher.service.llm.providers.remote import Remote

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

BATCH = 32  # texts of one call: the least known limit, of text-embeddings-inference (--max-client-batch-size)
FLOATS = "<f4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors of length 1, one row for each text; or why there are none. What was paid is told either way."""

    rows: Matrix | None
    attempts: tuple[Attempt, ...] = ()
    failure: Problem | None = None


class Embedder(Protocol):
    """Gives texts as vectors whose dot product says how near they are in meaning."""

    @property
    def name(self) -> str:
        """As the user names it."""
        ...

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """One row for each text, none of which is blank. Never raises a Problem: it is in the answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """An Embedder over a Model whose answers are vectors."""

    model: Model

    @property
    def name(self) -> str:
        """Return the name of the model."""
        return self.model.name

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Return one vector for each text. Batches depend on the texts and their order alone, so that a rerun asks for the same."""
        batches = [question_of(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
        told = await asyncio.gather(*(self._vectors(q) for q in batches))
        attempts = tuple(attempt for _, attempt in told if isinstance(attempt, Attempt))
        failure = next((problem for _, problem in told if isinstance(problem, Problem)), None)
        rows = [row for some, _ in told for row in some]
        if failure is None and len({len(row) for row in rows}) > 1:
            failure = ModelProblem("model_misbehaved", f"{self.name}: vectors of several lengths")
        return Embedded(rows=None if failure else _unit(rows), attempts=attempts, failure=failure)

    async def _vectors(self, question: Question) -> tuple[list[Matrix], Attempt | Problem]:
        """The vectors of one batch, and the call; or the problem."""
        import numpy as np  # noqa: PLC0415 - heavy, only where there are vectors

        try:
            reply = await self.model.ask(question)
        except Problem as problem:
            return [], problem
        return [np.frombuffer(base64.b64decode(line), FLOATS) for line in reply.text.split()], attempt_of_reply(
            question, reply
        )


def question_of(texts: Sequence[str]) -> Question:
    """A batch of texts as a Question."""
    messages = tuple(Message(role="user", content=text) for text in texts)
    return Question(prompt="embed.v1", fingerprint="", messages=messages, schema=None, answer_tokens=0, purpose="embed")


async def spoken(litellm: Any, remote: Remote, question: Question, client: dict[str, Any]) -> dict[str, Any]:
    """The vectors of a Question's texts through `litellm.aembedding`, in the shape of a chat completion.

    Raises what litellm raises, and ValueError where not every text has a vector: that is never kept.
    """
    response = await litellm.aembedding(
        model=remote.model,
        input=[m.content for m in question.messages],
        encoding_format="float",
        timeout=remote.timeout,
        num_retries=0,
        max_retries=0,
        drop_params=True,
        **client,
        **({"api_base": remote.api_base} if remote.api_base else {}),
        **({"api_key": remote.api_key} if remote.api_key else {}),
    )
    whole: dict[str, Any] = response.model_dump(mode="json", exclude_none=True, warnings=False)
    given = sorted(whole.get("data") or (), key=lambda row: int(row.get("index", 0)))
    vectors = [packed(row.get("embedding") or ()) for row in given]
    if len(vectors) != len(question.messages) or not all(vectors):
        raise ValueError(f"{len([*filter(None, vectors)])} vectors for {len(question.messages)} texts")
    choices = [
        {"index": i, "finish_reason": "stop", "message": {"role": "assistant", "content": v}}
        for i, v in enumerate(vectors)
    ]
    return {"model": whole.get("model"), "choices": choices, "usage": whole.get("usage") or {}}


def packed(vector: Iterable[float]) -> str:
    """A vector as it is kept: a quarter of what its digits would take. Raises ValueError where it holds no numbers.

    >>> packed([1.0, -2.0])
    'AACAPwAAAMA='
    """
    import numpy as np  # noqa: PLC0415 - heavy, only where there are vectors

    floats = np.asarray([*vector], FLOATS)
    if not np.isfinite(floats).all():
        raise ValueError("a vector that holds no numbers")
    return base64.b64encode(floats.tobytes()).decode("ascii")


def text_of_vectors(response: dict[str, Any], _: Question) -> str:
    """All vectors of a response, one a line."""
    return "\n".join(choice["message"]["content"] for choice in response["choices"])


def _unit(rows: Sequence[Matrix]) -> Matrix:
    """The vectors as rows of length 1; one without direction stays nought."""
    import numpy as np  # noqa: PLC0415 - heavy, only where there are vectors

    whole = np.asarray(rows, np.float32).reshape(len(rows), -1)
    lengths = np.linalg.norm(whole, axis=1, keepdims=True)
    return (whole / np.where(lengths > 0, lengths, 1)).astype(np.float32)
