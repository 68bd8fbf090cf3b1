"""Twice: records that read the same in every value, and of which two tell one and the same printed amount.

Two rows may well read the same; each has its own amount then. Where rows that are alike stand on either side of a page's
edge, one of them may be placed on the other and asked for once more: whether it stands there once or twice is not sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from thresher.schemas.extraction import Evidence
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.base import json_pointer
from thresher.service.records.record_lines import record_of

_AMOUNT = re.compile(r"[^\w\n]*\d[\d.,'’ ]*[.,]\d{2}\D{0,3}")  # what a heading that several records share hardly holds


def twice(data: dict[str, Any], evidence: Iterable[Evidence], target: Target) -> list[FieldError]:
    """What to say of such records in the whole of a Unit: one FieldError each, but for the first of those that are alike."""
    sharing: dict[tuple[str | None, int, str], dict[str, None]] = {}
    for e in evidence:
        record = record_of(e.path, target) if e.start is not None and _AMOUNT.fullmatch(e.quote) else None
        if record is not None and e.start is not None:
            sharing.setdefault((e.source, e.start, record[0]), {})[record[1]] = None
    pairs = {b: a for records in sharing.values() for a, b in pairwise(records)}
    return [
        FieldError(path=b, message=f"not sure: it reads as {a} does, and tells an amount at the same place")
        for b, a in pairs.items()
        if json_pointer.get(data, a) == json_pointer.get(data, b)
    ]
