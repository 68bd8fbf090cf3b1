"""Rank the places of values in a Unit.

The main Document comes before its attachments, the body of a Document before its exhibits, a labelled place before any other.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence

HEAD_LINES = 10  # first lines, where a heading like "EXHIBIT 10.1" names the Document itself
LABEL_WINDOW_CHARS = 80  # code points before a value that may contain its label
_EXHIBIT = re.compile(
    r"^[ \t#*]*(?:exhibit|annex|annexe|appendix|schedule|attachment|anlage|anhang|anexo|allegato|bijlage|załącznik|příloha)"
    r"\s+[A-Z0-9][\w.\-]{0,5}\b[^\n]{0,100}$",
    re.IGNORECASE | re.MULTILINE,
)
_CONTENTS = re.compile(
    r"(?:(?<!\.)\.{3,}+|…|(?<!\s)(?:\t|\s{2,}+))\s*+\d{1,4}\s*+$"
)  # a line of a table of contents ends with a page number


class PlaceRank(NamedTuple):
    """The rank of a place, nearest to where a Document states its own facts first; the least is best."""

    attached: bool  # in another Document than the Unit's own
    exhibit: bool  # in an exhibit of its Document
    unlabelled: bool  # not after words of the field's name


class PlaceRanks:
    """The Documents of a Unit, whose places are ranked."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Take the Unit's Documents, its own first; a mail's attachments count as much as the mail."""
        self._documents, self._witnesses = documents, repeating_documents(documents)

    def of(self, document: int, evidence: Evidence, words: frozenset[str]) -> PlaceRank:
        """Return the rank of a place in the `document`th Document, for a field with these words in its name."""
        if document >= len(self._documents) or evidence.start is None:
            return PlaceRank(self._is_attached(document), exhibit=False, unlabelled=True)
        text = self._documents[document].text
        before = text[max(0, evidence.start - LABEL_WINDOW_CHARS) : evidence.start].casefold()
        labelled = bool(words & set(re.findall(r"[^\W\d_]+", before)))
        return PlaceRank(self._is_attached(document), evidence.start >= self._bodies[document], not labelled)

    def _is_attached(self, document: int) -> bool:
        if document in self._witnesses:
            return True
        return document > 0 and bool(self._documents) and self._documents[0].kind != "mail"

    @cached_property
    def _bodies(self) -> list[int]:
        return [end_of_body(d.text) for d in self._documents]


def repeating_documents(documents: Sequence[Document]) -> frozenset[int]:
    """Return the indices of Documents that repeat the records of another one: the XML in a PDF, or beside a page in a mail.

    ZUGFeRD, Factur-X and UBL invoices have their data like this; page and XML together are one set of records.
    """
    xml, homes = {"application/xml", "text/xml"}, {d.source.id for d in documents if d.kind in {"pdf", "mail"}}
    return frozenset(i for i, d in enumerate(documents) if d.source.media_type in xml and d.source.parent in homes)


def end_of_body(text: str) -> int:
    r"""Return the offset of the first exhibit, annex or schedule of a text; its length where there is none.

    >>> end_of_body("\n".join([*["We agree."] * 12, "ANNEX 1: Prices", "Tea 5.00"]))
    120
    """
    starts = [m.start() for m in re.finditer(r"^[^\n]*\S[^\n]*$", text, re.MULTILINE)]
    found = [m for m in _EXHIBIT.finditer(text) if not _CONTENTS.search(m[0])]
    lines = {m.start(): bisect_left(starts, m.start()) for m in found}
    numbers = set(lines.values())
    alone = (m for m in found if lines[m.start()] >= HEAD_LINES and lines[m.start()] + 1 not in numbers)
    return next((m.start() for m in alone), len(text))
