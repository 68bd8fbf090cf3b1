"""Examples of what the routes of reviews answer, which OpenAPI shows."""

from __future__ import annotations

from typing import Any

AT = "2026-03-14T10:15:00.000Z"
CLAIM: dict[str, Any] = {"by": "Ada", "until": "2026-03-14T10:17:00.000Z"}
REVIEW: dict[str, Any] = {"state": "accepted", "by": "Ada", "at": AT}
PLACE: dict[str, Any] = {
    "source": "",
    "page": 1,
    "boxes": [[440.0, 640.0, 488.0, 652.0]],
    "quote": "1,204.50",
    "start": 812,
    "end": 820,
    "match": "exact",
    "struck": False,
}
FIELD: dict[str, Any] = {
    "path": "/total",
    "name": "Total",
    "kind": "number",
    "choices": None,
    "value": 1240.5,
    "shown": "1240.50",
    "method": "corrected",
    "doubts": [{"code": "conflict", "message": "the text gives 2 values; 1204.50 is given by the rule most_supported"}],
    "evidence": [PLACE],
    "candidates": [{"value": 1204.5, "shown": "1204.50", "why": "given once", "evidence": [PLACE]}],
    "correction": {"old": 1204.5, "by": "Ada", "at": AT, "note": "the sum of the last page", "action": "edit"},
}
COLLECTION: dict[str, Any] = {
    "collection": "019a8c1e7f3b4d2c",
    "target": {"name": "Invoice"},
    "counts": {"open": 0, "accepted": 1, "rejected": 0},
    "queues": {"conflict": 1},
    "documents": [
        {
            "number": 0,
            "name": "invoice.pdf",
            "status": "partial",
            "reasons": {"conflict": 1},
            "doubtful": 1,
            "review": REVIEW,
            "claim": CLAIM,
        }
    ],
    "next": None,
}
DOCUMENT: dict[str, Any] = {
    "number": 0,
    "name": "invoice.pdf",
    "status": "partial",
    "valid": True,
    "review": REVIEW,
    "claim": CLAIM,
    "head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "reasons": [
        {
            "code": "conflict",
            "path": "/total",
            "message": "the text gives 2 values; 1204.50 is given by the rule most_supported",
            "remedy": "the document gives several values; choose the right one",
        }
    ],
    "pages": [
        {
            "source": "",
            "page": 1,
            "width": 595.3,
            "height": 841.9,
            "picture": "/v1/reviews/019a8c1e7f3b4d2c/0/picture?source=&page=1&version=9f86d081884c",
        }
    ],
    "fields": [FIELD],
    "fields_total": 1,
    "first_doubtful": 0,
    "lists": [{"path": "/lines", "name": "Lines", "columns": ["description", "amount"], "rows": 12}],
}
EVENTS: dict[str, Any] = {
    "events": [
        {
            "seq": 1,
            "at": AT,
            "by": "Ada",
            "path": "/total",
            "action": "edit",
            "old": 1204.5,
            "new": 1240.5,
            "note": "the sum of the last page",
            "machine": None,
            "prev": "",
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    ],
    "right": True,
}
PASSAGE: dict[str, Any] = {"start": 14, "end": 18, "text": "Order number: PO-1\nBuyer:", "from": 0, "to": 25}
CASE: dict[str, Any] = {"case": "invoice-pdf-9f86d081"}
