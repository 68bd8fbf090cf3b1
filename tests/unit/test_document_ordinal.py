"""A Document knows its place in the Unit."""

from __future__ import annotations

from thresher.schemas.document import Document
from thresher.schemas.source import Source


def test_evidence_names_no_source_of_the_units_own_document() -> None:
    """Evidence from the Unit's own Document names no source; evidence from a child names the child's path."""
    own, child = (
        Document(source=Source(path=path, blob="a", sha256="", size=0), text="", ordinal=n)
        for n, path in enumerate(("mail.eml", "mail.eml!/bill.pdf"))
    )
    assert (own.evidence_source, child.evidence_source) == (None, "mail.eml!/bill.pdf")
