"""Read the text of a document: of a mail its body alone, of a produced document what was produced, else the file's."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.collection.content import Role
from thresher.service.discovery.collection.mail_record import mail_text
from thresher.service.discovery.matter.folder import Matter
from thresher.service.readers.base import Spool
from thresher.service.readers.charset import decode
from thresher.service.readers.registry import read_source

_MAILS: dict[str, Role] = {
    "message/rfc822": "mail",
    "application/vnd.ms-outlook": "message",
    "application/vnd.ms-tnef": "tnef",
}
_NO_TEXT = ("image/", "audio/", "video/", "application/octet-stream", "application/x-empty")  # without OCR
PRODUCED_TEXT = "text/x-produced"  # the text that was produced of a document, whatever it looks like


def source_of(matter: Matter, document: MatterDocument) -> Source | None:
    """Return where the text of a document is to be read; None where there is none, or none may be read."""
    found = _produced(matter, document) if document.produced else (matter.original(document), document.media_type)
    if document.withheld or found is None or found[1].startswith(_NO_TEXT) or not found[0].is_file():
        return None
    size = found[0].stat().st_size
    return Source(
        path=document.path or document.id,
        blob=str(found[0]),
        sha256=document.sha256,
        size=size,
        media_type=found[1],
        name=document.name,
    )


def _produced(matter: Matter, document: MatterDocument) -> tuple[Path, str] | None:
    """Return the file of a produced document's text; the images of pages are not read."""
    given = document.produced
    row = matter.store.connection.execute("SELECT path FROM sources WHERE number = ?", (document.source,)).fetchone()
    if given is None or row is None:
        return None
    root = Path(row[0])
    if given.text_from == "text_file" and given.text:
        return root / given.text, PRODUCED_TEXT
    if given.text_from == "load_file" and given.text_sha256:
        return matter.originals.path(given.text_sha256), PRODUCED_TEXT
    if given.text_from == "native" and given.native and not document.redacted:
        return root / given.native, document.media_type
    return None


def text_of(source: Source, options: ReadOptions, spool: Spool) -> str:
    """Return the text of a Source, in a worker process. Raises InputProblem, OSError."""
    path = Path(source.blob)
    if source.size > options.limits.size:
        raise InputProblem("too_large", source.path)
    if source.media_type == PRODUCED_TEXT:
        return decode(path.read_bytes()).text
    if source.media_type in _MAILS:
        return mail_text(path, _MAILS[source.media_type])
    return read_source(source, options, spool).document.text
