"""Read the texts of mails whose passages are not known yet: those of productions, which are imported without their texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.document_texts import text_of
from thresher.service.discovery.mail_passages import compared
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records
from thresher.service.discovery.text_reading import TextReading
from thresher.service.discovery.threads.thread_mails import ThreadMail, ThreadPlace
from thresher.service.readers.base import Spool

_UNREAD = ("", b"")  # is kept too, so that a text that can not be read is not read again


def read_passages(source: Source, options: ReadOptions, spool: Spool) -> tuple[str, bytes]:
    """Return what is compared of the text of a Source that is a mail, in a worker process."""
    return compared(text_of(source, options, spool))


def add_missing_passages(reading: TextReading, mails: Iterable[ThreadMail], places: dict[str, ThreadPlace]) -> None:
    """Keep the passages of mails that have others in their thread, where they are missing."""
    matter = reading.matter
    for batch in reading.read(_missing(matter, list(mails), places), read_passages):
        records = Records()
        for document, made in batch:
            records.mail_text(document.id, document.mih, *(made or _UNREAD))
        matter.store.write(records)


def _missing(matter: Matter, mails: list[ThreadMail], places: dict[str, ThreadPlace]) -> Iterator[MatterDocument]:
    sizes = Counter(places[mail.id].thread_id for mail in mails if mail.dup_of not in places)
    known = matter.store.ids_of_mail_texts()
    for mail in mails:
        if mail.id in known or sizes[places[mail.id].thread_id] < 2:
            continue
        document = matter.store.document(mail.id)
        if document is not None:
            yield document
