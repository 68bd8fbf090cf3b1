"""Ask a model whether a page begins a new document, showing it the end of the page before."""

from __future__ import annotations

import json
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import ModelProblem
from thresher.schemas.question import Model, Question
from thresher.service.prompts.fence import fenced
from thresher.service.prompts.questions import question_of

SHOWN_CHARS = 1_500  # characters of each page in the question
ANSWER_TOKENS = 40
SCHEMA = {
    "type": "object",
    "properties": {"new_document": {"type": "boolean"}},
    "required": ["new_document"],
    "additionalProperties": False,
}


async def begins_document(document: Document, page: int, model: Model) -> bool:
    """Ask the model whether page `page` (0-based) begins a document.

    Raises ModelProblem, also for an answer that is not the JSON asked for.
    """
    reply = await model.ask(boundary_question(document, page))
    try:
        parsed: Any = json.loads(reply.text)
    except ValueError:
        parsed = None
    answer = parsed.get("new_document") if isinstance(parsed, dict) else None
    if not isinstance(answer, bool):
        raise ModelProblem("model_misbehaved", f"no answer to a question of yes or no: {reply.text[:80]!r}")
    return answer


def boundary_question(document: Document, page: int) -> Question:
    """Build the question; it shows the last page with text before the gap, and the first after it."""
    texts = _texts(document)
    before = next((texts[i] for i in range(page - 1, -1, -1) if texts[i]), "")
    values = {
        "before": fenced(before[-SHOWN_CHARS:], "END OF THE PAGE BEFORE"),
        "after": fenced(texts[page][:SHOWN_CHARS], "START OF THE PAGE AFTER"),
    }
    return question_of("boundary", "boundary", values, SCHEMA, ANSWER_TOKENS)


def _texts(document: Document) -> list[str]:
    """Return the stripped text of each page."""
    ends = [*document.pages.start[1:], len(document.text)]
    return [document.text[a:b].strip() for a, b in zip(document.pages.start, ends, strict=True)]
