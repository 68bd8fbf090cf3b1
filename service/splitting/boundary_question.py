"""Asking: whether a page begins a new document, put to a model with the end of the page before."""

from __future__ import annotations

import json
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import ModelProblem
from thresher.service.llm.base import Model, Question
from thresher.service.prompts.fence import fenced
from thresher.service.prompts.questions import question_of

SHOWN = 1_500  # characters of either page
ANSWER_TOKENS = 40
SCHEMA = {
    "type": "object",
    "properties": {"new_document": {"type": "boolean"}},
    "required": ["new_document"],
    "additionalProperties": False,
}


async def begins_document(document: Document, page: int, model: Model) -> bool:
    """The model's word on page `page` (0-based). Raises ModelProblem, also for an answer that is none."""
    reply = await model.ask(boundary_question(document, page))
    try:
        said: Any = json.loads(reply.text)
    except ValueError:
        said = None
    answer = said.get("new_document") if isinstance(said, dict) else None
    if not isinstance(answer, bool):
        raise ModelProblem("model_misbehaved", f"no answer to a question of yes or no: {reply.text[:80]!r}")
    return answer


def boundary_question(document: Document, page: int) -> Question:
    """The question; it shows the last page with text before the gap, and the first after it."""
    texts = _texts(document)
    before = next((texts[i] for i in range(page - 1, -1, -1) if texts[i]), "")
    values = {
        "before": fenced(before[-SHOWN:], "END OF THE PAGE BEFORE"),
        "after": fenced(texts[page][:SHOWN], "START OF THE PAGE AFTER"),
    }
    return question_of("boundary", "boundary", values, SCHEMA, ANSWER_TOKENS)


def _texts(document: Document) -> list[str]:
    ends = [*document.pages.start[1:], len(document.text)]
    return [document.text[a:b].strip() for a, b in zip(document.pages.start, ends, strict=True)]
