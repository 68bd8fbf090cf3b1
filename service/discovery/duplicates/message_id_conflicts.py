"""Report mails that share a Message-ID and differ in their text: they are not copies, whatever their hash (MIH) says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from thresher.schemas.discovery.matter import MatterDocument, MatterException, exception_id
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records

_CODE = "mih_body_conflict"


def report_conflicts(matter: Matter) -> int:
    """Record an exception for each mail that has the MIH of an earlier one and another text; return how many are new.

    Copies, as the table `copied` has them, are left out. An exception that is there already stays as it is, with what people said of it.
    """
    before = matter.store.counts("exceptions", "code").get(_CODE, 0)
    records = Records()
    for row in _conflicts(matter):
        _add(matter, records, *row)
    event = matter.event("message_id_conflicts", found=len(records.exceptions))
    if records.exceptions:
        matter.store.write(records, event)
    return matter.store.counts("exceptions", "code").get(_CODE, 0) - before


def _conflicts(matter: Matter) -> Iterator[tuple[str, str, str]]:
    """Yield (place, id, id of the first mail) of each mail whose text is not that of the first with its MIH."""
    statement = (
        "SELECT mih, place, m.id, body FROM mail_texts AS m JOIN documents AS d ON d.id = m.id WHERE body <> '' AND mih IN"
        " (SELECT mih FROM mail_texts WHERE mih IS NOT NULL GROUP BY mih HAVING COUNT(DISTINCT body) > 1)"
        " AND m.id NOT IN (SELECT id FROM copied) ORDER BY mih, place"
    )
    rows = matter.store.connection.execute(statement)
    for _, group in groupby(rows, key=itemgetter(0)):
        first = ("", "")  # id and text of the first mail
        for _, place, document_id, body in group:
            first = first if first[0] else (document_id, body)
            if body != first[1]:
                yield place, document_id, first[0]


def _add(matter: Matter, records: Records, place: str, document_id: str, first: str) -> None:
    document = matter.store.document(document_id)
    if document is None:
        return
    record = _exception(document, first)
    known = "SELECT 1 FROM exceptions WHERE id = ?"
    if matter.store.connection.execute(known, (record.id,)).fetchone() is None:
        records.exception(record, place)


def _exception(document: MatterDocument, first: str) -> MatterException:
    fact, what = EXCEPTION_CODES[_CODE], f"{document.path}: the text is not that of {first}"
    return MatterException(
        id=exception_id(document.id, _CODE, what),
        document_id=document.id,
        path=document.path,
        custodian=document.custodian,
        source=document.source,
        sha256=document.sha256,
        media_type=document.media_type,
        stage="inventory",
        code=_CODE,
        level=fact.level,
        message=f"{what}: {fact.remedy}",
        retryable=fact.retryable,
    )
