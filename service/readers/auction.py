"""The auction: one Source to one Reading, by whichever reader bids highest for it.

    read_source -> size and type -> bids -> the best reader -> Reading, or one Problem with a code

A reader is asked only if the detected media type starts with one of the prefixes of its lot, so that modules of
formats that do not occur are never imported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from schemas.errors import InputProblem, Note, Problem, SetupProblem, note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.disks import MACHINE, of_machine
from service.ocr import recognisers
from service.readers.base import Reader, Reading, Spool
from service.readers.invisible import without_invisible
from service.readers.sniff import HEAD, detect

log = logging.getLogger(__name__)

_SECOND_CHANCE = 0.3  # a bidder below this does not get what the winner found damaged
_TEXTS = ("text/", "application/json", "application/x-ndjson", "application/xml", "image/svg+xml", "message/rfc822")


class Lot(NamedTuple):
    """A module with a `reader`, or several `READERS`, and the media types (by prefix) that it is asked about."""

    module: str
    types: tuple[str, ...]


_OLE = "application/x-ole-storage"  # the package tells no more: all who know the form are asked
_UNSURE = "application/octet-stream"
_OOXML = "application/vnd.openxmlformats-officedocument."
_PACKED = ("application/gzip", "application/x-bzip2", "application/x-xz")

LOTS: tuple[Lot, ...] = (
    Lot("service.readers.pdf", ("application/pdf", _UNSURE)),
    Lot("service.readers.image", ("image/",)),
    Lot("service.readers.eml", ("message/", "application/mbox", "text/", _UNSURE)),
    Lot("service.readers.msg", ("application/vnd.ms-outlook", _OLE)),
    Lot("service.readers.mbox", ("application/mbox", "text/", _UNSURE)),
    Lot("service.readers.tnef_file", ("application/vnd.ms-tnef",)),
    Lot("service.readers.docx", (_OOXML + "wordprocessingml", "application/vnd.ms-word.")),
    Lot("service.readers.pptx", (_OOXML + "presentationml", "application/vnd.ms-powerpoint.")),
    Lot("service.readers.xlsx", (_OOXML + "spreadsheetml", "application/vnd.ms-excel.")),
    Lot("service.readers.doc", ("application/msword", _OLE)),
    Lot("service.readers.ppt", ("application/vnd.ms-powerpoint", _OLE)),
    Lot("service.readers.xls", ("application/vnd.ms-excel", _OLE)),
    Lot("service.readers.protected", ("application/x-ooxml-protected", _OLE)),
    Lot("service.readers.flat_office", ("application/vnd.oasis", "application/vnd.ms-office.flat-opc")),
    Lot("service.readers.sheet_xml", ("application/vnd.ms-excel.spreadsheetml-2003",)),
    Lot("service.readers.odf", ("application/vnd.oasis",)),
    Lot("service.readers.epub", ("application/epub",)),
    Lot("service.readers.rtf", ("application/rtf", "text/rtf")),
    Lot("service.readers.markdown", ("text/markdown",)),
    Lot("service.readers.content_lines", ("text/calendar", "text/vcard", "text/x-vcard", "text/directory")),
    Lot("service.readers.signed_file", ("application/pkcs7", "application/x-pkcs7", _UNSURE)),
    Lot("service.readers.plain", (*_TEXTS, "application/mbox", "application/rtf")),
    Lot("service.readers.delimited", ("text/",)),
    Lot("service.readers.json_text", ("application/json", "application/x-ndjson")),
    Lot("service.readers.xml_text", ("application/xml", "image/svg+xml")),
    Lot("service.readers.html", ("text/html",)),
    Lot("service.readers.zip_archive", ("application/zip",)),
    Lot("service.readers.packed", ("application/x-tar", *_PACKED)),
)


def read_source(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Reading of one Source; its Document's Source carries the media type that was found.

    Raises InputProblem (`zero_byte`, `too_large`, `unsupported_type`, `corrupt`, or what the reader says) and
    SetupProblem (`extra_missing`; `storage_full` or `store_failed` for what is the machine's fault).
    """
    recognisers.use(options.models)
    return guarded(lambda: _read(source, options, spool), source)


def _read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    path = Path(source.blob)
    head = _head(path, source, options)
    found = detect(path, head, source.name)
    typed = source.model_copy(update={"media_type": found.media_type})
    reading = _sell(typed, head, options, spool)
    reading = replace(reading, document=without_invisible(reading.document, show_hidden=options.hidden_text))
    return _with_notes(reading, found.notes)


def _head(path: Path, source: Source, options: ReadOptions) -> bytes:
    """The first bytes, from a file that may be read at all."""
    try:
        size = path.stat().st_size
        if size > options.limits.size:
            raise InputProblem("too_large", f"{source.path} has {size} bytes, the limit is {options.limits.size}")
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        raise InputProblem("file_not_found", source.path) from None
    except OSError as error:
        if error.errno in MACHINE:
            raise
        raise InputProblem(
            "corrupt", f"{source.path} can not be read ({error.strerror or type(error).__name__})"
        ) from error
    if not head:
        raise InputProblem("zero_byte", source.path)
    return head


def _sell(source: Source, head: bytes, options: ReadOptions, spool: Spool) -> Reading:
    first: InputProblem | None = None
    for reader in _bidders(source, head):
        try:
            reading = guarded(partial(reader.read, source, options, spool), source)
        except InputProblem as problem:
            if problem.code != "corrupt":
                raise
            first = first or problem
        else:
            return _with_notes(reading, (note("corrupt_partial", first.detail),) if first else ())
    raise first or _nobody(source)


def _bidders(source: Source, head: bytes) -> Iterator[Reader]:
    """Readers by falling bid; after the first, only those sure enough to try what it found damaged."""
    bids = [(_bid(reader, head, source), reader) for reader in _asked(source.media_type)]
    best = sorted((b for b in bids if b[0] > 0), key=lambda b: -b[0])  # stable: ties in the order of LOTS
    for place, (bid, reader) in enumerate(best):
        if place == 0 or bid >= _SECOND_CHANCE:
            yield reader


def _bid(reader: Reader, head: bytes, source: Source) -> float:
    try:
        return reader.bid(head, source)
    except Exception:  # a reader that can not even look at it does not bid
        log.debug("bid of %s failed on %s", reader.name, source.path, exc_info=True)
        return 0.0


def _asked(media_type: str) -> Iterable[Reader]:
    for lot in LOTS:
        if media_type.startswith(lot.types):
            yield from _readers(lot.module)


@cache
def _readers(module: str) -> tuple[Reader, ...]:
    """The readers of a module. One that lacks a library answers with `extra_missing` when it reads, not here."""
    loaded = import_module(module)
    several: tuple[Reader, ...] | None = getattr(loaded, "READERS", None)
    return several or (loaded.reader,)


def guarded(read: Callable[[], Reading], source: Source) -> Reading:
    """Call a reading; what it raises comes out as a Problem with a code, its details in the debug log."""
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
        if isinstance(error, OSError) and error.errno in MACHINE:
            raise of_machine(error, source.path) from error
        log.debug("%s failed", source.path, exc_info=True)
        raise InputProblem("corrupt", f"{source.path} ({type(error).__name__})") from error


def _nobody(source: Source) -> InputProblem:
    return InputProblem("unsupported_type", f"{source.path} is {source.media_type}")


def _with_notes(reading: Reading, notes: tuple[Note, ...]) -> Reading:
    if not notes:
        return reading
    return replace(reading, document=replace(reading.document, notes=[*notes, *reading.document.notes]))
