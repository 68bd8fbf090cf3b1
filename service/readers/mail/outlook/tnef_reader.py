"""Read TNEF files (winmail.dat) on their own, and mails embedded in one."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.bodies import choose_version, without_rtf
from thresher.service.readers.mail.header_values import utc
from thresher.service.readers.mail.letter import Letter
from thresher.service.readers.mail.outlook.tnef import SIGNATURE, unpack
from thresher.service.readers.mail.to_document import letter_to_reading


class TnefReader:
    """Read the text and the files of a TNEF."""

    name = "tnef"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the signature decides
        """Return 0.95 for its signature, else 0."""
        return 0.95 if head.startswith(SIGNATURE) else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return a mail with the content of the TNEF. Raises InputProblem(corrupt)."""
        try:
            unpacked = unpack(Path(source.blob).read_bytes())
        except ValueError as error:
            raise InputProblem("corrupt", f"{source.path}: {error}") from error
        letter = Letter(enclosures=unpacked.enclosures[: options.limits.members], found=len(unpacked.enclosures))
        letter.headers = unpacked.headers
        letter.facts = {label.lower(): value for label, value in unpacked.headers}
        sent = utc(letter.facts.get("date", ""))
        if sent:
            letter.facts["sent"] = sent
        if unpacked.damaged:
            letter.notes.append(note("corrupt_partial", source.path))
        letter.bodies = choose_version([[without_rtf(body)] for body in unpacked.bodies], letter.notes)
        letter.pages = [body.text for body in letter.bodies if body.kind == "html"]
        return letter_to_reading(letter, source, options, spool)


reader = TnefReader()
