"""Estimate what a Document will be asked, before anything is asked or paid."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.schemas.document import Document
from thresher.service.extraction.document_chunks import chunks_of
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.unit_extraction import has_text
from thresher.service.llm.page_images import images_of_chunk
from thresher.service.llm.prices import IMAGE_TOKENS

ANSWER_SHARE = 0.6  # tokens of answer for one token of text where a list is wanted, as long statements show
FIELD_TOKENS = 12  # tokens of answer for each single fact


@dataclass(frozen=True, slots=True)
class ExpectedQuestions:
    """How many questions, and their tokens."""

    calls: int = 0
    prompt: int = 0
    answer: int = 0

    def __add__(self, other: ExpectedQuestions) -> ExpectedQuestions:
        """Return the sums."""
        return ExpectedQuestions(self.calls + other.calls, self.prompt + other.prompt, self.answer + other.answer)


def expected_questions(engine: Engine, document: Document) -> ExpectedQuestions:
    """Return the questions about a Document, at most. Repairs, second looks and re-asks are not counted; the answer's tokens are a guess."""
    if not has_text(document):
        return ExpectedQuestions()
    chunks = chunks_of(engine, document)
    single = sum(not f.in_list for f in engine.target.fields) * FIELD_TOKENS
    questions = sum(1 + len(g.beside) for g in engine.groups)  # of each Chunk, at most
    seen = sum(len(images_of_chunk(document, c, engine.policy, engine.model.facts).images) for c in chunks)
    return ExpectedQuestions(
        calls=questions * len(chunks),
        prompt=questions * (sum(c.tokens + engine.plan.overhead for c in chunks) + seen * IMAGE_TOKENS),
        answer=sum(single + (int(c.tokens * ANSWER_SHARE) if engine.target.lists else 0) for c in chunks),
    )
