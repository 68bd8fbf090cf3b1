"""Pictures of pages in a question: which, how many, what they cost, and what is made of what a model sees on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import note
from thresher.schemas.extraction import Unsupported
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.service.extraction.chunk_extractor import ChunkExtractor, _question, extract_chunk
from thresher.service.extraction.picture_values import evidence_of
from thresher.service.llm.client import ModelClient
from thresher.service.llm.page_images import (
    MAX_PAGE_IMAGES,
    MAX_WEAK_PAGE_IMAGES,
    QuestionImages,
    image_tokens_reserved,
    images_of_chunk,
)
from thresher.service.llm.prices import IMAGE_TOKENS, prompt_tokens
from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport, scripted
from thresher.service.provider_schemas.request_schema import request_schema_of
from thresher.service.readers.page_pictures import weak_pages
from thresher.service.runs.read_options import read_options
from thresher.service.targets.loading import target_from_model

SEES = replace(FACTS, sees=True)
JPEG = b"\xff\xd8\xff"


class Slip(BaseModel):
    """A target."""

    name: str | None
    amount: float | None


TARGET = target_from_model(Slip)


def pages(count: int, *, pictures: tuple[int, ...] = (), first: int = 1) -> Document:
    """A Document of pages with a line each, some of them with a picture."""
    builder = DocumentBuilder(Source(path="a.pdf", blob="a", sha256="", size=0, name="a.pdf"), kind="pdf")
    for number in range(1, count + 1):
        builder.page(600, 800, ocr=True)
        builder.block(f"Line of page {number}")
    document = builder.build()
    document.pages.first = first
    document.pictures = {page: JPEG + bytes([page]) for page in pictures}
    return document


def chunk_of(document: Document, span: tuple[int, int] | None = None) -> Chunk:
    """All of it as one Chunk."""
    first = document.pages.first
    span = span or (first, first + len(document.pages) - 1)
    return Chunk(index=0, start=0, end=len(document.text), text=document.text, pages=span, count=len)


def test_only_pictures_of_the_chunks_pages_go_along() -> None:
    """In page order, named by the Document's own count."""
    document = pages(9, pictures=(2, 5, 8))
    found = images_of_chunk(document, chunk_of(document, (4, 9)), Policy(), SEES)
    assert found.pages == (5, 8)
    assert found.images == (JPEG + b"\x05", JPEG + b"\x08")
    assert "pages 5, 8" in found.sentence


def test_a_part_of_a_file_counts_its_own_pages() -> None:
    """The question speaks of page 1 of 3 where the file has it as page 11."""
    document = pages(3, pictures=(11,), first=11)
    found = images_of_chunk(document, chunk_of(document), Policy(), SEES)
    assert found.pages == (11,)
    assert "page 1 " in found.sentence


def test_nothing_changes_without_pictures() -> None:
    """A question about digital text is the question that it was, so its stored answer is found."""
    document = pages(2)
    assert images_of_chunk(document, chunk_of(document), Policy(images="all"), SEES) == QuestionImages()


@given(st.integers(1, 40), st.sampled_from(["auto", "all", "off"]), st.integers(2_000, 200_000))
def test_the_budget_of_pictures_holds(count: int, images: str, window: int) -> None:
    """Never more than the Policy allows, nor more than their share of the window."""
    document = pages(count, pictures=tuple(range(1, count + 1)))
    policy, facts = Policy.model_validate({"images": images}), replace(SEES, window=window)
    found = images_of_chunk(document, chunk_of(document), policy, facts)
    assert len(found.images) <= {"auto": MAX_WEAK_PAGE_IMAGES, "all": MAX_PAGE_IMAGES, "off": 0}[images]
    assert len(found.images) * IMAGE_TOKENS <= min(window // 4, image_tokens_reserved(policy, facts))


@pytest.mark.parametrize(
    ("images", "facts", "kept"),
    [
        ("auto", SEES, "weak"),
        ("auto", FACTS, "none"),
        ("off", SEES, "none"),
        ("all", FACTS, "all"),
        ("all", replace(FACTS, style="candidates"), "none"),
    ],
)
def test_pictures_are_kept_for_models_that_see(images: str, facts: ModelFacts, kept: str) -> None:
    """The Policy's word counts more than what is known of a model; one that only chooses spans is shown none."""
    assert read_options(Policy.model_validate({"images": images}), facts).pictures == kept


def test_weak_pages_are_those_noted_and_those_ocr_was_unsure_of() -> None:
    """And those with boxes to tick; a page of the text layer is not."""
    document = pages(4)
    starts = list(document.pages.start)
    for page, sure in enumerate((95, 70, 99)):
        document.words.add(starts[page], starts[page] + 4, 0, 10, sure)
    document.notes = [note("no_text", "page 4", 4), note("hidden_text", "page 1", 1)]
    assert weak_pages(document, document.text) == [2, 4]
    assert weak_pages(document, document.text.replace("Line of page 3", "☐ yes ☑ none ")) == [2, 3, 4]


@pytest.mark.parametrize(("word", "weak"), [("2O16", [1]), ("Acme", [])])
def test_a_figure_that_ocr_was_unsure_of_makes_its_page_weak(word: str, weak: list[int]) -> None:
    """A misread figure looks like any other; a misread word is told by its neighbours."""
    document = pages(1)
    start = document.pages.start[0]
    document.words.add(start, start + 4, 0, 10, 71)
    document.words.add(start + 5, start + 60, 0, 10, 99)
    assert weak_pages(document, word + document.text[4:]) == weak


async def asked(answers: list[Any], document: Document, facts: ModelFacts = SEES) -> tuple[Any, ModelClient]:
    """The Extraction of a Document as one Chunk, and the model that was asked."""
    model = scripted({"": answers}, facts=facts)
    ask = ChunkExtractor(
        model=model, target=TARGET, asked=request_schema_of(TARGET), policy=Policy(quotes=False), answer_tokens=100
    )
    (found,) = await extract_chunk(ask, document, chunk_of(document))
    return found, model


def test_a_picture_counts_in_what_a_question_may_cost() -> None:
    """Its tokens are in the estimate that the budget is held against."""
    document = pages(1, pictures=(1,))
    found = images_of_chunk(document, chunk_of(document), Policy(), SEES)
    assert found.images

    ask = ChunkExtractor(
        model=scripted({}, facts=SEES), target=TARGET, asked=request_schema_of(TARGET), policy=Policy(), answer_tokens=9
    )
    with_it = prompt_tokens(_question(ask, document, chunk_of(document)))
    document.pictures = {}
    assert with_it - prompt_tokens(_question(ask, document, chunk_of(document))) >= IMAGE_TOKENS


VALUE = Unsupported(path="/amount", value=42.5, reason="not found in the text")


@pytest.mark.parametrize(
    ("told", "boxes"),
    [
        ({"page": 1, "box": [0.1, 0.25, 0.5, 0.5]}, ((60.0, 200.0, 300.0, 400.0),)),
        ({"page": 1, "box": None}, ()),
        ({"page": 1, "box": [0.5, 0.5, 1.4, 0.6]}, ()),
        ({"page": 1, "box": [0.5, 0.5, 0.4, 0.6]}, ()),
        ({"page": 1, "box": ["a", 0, 1, 1]}, ()),
    ],
)
def test_a_region_is_checked_to_lie_on_the_page(told: Any, boxes: Any) -> None:
    """A region that does not is dropped; the page stays."""
    document = pages(1, pictures=(1,))
    found = evidence_of(document, QuestionImages((JPEG,), (1,), ""), told, VALUE)
    assert found is not None
    assert (found.match, found.page, found.boxes, found.start) == ("seen", 1, boxes, None)


@pytest.mark.parametrize("told", [None, {}, {"page": None, "box": None}, {"page": 2, "box": None}, "page 1", []])
def test_a_page_that_was_not_shown_is_no_evidence(told: Any) -> None:
    """Nor is silence."""
    document = pages(3, pictures=(1,))
    assert evidence_of(document, QuestionImages((JPEG,), (1,), ""), told, VALUE) is None


async def test_what_text_lacks_and_the_picture_shows_is_seen() -> None:
    """What the model does not see on the picture either stays unsupported."""
    document = pages(1, pictures=(1,))
    answers = [
        {"name": "Line of page 1", "amount": 42.5},
        {"0": {"page": 1, "box": [0.1, 0.1, 0.2, 0.2]}},
    ]
    found, model = await asked(answers, document)
    assert {e.path: e.match for e in found.evidence} == {"/name": "exact", "/amount": "seen"}
    assert found.unsupported == ()
    assert isinstance(model.wire, ScriptedTransport)
    first, second = model.wire.questions
    assert first.messages[-1].images == second.messages[-1].images == (JPEG + b"\x01",)
    found, _ = await asked([answers[0], {"0": {"page": None, "box": None}}], document)
    assert [u.path for u in found.unsupported] == ["/amount"]


async def test_without_pictures_nobody_is_asked_to_look() -> None:
    """One call, and the value is unsupported."""
    found, model = await asked([{"name": None, "amount": 42.5}], pages(1))
    assert isinstance(model.wire, ScriptedTransport)
    assert len(model.wire.questions) == 1
    assert [u.path for u in found.unsupported] == ["/amount"]
