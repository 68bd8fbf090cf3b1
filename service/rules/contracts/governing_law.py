"""Decide whether a place is the one whose law governs this document, from its sentence."""

from __future__ import annotations

import re

from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

CHARS_BEFORE, CHARS_AFTER = 420, 260  # characters searched for the sentence around a place
LINK_MAX_CHARS = 140  # most characters between "governed by" and the place
_STOP = re.compile(r"(?<![A-Z]\.[A-Z])(?<!\bInc)(?<!\bNo)[.;](?=\s+[\"“(]?[A-Z(\d])|\n\s*\n")
_GOVERNS = re.compile(
    r"\b(?:govern(?:ed|s|ing)?|constru(?:ed|e|ing)|interpret(?:ed)?|enforced|unterliegt|régi|rige)\b", re.IGNORECASE
)
_LAW = re.compile(r"\b(?:laws?|recht|droit|ley(?:es)?)\b", re.IGNORECASE)
_THIS_DOCUMENT = re.compile(
    r"\b(?:this|the|these)\s+(?:\w+[\s-]+){0,4}?(?:agreement|contract|lease|licen[cs]e|note|deed|letter|undertaking|terms|guarant(?:y|ee)|order|policy|plan|amendment|bond|warrant|facility)\b|\b(?:agreement|vertrag|contrat|contrato|note)\b",
    re.IGNORECASE,
)
_OTHER_SUBJECT = re.compile(
    r"\b(?:organi[sz]ed|incorporated|existing|formed|master agreement|uniform commercial code|swap contract|securities laws|shall include|qualified to)\b",
    re.IGNORECASE,
)


def states_governing_law(layout: Layout, span: Span) -> bool:
    """Whether a place's sentence says that its law governs the document."""
    before, after = _sentence(layout, span)
    whole = f"{before}{span.text}{after}"
    verb = _GOVERNS.search(whole)
    if (
        verb is None
        or not _THIS_DOCUMENT.search(whole)
        or _OTHER_SUBJECT.search(f"{before[-LINK_MAX_CHARS:]}{span.text}")
    ):
        return False
    near = f"{before[-LINK_MAX_CHARS:]}{span.text}{after[:40]}"
    return bool(_LAW.search(near))


def _sentence(layout: Layout, span: Span) -> tuple[str, str]:
    before = layout.text[max(span.start - CHARS_BEFORE, layout.start) : span.start]
    after = layout.text[span.end : min(span.end + CHARS_AFTER, layout.end)]
    cuts = [m.end() for m in _STOP.finditer(before)]
    stop = _STOP.search(after)
    return before[cuts[-1] if cuts else 0 :], after[: stop.start() if stop else len(after)]
