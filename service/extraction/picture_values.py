"""Find values in the pictures of pages: the model says where it sees them, and code checks page and box."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Box, Document
from thresher.schemas.extraction import Calls, Evidence, Unsupported
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Question
from thresher.service.llm.page_images import QuestionImages, images_of_chunk
from thresher.service.prompts.answer_repair import parse_answer
from thresher.service.prompts.optional_questions import try_ask
from thresher.service.prompts.questions import question_of

VALUES_MAX = 20  # of one Chunk's answer; values beyond stay unsupported
ANSWER_TOKENS_PER_VALUE = 60  # for each
_NULLABLE_BOX = {"type": ["array", "null"], "items": {"type": "number"}}
_PAGE_AND_BOX = {
    "type": "object",
    "properties": {"page": {"type": ["integer", "null"]}, "box": _NULLABLE_BOX},
    "required": ["page", "box"],
    "additionalProperties": False,
}


async def evidence_in_pictures(
    model: Model, place: tuple[Document, Chunk], wanted: list[Unsupported], policy: Policy
) -> tuple[list[Evidence], Calls]:
    """Return Evidence for values that stand nowhere in the text of a Chunk but, as the model says, on a picture of its pages.

    Nothing is asked where no picture went along. A failing call gives nothing: the values stay unsupported.
    """
    document, chunk = place
    pictured = images_of_chunk(document, chunk, policy, model.facts)
    chosen = wanted[:VALUES_MAX]
    if not pictured.images or not chosen:
        return [], Calls()
    question = _question(document, pictured, chosen, policy)
    reply, calls = await try_ask(model, question)
    places = (reply and parse_answer(reply)) or {}
    found = [evidence_of(document, pictured, places.get(str(i)), u) for i, u in enumerate(chosen)]
    return [e.model_copy(update={"chunk": chunk.index}) for e in found if e is not None], calls


def evidence_of(document: Document, pictured: QuestionImages, place: Any, value: Unsupported) -> Evidence | None:
    """Return the Evidence of one value; None if the model names no page that it was shown. A box off the page is dropped."""
    before = document.pages.first - 1
    page = place.get("page") if isinstance(place, dict) else None
    if not isinstance(page, int) or page + before not in pictured.pages:
        return None
    box = _box(place.get("box"), *_size(document, page))
    boxes = () if box is None else (box,)
    return Evidence(
        path=value.path, quote=str(value.value), start=None, end=None, page=page + before, boxes=boxes, match="seen"
    )


def _size(document: Document, page: int) -> tuple[float, float]:
    return document.pages.width[page - 1], document.pages.height[page - 1]


def _box(place: Any, width: float, height: float) -> Box | None:
    """Convert fractions of a page to a box in points; None for a box off the page or without area."""
    if not isinstance(place, list) or len(place) != 4 or not all(isinstance(v, int | float) for v in place):
        return None
    x0, y0, x1, y1 = (float(v) for v in place)
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        return None
    return round(x0 * width, 2), round(y0 * height, 2), round(x1 * width, 2), round(y1 * height, 2)


def _question(document: Document, pictured: QuestionImages, wanted: list[Unsupported], policy: Policy) -> Question:
    before = document.pages.first - 1
    values = {
        "pages": ", ".join(str(page - before) for page in pictured.pages),
        "values": "\n".join(f"{i}: {u.path} = {u.value}" for i, u in enumerate(wanted)),
    }
    members = {str(i): _PAGE_AND_BOX for i in range(len(wanted))}
    schema = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    question = question_of("extract", "seen", values, schema, ANSWER_TOKENS_PER_VALUE * len(wanted), policy.temperature)
    return replace(replace(pictured, sentence="").put_into(question), purpose="evaluate")
