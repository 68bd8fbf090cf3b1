"""The Model protocol: answer one question with one reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from thresher.schemas.extraction import Attempt, Finish

Kind = Literal["extract", "reask", "look", "mend", "repair", "decide", "boundary", "derive", "choose", "transcribe"]
DialectName = Literal["plain", "openai_strict", "gemini", "anthropic", "llama", "lenient"]
Purpose = Literal["ask", "repair", "split", "reask", "evaluate", "decide", "transcribe", "embed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str = field(repr=False)  # a document's text
    images: tuple[bytes, ...] = field(default=(), repr=False)  # PNG or JPEG


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and names for it. The store's key leaves out the names (`prompt`, `purpose`, `kind`).

    Nothing here may depend on timing, or a rerun would ask (and pay) again.
    """

    prompt: str  # name and version: "extract.v1"
    fingerprint: str  # of the prompt's text
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None  # asked JSON Schema; None: free text
    answer_tokens: int  # most tokens the answer may take
    temperature: float = 0.0
    sample: int = 0  # number of the draw, for asking the same more than once
    purpose: Purpose = "ask"
    kind: Kind = "extract"  # what kind of question it is; the name of the requested schema in the request


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, and what it cost."""

    text: str = field(repr=False)  # the JSON text (or free text) of the answer, as it came
    finish: Finish
    model: str
    key: str  # of the stored raw answer
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0
    usd: float | None = None
    seconds: float = 0.0
    stored: bool = False


def attempt_of_reply(question: Question, reply: Reply) -> Attempt:
    """Build the Result's Attempt of a Question that was answered."""
    return Attempt(
        key=reply.key,
        model=reply.model,
        prompt=question.prompt,
        fingerprint=question.fingerprint,
        finish=reply.finish,
        prompt_tokens=reply.prompt_tokens,
        answer_tokens=reply.answer_tokens,
        cached_tokens=reply.cached_tokens,
        usd=reply.usd,
        seconds=reply.seconds,
        stored=reply.stored,
        purpose=question.purpose,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What the planner must know of a model."""

    window: int  # tokens of prompt and answer together
    most_answer: int  # tokens one answer can have
    tokenizer: str = "o200k_base"  # a name that thresher.chunkers.tokens.counter knows
    style: Literal["free", "candidates"] = "free"  # candidates: choose spans of the text, never write a value
    usd_prompt: float | None = None  # dollars a token; None: unknown
    usd_answer: float | None = None
    dialect: DialectName = "plain"  # what of JSON Schema its provider takes when it constrains an answer
    sees: bool = False  # whether it is known to read pictures
    weights: str | None = None  # folder of the weights on this machine


class Model(Protocol):
    """A model, hosted or local, with all the wrappers that it needs."""

    @property
    def name(self) -> str:
        """Return the name as the user wrote it."""
        ...

    @property
    def facts(self) -> ModelFacts:
        """Return what the planner must know of the model."""
        ...

    async def ask(self, question: Question) -> Reply:
        """Answer a question. Raises ModelProblem. An answer cut short is a Reply, not an exception."""
        ...
