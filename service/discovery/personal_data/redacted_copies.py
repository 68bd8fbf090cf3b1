"""Write copies of a matter's texts in which personal data is redacted, and a list of what was redacted where.

Held and withheld documents have no copy. Nothing of the matter changes; what a production redacted stays so, for only its
produced text is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from thresher.schemas.choices import PersonalKind
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import Problem
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.personal_data.finders import personal_data
from thresher.service.discovery.personal_data.redaction import redacted
from thresher.service.discovery.reading.document_texts import DocumentTexts
from thresher.service.discovery.reading.texts import Texts
from thresher.service.exports.csv_tables import InertCsv

LIST_NAME = "redactions.csv"
_COLUMNS = ("document_id", "text", "kind", "start", "end", "start_in_copy")


async def write_redacted(matter: Matter, texts: DocumentTexts, out: Path, kinds: frozenset[PersonalKind]) -> int:
    """Write `ab/ID.txt` for each document that has a text, and `redactions.csv`, into a folder; return how many copies."""
    copies, count = Texts(out), 0
    with (out / LIST_NAME).open("w", encoding="utf-8-sig", newline="") as file:
        writer = InertCsv(file)
        writer.writerow(_COLUMNS)
        for document in matter.store.documents():
            found = [] if document.held or document.withheld else await _texts(texts, document)
            for number, text in enumerate(found, 1):
                copies.put(document.id, number, redacted(text, kinds).text)
                writer.writerows((document.id, number, *row) for row in _rows(text, kinds))
            count += bool(found)
    matter.record_event("redacted_copies", documents=count, kinds=sorted(kinds))
    return count


async def _texts(texts: DocumentTexts, document: MatterDocument) -> list[str]:
    try:
        return await texts.of(document)
    except Problem:
        return []


def _rows(text: str, kinds: frozenset[PersonalKind]) -> Iterator[tuple[str | int, ...]]:
    """Yield kind, place in the text, and where the mark begins in the copy."""
    shift = 0
    for datum in personal_data(text):
        if datum.kind in kinds:
            yield datum.kind, datum.start, datum.end, datum.start + shift
            shift += len(f"[REDACTED:{datum.kind}]") - (datum.end - datum.start)
