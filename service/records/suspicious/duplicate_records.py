"""Find records that are equal in every value and share the evidence of an amount.

Two rows may well read the same, but then each has its own amount. Where equal rows stand on either side of a page's edge,
one may be located on the other and asked for again; whether the text has it once or twice is uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.records.record_lines import record_of

_AMOUNT = re.compile(r"[^\w\n]*\d[\d.,'’ ]*[.,]\d{2}\D{0,3}")  # hardly occurs in a heading that several records share


def duplicate_record_errors(data: dict[str, Any], evidence: Iterable[Evidence], target: Target) -> list[FieldError]:
    """Return a FieldError for each such record of a Unit but the first of those that are alike."""
    sharing: dict[tuple[str | None, int, str], dict[str, None]] = {}
    for e in evidence:
        record = record_of(e.path, target) if e.start is not None and _AMOUNT.fullmatch(e.quote) else None
        if record is not None and e.start is not None:
            sharing.setdefault((e.source, e.start, record[0]), {})[record[1]] = None
    pairs = {b: a for records in sharing.values() for a, b in pairwise(records)}
    return [
        FieldError(path=b, message=f"not sure: it is equal to {a}, and has an amount at the same place")
        for b, a in pairs.items()
        if json_pointer.get(data, a) == json_pointer.get(data, b)
    ]
