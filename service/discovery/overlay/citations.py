"""Say where a value stands, as lawyers cite it: the Bates number of the page, and the characters in the document's text."""

from __future__ import annotations

from thresher.schemas.extraction import Evidence
from thresher.schemas.matter import MatterDocument


def citation(document: MatterDocument, evidence: Evidence) -> str:
    """Return the citation of one piece of Evidence.

    `ABC0000124@310-325`: page and characters `[310, 325)`, counted from 0 in the stored text. Without Bates numbers
    `page 2@310-325`, without pages `text@310-325`; `derived from /a, /b` and `by a person` where no text is cited.
    """
    if evidence.method == "corrected":
        return "by a person"
    if evidence.match == "derived":
        return f"derived from {', '.join(evidence.derived_from)}" if evidence.derived_from else "derived"
    place = _page(document, evidence)
    if evidence.start is None or evidence.end is None:
        return place if evidence.page else ""
    return f"{place}@{evidence.start}-{evidence.end}"


def _page(document: MatterDocument, evidence: Evidence) -> str:
    """Return the page; of a file inside or beside the document's own with the rest of its path."""
    pages = document.produced.pages if document.produced else ()
    page = evidence.page
    inside = (evidence.source or "").partition("!/")[2] if evidence.source else ""
    if page and 0 < page <= len(pages):
        return pages[page - 1]
    shown = f"page {page}" if page else document.bates_begin or "text"
    return f"{inside} {shown}" if inside else shown
