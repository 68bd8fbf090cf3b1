"""Report the personal data of a matter: a line for each find, with its place and all but its end hidden, and counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import Problem
from thresher.service.base.atomic_files import write_atomically
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.personal_data.finders import personal_data
from thresher.service.discovery.productions.page_map import PageMap, page_map
from thresher.service.discovery.reading.document_texts import DocumentTexts
from thresher.service.exports.csv_tables import InertCsv

PLACES_NAME, COUNTS_NAME = "personal_data.csv", "personal_data.json"
_COLUMNS = ("document_id", "bates", "kind", "text", "start", "end", "masked")
_EVERY = 500  # documents between two words on how far it is


@dataclass(slots=True)
class PersonalDataCounts:
    """Finds by kind, documents by kind, and documents without a text."""

    documents: int = 0
    unread: int = 0
    finds: Counter[str] = field(default_factory=Counter)
    by_document: Counter[str] = field(default_factory=Counter)


async def report_personal_data(
    matter: Matter, texts: DocumentTexts, folder: Path, progress: Callable[[int], None] = lambda _: None
) -> PersonalDataCounts:
    """Write `personal_data.csv` and `.json` into a folder; return the counts. Held documents count, too: no model is asked."""
    counts = PersonalDataCounts()
    part = folder / f".{PLACES_NAME}.part"
    with part.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = InertCsv(file)
        writer.writerow(_COLUMNS)
        for document in matter.store.documents():
            writer.writerows(await _rows(document, texts, counts))
            counts.documents += 1
            if counts.documents % _EVERY == 0:
                progress(counts.documents)
    part.replace(folder / PLACES_NAME)
    body = {"documents": counts.documents, "unread": counts.unread, "finds": dict(sorted(counts.finds.items())),
            "documents_with": dict(sorted(counts.by_document.items()))}  # fmt: skip
    write_atomically(folder / COUNTS_NAME, json.dumps(body, indent=2) + "\n")
    return counts


async def _rows(
    document: MatterDocument, texts: DocumentTexts, counts: PersonalDataCounts
) -> list[tuple[str | int, ...]]:
    """Return the rows of a document, and count them."""
    if document.withheld:
        return []
    try:
        found = await texts.of(document)
    except Problem:
        counts.unread += 1
        return []
    rows: list[tuple[str | int, ...]] = []
    for number, text in enumerate(found, 1):
        pages = _pages(document, text, number)
        for datum in personal_data(text):
            bates = pages.at(datum.start) if pages else ""
            rows.append((document.id, bates, datum.kind, number, datum.start, datum.end, datum.masked))
            counts.finds[datum.kind] += 1
    counts.by_document.update({str(row[2]) for row in rows})
    return rows


def _pages(document: MatterDocument, text: str, number: int) -> PageMap | None:
    keys = document.produced.pages if document.produced else ()
    if not keys:
        return None
    return page_map(text, keys if number == 1 else keys[number - 1 : number] or keys[:1])
