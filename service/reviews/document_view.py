"""Show a Result for review: its reasons, pages, lists, and a page of its fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from thresher.schemas import json_pointer
from thresher.schemas.result import REASON_REMEDIES, Result
from thresher.schemas.review import ReviewClaim, ReviewDocument, ReviewList, ReviewPage, ReviewReason
from thresher.schemas.source import SourceFacts
from thresher.service.reviews.applying import review_of
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.field_list import columns_of, label_of, lists_of
from thresher.service.reviews.field_view import FieldsView

DRAWN = ("application/pdf", "image/")  # media types whose pages can be drawn
NOT_DRAWN = "image/svg"


def document_view(
    view: FieldsView, place: ResultPlace, claim: ReviewClaim | None, fields: tuple[int, int]
) -> ReviewDocument:
    """Return a Result for review, with some of its fields: from an index on, at most so many."""
    machine = view.machine
    return ReviewDocument(
        number=place.number,
        name=machine.source.path,
        status=machine.status,
        valid=machine.valid,
        review=review_of(view.events),
        claim=claim,
        head=view.events[-1].hash if view.events else "",
        reasons=[ReviewReason(**r.model_dump(), remedy=REASON_REMEDIES[r.code]) for r in machine.reasons],
        pages=pages_of(machine, place),
        fields=view.page(*fields),
        fields_total=len(view.leaves),
        first_doubtful=view.first_doubtful(),
        lists=[_list(view, path) for path in lists_of(view.shown.values, view.target)],
    )


def _list(view: FieldsView, path: str) -> ReviewList:
    values = view.shown.values
    rows = json_pointer.get(values, path)
    return ReviewList(
        path=path,
        name=label_of(path),
        columns=columns_of(path, values, view.target),
        rows=len(rows) if isinstance(rows, list | dict) else 0,
    )


def pages_of(result: Result[Any], place: ResultPlace) -> list[ReviewPage]:
    """Return all pages of a Result's documents; of a part of a packet, by their numbers in the file."""
    found = []
    for own, facts in enumerate([result.source, *result.sources]):
        first = facts.page_range[0] if facts.page_range else 1
        source = facts.path if own else ""
        for page, (width, height) in enumerate(facts.page_sizes, start=first):
            address = picture_address(place, source, page, facts.sha256) if is_drawn(facts) else None
            found.append(ReviewPage(source=source, page=page, width=width, height=height, picture=address))
    return found


def is_drawn(facts: SourceFacts) -> bool:
    """Whether pages of a document can be drawn."""
    return facts.media_type.startswith(DRAWN) and not facts.media_type.startswith(NOT_DRAWN)


def picture_address(place: ResultPlace, source: str, page: int, sha256: str) -> str:
    """Return the address of a page's picture; a caller adds `scale`.

    It changes with the document's bytes, so that a browser may keep the picture for good.
    """
    query = urlencode({"source": source, "page": page, "version": sha256[:12]})
    return f"/v1/reviews/{place.collection}/{place.number}/picture?{query}"
