"""Find the quote of a piece of evidence in a document's text that was read again."""

from __future__ import annotations

from thresher.schemas.errors import InputProblem
from thresher.service.reviews.field_view import FieldsView

PASSAGE_MAX_CHARS = 20_000  # of one passage


def quote_at(view: FieldsView, path: str, span: tuple[int, int]) -> str | None:
    """Return the quote of the evidence with a span in a source; None where none has it."""
    evidence = (e for e in view.machine.evidence if (e.source or "") == path)
    return next((e.quote for e in evidence if (e.start, e.end) == span), None)


def moved_span(text: str, span: tuple[int, int], quote: str | None) -> tuple[int, int]:
    """Return where the quote of a span stands in a text that was read anew: other choices of reading may move it."""
    start, end = span
    if quote is None:
        if not 0 <= start <= end <= len(text):
            raise InputProblem("not_found", f"the text has {len(text)} characters")
        return span
    if text[start:end] == quote:
        return span
    found = min(_places(text, quote), key=lambda i: abs(i - start), default=None)
    if found is None:
        raise InputProblem("not_found", "the text, read anew, does not hold the quote any more")
    return found, found + len(quote)


def _places(text: str, quote: str) -> list[int]:
    found: list[int] = []
    at = text.find(quote)
    while at >= 0 and len(found) < 1000:
        found.append(at)
        at = text.find(quote, at + 1)
    return found
