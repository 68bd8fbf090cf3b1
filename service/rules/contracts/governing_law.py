"""Law: whether a place is the one whose law governs this document, by its own sentence."""

from __future__ import annotations

import re

from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

BEFORE, AFTER = 420, 260  # characters around a place in which its sentence lies
LINK = 140  # characters between "governed by" and the place whose laws they are
_STOP = re.compile(r"(?<![A-Z]\.[A-Z])(?<!\bInc)(?<!\bNo)[.;](?=\s+[\"“(]?[A-Z(\d])|\n\s*\n")
_GOVERNS = re.compile(
    r"\b(?:govern(?:ed|s|ing)?|constru(?:ed|e|ing)|interpret(?:ed)?|enforced|unterliegt|régi|rige)\b", re.IGNORECASE
)
_LAW = re.compile(r"\b(?:laws?|recht|droit|ley(?:es)?)\b", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:this|the|these)\s+(?:\w+[\s-]+){0,4}?(?:agreement|contract|lease|licen[cs]e|note|deed|letter|undertaking|terms|guarant(?:y|ee)|order|policy|plan|amendment|bond|warrant|facility)\b|\b(?:agreement|vertrag|contrat|contrato|note)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:organi[sz]ed|incorporated|existing|formed|master agreement|uniform commercial code|swap contract|securities laws|shall include|qualified to)\b",
    re.IGNORECASE,
)


def governs(layout: Layout, span: Span) -> bool:
    """Whether a place's sentence says that its law governs the document."""
    before, after = _sentence(layout, span)
    whole = f"{before}{span.text}{after}"
    verb = _GOVERNS.search(whole)
    if verb is None or not _OWN.search(whole) or _OTHER.search(f"{before[-LINK:]}{span.text}"):
        return False
    near = f"{before[-LINK:]}{span.text}{after[:40]}"
    return bool(_LAW.search(near))


def _sentence(layout: Layout, span: Span) -> tuple[str, str]:
    before = layout.text[max(span.start - BEFORE, layout.start) : span.start]
    after = layout.text[span.end : min(span.end + AFTER, layout.end)]
    cuts = [m.end() for m in _STOP.finditer(before)]
    stop = _STOP.search(after)
    return before[cuts[-1] if cuts else 0 :], after[: stop.start() if stop else len(after)]
