"""Read the files that a document holds beside its text: attachments of a PDF, embedded files of an OOXML document."""

from __future__ import annotations

import functools
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.collection.expansion import ArchiveMember, ArchiveReading
from thresher.service.readers.archives.container import PIECE_BYTES, Damaged
from thresher.service.readers.archives.zip_reader import FAULTS
from thresher.service.readers.base import Spool

PDF = "application/pdf"
_OOXML = "application/vnd.openxmlformats-officedocument."
_OOXML_MACROS = "macroenabled"  # in application/vnd.ms-word.document.macroEnabled.12 and the like
_FOLDER = "embeddings"  # below word/, xl/ and ppt/


def may_embed(media_type: str) -> bool:
    """Whether files of a type are looked into."""
    return media_type == PDF or media_type.startswith(_OOXML) or _OOXML_MACROS in media_type.lower()


def embedded_members(path: Path, media_type: str, reading: ArchiveReading, folder: Path) -> Iterator[ArchiveMember]:
    """Yield the files in a document, in order; `folder` takes files while this goes on. Bytes must be read at once.

    Raises InputProblem where it can not be opened.
    """
    if media_type == PDF:
        with tempfile.TemporaryDirectory(dir=folder, prefix="embedded-") as place:
            yield from _of_pdf(path, reading, Path(place))
    elif zipfile.is_zipfile(path):  # an encrypted one is none, which its reading will tell
        yield from _of_ooxml(path, reading)


def _of_pdf(path: Path, reading: ArchiveReading, place: Path) -> Iterator[ArchiveMember]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - loads a library that most units do not need

    from thresher.service.readers.pdf.forms.attachments_and_facts import Attachments  # noqa: PLC0415 - as above
    from thresher.service.readers.pdf.opening import open_document  # noqa: PLC0415 - as above

    source = Source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
    options = ReadOptions(passwords=reading.passwords)
    attachments = Attachments(source, Spool(place), options)
    with open_document(source, options) as (handle, _):
        attachments.named(handle)
        for number in range(pdfium.FPDF_GetPageCount(handle)):
            page = pdfium.FPDF_LoadPage(handle, number)
            if page:
                attachments.pinned(page)
                pdfium.FPDF_ClosePage(page)
    reading.total = len(attachments.children) + len(attachments.notes)
    reading.unread += [(f"attachment {i}", n.code, n.message) for i, n in enumerate(attachments.notes, 1)]
    for child in attachments.children:
        name = child.name or "unnamed"
        yield ArchiveMember(
            name, name.encode("utf-8", "surrogatepass"), functools.partial(_file, Path(child.blob or ""))
        )


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _of_ooxml(path: Path, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    try:
        archive = zipfile.ZipFile(path)
    except FAULTS as error:
        raise InputProblem("corrupt", path.name) from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and _is_embedded(info.filename)]
        reading.total = len(infos)
        for info in infos:
            name = PurePosixPath(info.filename).name
            pieces = functools.partial(_member, archive, info)
            yield ArchiveMember(name, name.encode("utf-8", "surrogatepass"), pieces, info.compress_size)


def _is_embedded(name: str) -> bool:
    folders = PurePosixPath(name).parts[:-1]
    return len(folders) == 2 and folders[1].casefold() == _FOLDER


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except (*FAULTS, NotImplementedError, RuntimeError) as error:
        raise Damaged(str(error) or type(error).__name__) from error
