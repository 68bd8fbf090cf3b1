"""Decide whether a duration is the term of the document, from its sentence."""

from __future__ import annotations

import re

from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

CHARS_BEFORE, CHARS_AFTER = 320, 90  # characters searched for the sentence around a duration
_STOP = re.compile(r"(?<=[a-z)”\"])[.;](?=\s+[A-Z(“\"\d])|\n\s*\n")
_CONTRACT = (
    r"(?:\b(?:this|the|said)\s+(?:[\w-]+\s+){0,4}?(?:agreement|contract|lease|licen[cs]e|deed|undertaking|letter|arrangement|engagement|policy)\b"
    r"|\b(?:initial\s+|stated\s+)?(?:term|duration)\b(?!\s*(?:SOFR|loan|rate))"
    r"|\b(?:obligations?|restrictions?|covenants?|provisions?|undertakings?|commitments?\s+(?:herein|hereunder))\b)"
)
_VERB = r"\b(?:terminat\w*|expir\w*|remain\w*|continu\w*|surviv\w*|last\w*|effect\w*|force|endure\w*|lapse\w*|cease\w*|term|period|end|ends|be|is)\b"
_CONTRACT_LASTS = re.compile(rf"{_CONTRACT}.*?{_VERB}", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(
    r"\W*(?:period\s*)?(?:from|after|following)\s+(?:the\s+)?(?:date|effective|execution|signing|disclosure)",
    re.IGNORECASE,
)
_SECRECY = re.compile(r"\bconfiden\w*|\bsecre\w*|\bagreement\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:interest period|advances?|loans?|LIBOR|SOFR|libor|rate|records?|commissions?|invoices?|notice)\b",
    re.IGNORECASE,
)


def states_term(layout: Layout, span: Span) -> bool:
    """Whether a duration's sentence states it as the duration of the document, its term or its duties."""
    before = layout.text[max(span.start - CHARS_BEFORE, layout.start) : span.start]
    cuts = [m.end() for m in _STOP.finditer(before)]
    before = before[cuts[-1] if cuts else 0 :]
    after = layout.text[span.end : min(span.end + CHARS_AFTER, layout.end)]
    own = list(_CONTRACT_LASTS.finditer(before))
    if own:
        return not _OTHER.search(before[own[-1].start() :])
    return bool(_FROM.match(after) and _SECRECY.search(before + after) and not _OTHER.search(before))
