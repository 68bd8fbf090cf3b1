"""Split: a Document into the documents that it holds, as the Policy says."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from thresher.schemas.document import Document
from thresher.schemas.errors import ModelProblem, Note
from thresher.schemas.policy import Policy
from thresher.service.llm.base import Model
from thresher.service.splitting.boundaries import KINDS, Gap, decided, gaps, unsure
from thresher.service.splitting.boundary_question import begins_document
from thresher.service.splitting.boundary_scorer import load_scorer
from thresher.service.splitting.document_parts import parts

MOST_QUESTIONS = 100  # about one file; of more unsure gaps the likeliest are asked about


def split_by_code(document: Document, policy: Policy) -> list[Document]:
    """The documents that a Document holds, by code alone; itself where it holds one."""
    return parts(document, _every(document, policy) or [g.page for g in decided(_found(document, policy))])


async def split(document: Document, policy: Policy, model: Model) -> list[Document]:
    """The documents that a Document holds, a model asked where code is unsure and the model can say.

    A model that can not be reached leaves the word to code, and a Note on both parts at the gap, or on the whole.
    """
    every = _every(document, policy)
    if every or policy.split != "auto":
        return parts(document, every)
    found = await asyncio.to_thread(_found, document, policy)
    if model.facts.style == "candidates":
        return parts(document, [g.page for g in decided(found)])
    return await _asked(document, found, model)


def _every(document: Document, policy: Policy) -> list[int]:
    """First pages of `pages:N`."""
    kind, _, size = policy.split.partition(":")
    if kind != "pages" or document.kind not in KINDS:
        return []
    return list(range(int(size), len(document.pages), int(size)))


def _found(document: Document, policy: Policy) -> list[Gap]:
    if policy.split != "auto" or document.kind not in KINDS or len(document.pages) < 2:
        return []
    return gaps(document)


async def _asked(document: Document, found: list[Gap], model: Model) -> list[Document]:
    """The parts where a model decides what code is unsure of."""
    open_ones = sorted(unsure(found), key=lambda g: (-g.score, g.page))[:MOST_QUESTIONS]
    answers = await asyncio.gather(*(_answer(document, gap, model) for gap in open_ones))
    said = {gap.page: answer for gap, answer in zip(open_ones, answers, strict=True)}
    by_code = {g.page for g in decided(found)}
    scorer = load_scorer()
    begins = [
        g.page
        for g in found
        if g.score >= scorer.sure
        or said.get(g.page) is True
        or (g.page not in said and g.page in by_code)
        or (isinstance(said.get(g.page), Note) and g.page in by_code)
    ]
    made = parts(document, begins)
    _noted(made, {page: why for page, why in said.items() if isinstance(why, Note)})
    return made


async def _answer(document: Document, gap: Gap, model: Model) -> bool | Note:
    try:
        return await begins_document(document, gap.page, model)
    except ModelProblem as problem:
        return Note(code=problem.code, message=f"whether a document begins here was decided by code: {problem.message}")


def _noted(made: list[Document], failed: dict[int, Note]) -> None:
    """Put the Note of each question that failed on the parts on either side of its gap."""
    offsets = [0]
    for part in made:
        offsets.append(offsets[-1] + len(part.pages))
    for page, why in failed.items():
        for part, (first, end) in zip(made, pairwise(offsets), strict=True):
            if first <= page <= end:
                part.notes.append(why.model_copy(update={"page": made[0].pages.first + page}))
