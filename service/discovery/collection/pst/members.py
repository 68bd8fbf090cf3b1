"""Read the messages of a PST that is inside something else, all of them in order."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from pathlib import Path

from thresher.service.discovery.collection.expansion import ArchiveMember, ArchiveReading
from thresher.service.discovery.collection.mbox_members import mail_name
from thresher.service.discovery.collection.pst.file import PstDamaged, PstFile
from thresher.service.discovery.collection.pst.messages import folders, message_file
from thresher.service.readers.archives.container import Damaged

MESSAGE = "application/vnd.ms-outlook"


def pst_members(path: Path, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    """Yield all messages of a PST as MSG files. Raises InputProblem(corrupt, unsupported_type)."""
    with PstFile(path) as pst:
        found = folders(pst)
        reading.total = sum(len(folder.messages) for folder in found)
        for folder in found:
            for number, nid in enumerate(folder.messages):
                name = f"{folder.path}/{mail_name(number, '.msg')}"
                pieces = functools.partial(_pieces, pst, nid)
                yield ArchiveMember(name, name.encode("utf-8", "surrogatepass"), pieces, None, None, MESSAGE)


def _pieces(pst: PstFile, nid: int) -> Iterator[bytes]:
    try:
        yield message_file(pst, nid)[0]
    except (PstDamaged, struct.error) as error:
        raise Damaged(str(error)) from error
