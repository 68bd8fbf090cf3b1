"""Split a Document into the documents that it contains, by the option `split` of the Policy."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from thresher.schemas.document import Document
from thresher.schemas.errors import ModelProblem, Note
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model
from thresher.service.splitting.boundaries import SPLITTABLE_KINDS, Gap, boundaries_by_code, gaps, unsure_gaps
from thresher.service.splitting.boundary_question import begins_document
from thresher.service.splitting.boundary_scorer import load_scorer
from thresher.service.splitting.document_parts import parts

MAX_QUESTIONS = 100  # about one file; of more unsure gaps those with the highest scores are asked about


def split_by_code(document: Document, policy: Policy) -> list[Document]:
    """Split a Document by code alone; return only itself where it contains one document."""
    return parts(
        document,
        _fixed_boundaries(document, policy) or [g.page for g in boundaries_by_code(_gaps_to_decide(document, policy))],
    )


async def split(document: Document, policy: Policy, model: Model) -> list[Document]:
    """Split a Document; a generative model is asked about the gaps of which code is unsure.

    Where the model fails, code decides, with a Note on both parts at the gap, or on the whole Document.
    """
    if policy.split != "auto" or model.facts.style == "candidates":
        return await asyncio.to_thread(split_by_code, document, policy)
    found = await asyncio.to_thread(_gaps_to_decide, document, policy)
    return await _split_by_model(document, found, model)


def _fixed_boundaries(document: Document, policy: Policy) -> list[int]:
    """Return the first pages (0-based) of the parts for the option `pages:N`; none for other options."""
    kind, _, size = policy.split.partition(":")
    if kind != "pages" or document.kind not in SPLITTABLE_KINDS:
        return []
    return list(range(int(size), len(document.pages), int(size)))


def _gaps_to_decide(document: Document, policy: Policy) -> list[Gap]:
    """Return the scored gaps of a Document that may be split; none where it may not."""
    if policy.split != "auto" or document.kind not in SPLITTABLE_KINDS or len(document.pages) < 2:
        return []
    return gaps(document)


async def _split_by_model(document: Document, found: list[Gap], model: Model) -> list[Document]:
    """Return the parts; a model decides on the gaps of which code is unsure."""
    open_ones = sorted(unsure_gaps(found), key=lambda g: (-g.score, g.page))[:MAX_QUESTIONS]
    answers = await asyncio.gather(*(_answer(document, gap, model) for gap in open_ones))
    answered = {gap.page: answer for gap, answer in zip(open_ones, answers, strict=True)}
    by_code = {g.page for g in boundaries_by_code(found)}
    scorer = load_scorer()
    begins = [
        g.page
        for g in found
        if g.score >= scorer.sure
        or answered.get(g.page) is True
        or (g.page not in answered and g.page in by_code)
        or (isinstance(answered.get(g.page), Note) and g.page in by_code)
    ]
    made = await asyncio.to_thread(parts, document, begins)
    _add_notes(made, {page: why for page, why in answered.items() if isinstance(why, Note)})
    return made


async def _answer(document: Document, gap: Gap, model: Model) -> bool | Note:
    try:
        return await begins_document(document, gap.page, model)
    except ModelProblem as problem:
        return Note(code=problem.code, message=f"whether a document begins here was decided by code: {problem.message}")


def _add_notes(made: list[Document], failed: dict[int, Note]) -> None:
    """Put the Note of each failed question on the parts on both sides of its gap."""
    offsets = [0]
    for part in made:
        offsets.append(offsets[-1] + len(part.pages))
    for page, why in failed.items():
        for part, (first, end) in zip(made, pairwise(offsets), strict=True):
            if first <= page <= end:
                part.notes.append(why.model_copy(update={"page": made[0].pages.first + page}))
