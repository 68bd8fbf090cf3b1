"""Choose the reader for a Source: the one with the highest confidence.

    read_source -> size and type -> confidences -> the best reader -> Reading, or one Problem with a code

A reader is asked only if the detected media type starts with one of the prefixes of its Registration, so that modules
of formats that do not occur are never imported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeVar

from thresher.schemas.errors import InputProblem, Note, Problem, SetupProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.base.disk_faults import MACHINE_ERRNOS, machine_problem
from thresher.service.ocr import recognisers
from thresher.service.readers.base import Reader, Reading, Spool
from thresher.service.readers.detection.sniff import HEAD_BYTES, detect
from thresher.service.readers.invisible_characters import without_invisible

log = logging.getLogger(__name__)
Made = TypeVar("Made")

_FALLBACK_MIN_CONFIDENCE = 0.3  # of a reader that may try a file that the best one found damaged
_TEXTS = ("text/", "application/json", "application/x-ndjson", "application/xml", "image/svg+xml", "message/rfc822")


class Registration(NamedTuple):
    """A module with a `reader`, or several `READERS`, and prefixes of the media types that it is asked about."""

    module: str
    types: tuple[str, ...]


_OLE = "application/x-ole-storage"  # the container does not show its type: all readers of OLE files are asked
_UNSURE = "application/octet-stream"
_OOXML = "application/vnd.openxmlformats-officedocument."
_PACKED = ("application/gzip", "application/x-bzip2", "application/x-xz")

READERS: tuple[Registration, ...] = (
    Registration("thresher.service.readers.pdf", ("application/pdf", _UNSURE)),
    Registration("thresher.service.readers.image", ("image/",)),
    Registration("thresher.service.readers.mail.eml_reader", ("message/", "application/mbox", "text/", _UNSURE)),
    Registration("thresher.service.readers.mail.outlook.msg_reader", ("application/vnd.ms-outlook", _OLE)),
    Registration("thresher.service.readers.mail.mbox_reader", ("application/mbox", "text/", _UNSURE)),
    Registration("thresher.service.readers.mail.outlook.tnef_reader", ("application/vnd.ms-tnef",)),
    Registration(
        "thresher.service.readers.office.docx.docx_reader", (_OOXML + "wordprocessingml", "application/vnd.ms-word.")
    ),
    Registration(
        "thresher.service.readers.office.pptx.pptx_reader",
        (_OOXML + "presentationml", "application/vnd.ms-powerpoint."),
    ),
    Registration(
        "thresher.service.readers.office.xlsx.xlsx_reader", (_OOXML + "spreadsheetml", "application/vnd.ms-excel.")
    ),
    Registration("thresher.service.readers.office.legacy.doc_reader", ("application/msword", _OLE)),
    Registration("thresher.service.readers.office.legacy.ppt_reader", ("application/vnd.ms-powerpoint", _OLE)),
    Registration("thresher.service.readers.office.legacy.xls_reader", ("application/vnd.ms-excel", _OLE)),
    Registration("thresher.service.readers.office.encrypted_office", ("application/x-ooxml-protected", _OLE)),
    Registration(
        "thresher.service.readers.office.flat_office", ("application/vnd.oasis", "application/vnd.ms-office.flat-opc")
    ),
    Registration(
        "thresher.service.readers.office.xlsx.spreadsheet_xml", ("application/vnd.ms-excel.spreadsheetml-2003",)
    ),
    Registration("thresher.service.readers.office.odf.odf_reader", ("application/vnd.oasis",)),
    Registration("thresher.service.readers.web.epub_reader", ("application/epub",)),
    Registration("thresher.service.readers.office.rtf.rtf_reader", ("application/rtf", "text/rtf")),
    Registration("thresher.service.readers.text.markdown_reader", ("text/markdown",)),
    Registration(
        "thresher.service.readers.text.calendar_reader",
        ("text/calendar", "text/vcard", "text/x-vcard", "text/directory"),
    ),
    Registration(
        "thresher.service.readers.archives.signed_envelope_reader",
        ("application/pkcs7", "application/x-pkcs7", _UNSURE),
    ),
    Registration("thresher.service.readers.text.plain_reader", (*_TEXTS, "application/mbox", "application/rtf")),
    Registration("thresher.service.readers.text.csv_reader", ("text/",)),
    Registration("thresher.service.readers.parsed.element_json_reader", ("application/json",)),
    Registration("thresher.service.readers.parsed.docling_json_reader", ("application/json",)),
    Registration("thresher.service.readers.text.json_reader", ("application/json", "application/x-ndjson")),
    Registration("thresher.service.readers.text.xml_reader", ("application/xml", "image/svg+xml")),
    Registration("thresher.service.readers.web.html_reader", ("text/html",)),
    Registration("thresher.service.readers.archives.zip_reader", ("application/zip",)),
    Registration("thresher.service.readers.archives.compressed_reader", ("application/x-tar", *_PACKED)),
)

UNSTRUCTURED = "thresher.service.readers.parsed.unstructured_reader"


def read_source(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Reading of one Source; its Document's Source has the detected media type.

    Raises InputProblem (`zero_byte`, `too_large`, `unsupported_type`, `corrupt`, or a code of the reader) and
    SetupProblem (`extra_missing`; `storage_full` or `store_failed` for faults of the machine).
    """
    recognisers.use_folder(options.models)
    return guarded(lambda: _read(source, options, spool), source)


def _read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Detect the type, read with the best reader, and remove characters that are not displayed."""
    path = Path(source.blob)
    head = _head(path, source, options)
    found = detect(path, head, source.name)
    typed = source.model_copy(update={"media_type": found.media_type})
    reading = _read_with_best(typed, head, options, spool)
    reading = replace(reading, document=without_invisible(reading.document, show_hidden=options.hidden_text))
    return _with_notes(reading, found.notes)


def _head(path: Path, source: Source, options: ReadOptions) -> bytes:
    """Return the first bytes of a file; raise where it is missing, empty, too large or unreadable."""
    try:
        size = path.stat().st_size
        if size > options.limits.size:
            raise InputProblem("too_large", f"{source.path} has {size} bytes, the limit is {options.limits.size}")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise InputProblem("file_not_found", source.path) from None
    except OSError as error:
        if error.errno in MACHINE_ERRNOS:
            raise
        raise InputProblem(
            "corrupt", f"{source.path} cannot be read ({error.strerror or type(error).__name__})"
        ) from error
    if not head:
        raise InputProblem("zero_byte", source.path)
    return head


def _read_with_best(source: Source, head: bytes, options: ReadOptions, spool: Spool) -> Reading:
    """Try the readers by falling confidence, until one does not find the file corrupt."""
    first: InputProblem | None = None
    for reader in _candidates(source, head, options):
        try:
            reading = guarded(partial(reader.read, source, options, spool), source)
        except InputProblem as problem:
            if problem.code != "corrupt":
                raise
            first = first or problem
        else:
            return _with_notes(reading, (note("corrupt_partial", first.detail),) if first else ())
    raise first or _unsupported(source)


def _candidates(source: Source, head: bytes, options: ReadOptions) -> Iterator[Reader]:
    """Yield the readers by falling confidence; after the first, only those above a minimum.

    unstructured reads types that it is named for, and those that no other reader takes, where it is installed.
    """
    rated = [(_confidence(reader, head, source), reader) for reader in _readers_of_type(source.media_type)]
    if options.reader == "unstructured" or (
        not any(confidence for confidence, _ in rated) and find_spec("unstructured") is not None
    ):
        rated = [(_confidence(reader, head, source), reader) for reader in _readers(UNSTRUCTURED)] + rated
    best = sorted((b for b in rated if b[0] > 0), key=lambda b: -b[0])  # stable: ties in the order of READERS
    for rank, (confidence, reader) in enumerate(best):
        if rank == 0 or confidence >= _FALLBACK_MIN_CONFIDENCE:
            yield reader


def _confidence(reader: Reader, head: bytes, source: Source) -> float:
    try:
        return reader.confidence(head, source)
    except Exception:  # a reader that fails already here is not tried
        log.debug("bid of %s failed on %s", reader.name, source.path, exc_info=True)
        return 0.0


def _readers_of_type(media_type: str) -> Iterable[Reader]:
    for registration in READERS:
        if media_type.startswith(registration.types):
            yield from _readers(registration.module)


@cache
def _readers(module: str) -> tuple[Reader, ...]:
    """Return the readers of a module. One that lacks a library raises `extra_missing` when it reads, not here."""
    loaded = import_module(module)
    several: tuple[Reader, ...] | None = getattr(loaded, "READERS", None)
    return several or (loaded.reader,)


def guarded(read: Callable[[], Made], source: Source) -> Made:
    """Call a reading, and turn every exception into a Problem with a code; details go to the debug log."""
    try:
        return read()
    except Problem:
        raise
    except ModuleNotFoundError as error:
        log.debug("no library for %s", source.path, exc_info=True)
        raise SetupProblem("extra_missing", f"{source.path} needs the library {error.name}") from error
    except MemoryError:
        raise InputProblem("too_large", f"{source.path} needs more memory than the limit") from None
    except RecursionError:
        raise InputProblem("depth_limit", source.path) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in MACHINE_ERRNOS:
            raise machine_problem(error, source.path) from error
        log.debug("%s failed", source.path, exc_info=True)
        raise InputProblem("corrupt", f"{source.path} ({type(error).__name__})") from error


def _unsupported(source: Source) -> InputProblem:
    return InputProblem("unsupported_type", f"{source.path} is {source.media_type}")


def _with_notes(reading: Reading, notes: tuple[Note, ...]) -> Reading:
    if not notes:
        return reading
    return replace(reading, document=replace(reading.document, notes=[*notes, *reading.document.notes]))
