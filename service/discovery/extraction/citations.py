"""Cite the evidence of a Result as lawyers do: Bates number of the page, or the document's id and page; and characters.

Characters count in the text that is kept of the document (`texts/ab/ID.txt`), from 0, the end not included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a value stands. `page` is 1-based in the file; None where it has no pages."""

    path: str  # JSON Pointer of the value
    document_id: str
    bates: str | None  # of the page; of the whole document, "first-last", where the page is not known
    page: int | None
    start: int | None
    end: int | None
    quote: str
    text: int = 1  # number of the text: 1 is the document's own, others are of further page images or pictures in it

    def __str__(self) -> str:
        """Return the citation as one writes it: "ABC0000123@120-145", "page 2@120-145", "text@120-145"."""
        where = self.bates or (f"page {self.page}" if self.page else "text")
        number = f"/{self.text}" if self.text > 1 else ""
        return where if self.start is None else f"{where}{number}@{self.start}-{self.end}"


def citations(document: MatterDocument, result: Result[Any]) -> Iterator[Citation]:
    """Yield a citation for each piece of evidence of a document's Result."""
    places = {facts.path: number for number, facts in enumerate(result.sources, 2)}
    pages = [facts.pages or 1 for facts in (result.source, *result.sources)]
    for evidence in result.evidence:
        number = places.get(evidence.source or "", 1)
        yield Citation(
            path=evidence.path,
            document_id=document.id,
            bates=_bates(document, evidence, sum(pages[: number - 1])),
            page=evidence.page,
            start=evidence.start,
            end=evidence.end,
            quote=evidence.quote,
            text=number,
        )


def _bates(document: MatterDocument, evidence: Evidence, pages_before: int) -> str | None:
    """Return the Bates number of the page that a piece of evidence is on."""
    pages = document.produced.pages if document.produced else ()
    is_paged = evidence.page is not None or pages_before > 0
    if len(pages) > 1 and not is_paged:
        return f"{pages[0]}-{pages[-1]}"
    index = pages_before + (evidence.page or 1) - 1
    return pages[index] if index < len(pages) else document.bates_begin
