"""Read encrypted DOCX, XLSX and PPTX: their type is known only after decryption, so a reader is chosen again then."""

from __future__ import annotations

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.office.office_decryption import read_unlocked
from thresher.service.readers.office.package_reader import PackageReader


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Reading of the decrypted file. Raises InputProblem(password_protected, rms_protected)."""
    from thresher.service.readers.registry import read_source  # noqa: PLC0415 - the registry loads this module only when needed

    return read_unlocked(source, options, spool, read_source)


reader = PackageReader(
    name="protected", reading=read, types=("application/x-ooxml-protected",), streams=("EncryptedPackage",)
)
