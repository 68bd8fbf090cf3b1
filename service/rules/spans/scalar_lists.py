"""Choose several spans for a list of scalars."""

from __future__ import annotations

from thresher.service.rules.fields.wording import plain
from thresher.service.rules.ranking.span_score import MIN_SCORE
from thresher.service.rules.spans.span import Span

MAX_VALUES = 20
MIN_SHARE_OF_BEST = 0.4  # of the best score; spans below are something else


def list_spans(spans: list[Span]) -> list[Span]:
    """Return the spans good enough for a list of scalars, in document order, each value once."""
    chosen: list[Span] = []
    least = max(MIN_SCORE, MIN_SHARE_OF_BEST * spans[0].score) if spans else MIN_SCORE
    for span in (
        s for s in spans if s.score >= (MIN_SCORE if s.hints.get("before") and s.hints.get("after") else least)
    ):
        words = plain(str(span.value))
        if any(words in plain(str(c.value)) or plain(str(c.value)) in words for c in chosen):
            continue
        if not any(c.start < span.end and span.start < c.end for c in chosen):
            chosen.append(span)
    return sorted(chosen[:MAX_VALUES], key=lambda s: s.start)
