"""What an import of collections may be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from thresher.schemas.choices import DenistMode
from thresher.schemas.policy import Limits

LIMITS = Limits(ratio=100.0, members=1_000_000, expanded=64 * 2**30)  # mailboxes are larger than files to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionOptions:
    """Choices that decide what a unit of work gives: the same bytes with the same options give the same records.

    `timezone`: IANA name of the zone that is assumed where a date states none, and in which dates are shown.
    `denist`: files with the digests of known files; `denist_mode`: "exclude" (no document), "keep" (a document with
    `extra["denist"]`), "log" (counted only). `bcc`: whether blind copies belong to the key of duplicates. `copies`:
    whether files that lie in a SOURCE are copied too; else they are read where they lie. `embedded`: whether files in documents (attachments of a PDF, embedded
    files of OOXML) become documents of their own; else they are read with the document that holds them.
    """

    timezone: str = "UTC"
    passwords: tuple[str, ...] = field(default=(), repr=False)
    denist: tuple[str, ...] = ()
    denist_mode: DenistMode = "exclude"
    bcc: bool = True
    copies: bool = False
    embedded: bool = False
    limits: Limits = LIMITS
