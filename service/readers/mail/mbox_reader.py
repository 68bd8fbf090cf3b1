"""Read mailboxes in one file (mbox): a container of mails, each a child with its bytes unchanged."""

from __future__ import annotations

import mmap
from itertools import islice
from pathlib import Path

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.headers import decode_value, split_section
from thresher.service.readers.mail.mbox_ranges import MailRange, count_from_lines_in_text, mail_ranges, preamble

_HEADER_BYTES = 1 << 16  # bytes of a mail that are parsed for the list of members
_BOM = b"\xef\xbb\xbf"


class MboxReader:
    """Read an mbox as a list of its mails, and each mail as a child."""

    name = "mbox"

    def confidence(self, head: bytes, source: Source) -> float:
        """Judge by the `From ` lines; a single one may also belong to a mail saved with it."""
        text = head.removeprefix(_BOM)
        if not text.startswith(b"From "):
            return 0.0
        count = len(list(islice(mail_ranges(text), 2)))
        saved = source.name.lower().endswith(".eml") or source.relation != "root"
        return 0.97 if count > 1 else 0.0 if not count else 0.5 if saved else 0.96

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the list and the mails. Raises InputProblem(zero_byte, corrupt)."""
        if not Path(source.blob).stat().st_size:
            raise InputProblem("zero_byte", source.path)
        with Path(source.blob).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(data, source, options, spool)


def _read(data: mmap.mmap, source: Source, options: ReadOptions, spool: Spool) -> Reading:
    builder, limits = DocumentBuilder(source, kind="container"), options.limits
    children: list[Source] = []
    total = expanded = 0
    for boxed in mail_ranges(data):
        total += 1
        expanded += boxed.end - boxed.start
        if total <= limits.members and expanded <= limits.expanded:
            children.append(_member(builder, data[boxed.start : boxed.end], boxed, spool, len(children)))
    if not total:
        raise InputProblem("corrupt", f"{source.path} has no line that parts mails")
    builder.document.facts["members"] = str(total)
    if total > len(children):
        builder.document.notes.append(note("expansion_limit", f"{len(children)} of {total} mails were read"))
    _report_leftovers(builder, data, total)
    return Reading(builder.build(), children)


def _member(builder: DocumentBuilder, data: bytes, boxed: MailRange, spool: Spool, ordinal: int) -> Source:
    """Store one mail and write its line of the list: number, `From ` line, sender, date, subject."""
    headers = split_section(data[:_HEADER_BYTES])[0]
    subject = headers.get("subject")
    shown = [str(ordinal + 1), decode_value(boxed.line), headers.get("from"), headers.get("date"), subject]
    builder.part(f"mail {ordinal + 1}")
    builder.block("\t".join(" ".join(s.split()) for s in shown), BlockKind.LIST_ITEM, 1)
    return spool.child(
        builder.document.source,
        data,
        name=f"{subject[:80].replace('/', '-').strip() or 'message'}.eml",
        ordinal=ordinal,
        relation="member",
        declared_type="message/rfc822",
    )


def _report_leftovers(builder: DocumentBuilder, data: mmap.mmap, total: int) -> None:
    """Add a Note on text that belongs to no mail, and a fact of `From ` lines that were taken for text."""
    before = data[: preamble(data)].removeprefix(_BOM).strip()
    if before:
        builder.document.notes.append(note("corrupt_partial", f"{len(before)} bytes before the first mail"))
    lines = count_from_lines_in_text(data, total)
    if lines:
        builder.document.facts["from_lines_in_text"] = str(lines)


reader = MboxReader()
