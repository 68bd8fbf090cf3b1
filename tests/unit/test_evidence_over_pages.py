"""Evidence that runs over a page break names the boxes of both pages, whichever stage found the value."""

from __future__ import annotations

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Evidence
from thresher.schemas.source import Source
from thresher.service.rules.extractor import _evidence
from thresher.service.rules.spans.span import Span
from thresher.service.rules.target_values import FoundValue

LINES = ("Hauptstraße 20", "80333 München")
BOTH = f"{LINES[0]}\n{LINES[1]}"


def two_pages() -> Document:
    """An address of which each line stands on a page of its own."""
    made = DocumentBuilder(Source(path="a.pdf", blob="a.pdf", sha256="", size=1), kind="pdf")
    for number, line in enumerate(LINES, 1):
        made.page(600, 800)
        start, end = made.block(line)
        made.document.lines.add(start, end, number, (10, 20, 90, 30))
    return made.build()


def test_evidence_of_a_range() -> None:
    """The first page has its boxes, the second is what it is continued by."""
    found = Evidence.at(two_pages(), (0, len(BOTH)), "/address")
    assert (found.quote, found.page, len(found.boxes)) == (BOTH, 1, 1)
    assert [(on.page, len(on.boxes)) for on in found.continued] == [(2, 1)]


def test_evidence_of_rules() -> None:
    """A value that rules read: the boxes of the second page were lost."""
    span = Span(start=0, end=len(BOTH), text=BOTH, value=BOTH)
    found = _evidence(two_pages(), FoundValue("/address", span))
    assert [on.page for on in found.continued] == [2]
