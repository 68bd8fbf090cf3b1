"""Encrypted DOCX, XLSX and PPTX: what they are is known only once they are open, so they are sold again then."""

from __future__ import annotations

from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool
from service.readers.office_crypt import read_unlocked
from service.readers.signed import SignedReader


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Reading of what the passwords open. Raises InputProblem `password_protected` or `rms_protected`."""
    from service.readers.auction import read_source  # noqa: PLC0415 - the auction loads this module when it is asked

    return read_unlocked(source, options, spool, read_source)


reader = SignedReader(
    name="protected", reading=read, types=("application/x-ooxml-protected",), streams=("EncryptedPackage",)
)
