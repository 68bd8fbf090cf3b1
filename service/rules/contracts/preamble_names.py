"""Find parties in the first sentence of a contract whose names do not look like names: "salesforce.com, inc.".

In the sentence that names the parties, the defined name of a party follows its name. Where no found name stands before
such a defined name, the name is the text after the word that joins it to the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.service.rules.contracts.preamble_count import unnamed_introductions
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

_FORM = r"(?:inc|llc|l\.l\.c|ltd|limited|llp|l\.p|lp|corp|corporation|company|co|n\.a|s\.a|b\.v|gmbh|ag|plc)"
_WORD = r"[A-Z0-9À-Ž&][\w&.'’*-]*"
_NAME = re.compile(
    rf"[\s,:]*(?:\(\d\)\s*)?(?P<name>(?:{_WORD}|[a-z]\w*\.com)(?:\s+(?:{_WORD}|of|de|van|von|{_FORM}\b\.?))*(?:,?\s+(?i:{_FORM})\b\.?)?)"
    rf"(?!,?\s+(?i:{_FORM})\b)"
    r"(?=\s*[,(]|\s+(?:an?\s+(?:\w+\s+){0,2}(?i:corporation|company|limited|partnership|trust|individual|llc)|organi[sz]ed|having|whose|with)\b)"
)
_JOIN = re.compile(r"\b(?:and|AND|und|et)\b|\(\d\)")
_COMMON = re.compile(r"^(?:the|this|each|any|its|such|certain|all|date|agreement|exhibit|section)\b", re.IGNORECASE)
_WITH_FORM = re.compile(rf"(?i:\b{_FORM}\b\.?$)|\.com\b")
NAME_MIN_WORDS = 2  # fewest capitalised words of a name without a legal form
NAME_MAX_WORDS = 9  # words of the longest name


def with_introduced_parties(layout: Layout, spans: list[Span]) -> list[Span]:
    """Return the parties found and the others that the first sentence introduces, in document order."""
    more = [s for s in _missing_names(layout, spans) if not any(s.start < k.end and k.start < s.end for k in spans)]
    return sorted([*spans, *more], key=lambda s: s.start) if more else spans


def _missing_names(layout: Layout, spans: list[Span]) -> Iterator[Span]:
    for start, end, first in unnamed_introductions(layout, spans):
        begins = [start] if first else [m.end() for m in _JOIN.finditer(layout.text, start, end)]
        found = (m for at in begins if (m := _NAME.match(layout.text, at, end + 1)))
        m = next((m for m in found if _is_name(m["name"])), None)
        if m:
            text = m["name"].rstrip(" ,")
            at = m.start("name")
            hints = {"legal": bool(_WITH_FORM.search(text)), "before": True, "after": True, "nickname": False}
            value = " ".join(text.split())
            yield Span(start=at, end=at + len(text), text=text, value=value, score=1.0, label_points=1.0, hints=hints)


def _is_name(text: str) -> bool:
    words = text.split()
    capital = [w for w in words if w[0].isupper()]
    return (
        not _COMMON.match(text)
        and len(words) <= NAME_MAX_WORDS
        and (bool(_WITH_FORM.search(text)) or len(capital) >= NAME_MIN_WORDS)
    )
