"""Examples of the answers about reviews, for OpenAPI: one Result whose total a person has corrected."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from thresher.schemas.result import Review
from thresher.schemas.review import (
    CorrectionDone,
    FieldCorrection,
    FieldDoubt,
    FieldPlace,
    ReviewCase,
    ReviewClaim,
    ReviewCollection,
    ReviewDocument,
    ReviewEvent,
    ReviewEvents,
    ReviewField,
    ReviewPage,
    ReviewReason,
    ReviewRow,
    ReviewTarget,
    TextPassage,
)

AT, BY, HEAD = "2026-03-02T09:30:00Z", "Accounts payable", "5f1d7a84db00d2fce00b31a7fc73224f"
REVIEW = Review(state="accepted", by=BY, at=AT)
CLAIM = ReviewClaim(by=BY, until="2026-03-02T09:32:00Z")
FIELD = ReviewField(
    path="/total",
    name="Total",
    kind="number",
    value=1204.5,
    shown="1204.50",
    method="corrected",
    doubts=[FieldDoubt(code="arithmetic", message="the lines add up to 1204.50")],
    evidence=[
        FieldPlace(
            source="", page=1, boxes=[(410.2, 688.0, 462.9, 699.1)], quote="1,240.50", start=512, end=520, match="exact"
        )
    ],
    correction=FieldCorrection(old=1240.5, by=BY, at=AT, note="digits swapped", action="edit"),
)
EVENT = ReviewEvent(seq=1, at=AT, by=BY, path="/total", action="edit", old=1240.5, new=1204.5, note="", hash=HEAD)
DOCUMENT = ReviewDocument(
    number=0,
    name="invoice.pdf",
    status="partial",
    valid=True,
    review=None,
    claim=CLAIM,
    head=HEAD,
    reasons=[
        ReviewReason(
            code="arithmetic", path="/total", message="the lines add up to 1204.50", remedy="compare it with the page"
        )
    ],
    pages=[ReviewPage(source="", page=1, width=595.0, height=842.0, picture="/v1/reviews/019a8c1e7f3b4d2c/0/picture")],
    fields=[FIELD],
    fields_total=1,
    first_doubtful=0,
    lists=[],
)
ROW = ReviewRow(
    number=0,
    name="invoice.pdf",
    status="partial",
    reasons={"arithmetic": 1},
    doubtful=1,
    review=REVIEW,
    claim=None,
)
COLLECTION = ReviewCollection(
    collection="019a8c1e7f3b4d2c",
    target=ReviewTarget(name="invoice"),
    counts={"open": 0, "accepted": 1, "rejected": 0},
    queues={"arithmetic": 1},
    documents=[ROW],
)
PASSAGE = TextPassage.model_validate({"start": 7, "end": 12, "text": "Order: PO-41, please", "from": 0, "to": 20})
EVERY: tuple[BaseModel, ...] = (
    COLLECTION,
    DOCUMENT,
    PASSAGE,
    CorrectionDone(head=HEAD, field=FIELD),
    CLAIM,
    REVIEW,
    ReviewEvents(events=[EVENT], right=True),
    ReviewCase(case="invoice-019a8c1e-0"),
)
EXAMPLES: dict[str, Any] = {type(made).__name__: json.loads(made.model_dump_json()) for made in EVERY}
"""By the name of the model."""
