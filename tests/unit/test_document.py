"""A Document: its place in the Unit, and what is computed from it once."""

from __future__ import annotations

from dataclasses import replace

from thresher.schemas.document import Document
from thresher.schemas.source import Source


def _document(path: str, ordinal: int = 0, text: str = "") -> Document:
    return Document(source=Source(path=path, blob="a", sha256="", size=0), text=text, ordinal=ordinal)


def test_evidence_names_no_source_of_the_units_own_document() -> None:
    """Evidence from the Unit's own Document names no source; evidence from a child names the child's path."""
    own, child = _document("mail.eml"), _document("mail.eml!/bill.pdf", 1)
    assert (own.evidence_source, child.evidence_source) == (None, "mail.eml!/bill.pdf")


def _words(document: Document) -> list[str]:
    return document.text.split()


def test_what_a_function_makes_of_a_document_is_made_once() -> None:
    """The second call gives the same object; a copy with another text makes its own."""
    document = _document("a.txt", text="one two")
    assert document.once(_words) is document.once(_words)
    assert replace(document, text="three").once(_words) == ["three"]
