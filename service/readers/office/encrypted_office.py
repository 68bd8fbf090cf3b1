"""Encrypted DOCX, XLSX and PPTX: what they are is known only once they are open, so they are sold again then."""

from __future__ import annotations

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.office.office_decryption import read_unlocked
from thresher.service.readers.office.package_reader import PackageReader


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Reading of what the passwords open. Raises InputProblem `password_protected` or `rms_protected`."""
    from thresher.service.readers.registry import read_source  # noqa: PLC0415 - the auction loads this module when it is asked

    return read_unlocked(source, options, spool, read_source)


reader = PackageReader(
    name="protected", reading=read, types=("application/x-ooxml-protected",), streams=("EncryptedPackage",)
)
