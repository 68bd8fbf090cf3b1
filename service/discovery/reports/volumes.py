"""Add up a Matter by custodian, by type and by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from thresher.schemas.discovery.matter import MatterDocument

_MONTH_CHARS = len("2001-05")


@dataclass(slots=True)
class Volume:
    """What belongs together, added up. Dates are those by which families sort; bytes are those of the documents."""

    documents: int = 0
    bytes: int = 0
    families: int = 0
    duplicates: int = 0
    exceptions: int = 0
    held: int = 0
    first: str = ""  # ISO 8601, UTC
    last: str = ""

    def add(self, document: MatterDocument) -> None:
        """Add a document."""
        self.documents += 1
        self.bytes += document.size
        self.families += document.level == 1
        self.duplicates += document.dup_of is not None
        self.exceptions += document.state == "exception"
        self.held += document.held
        if date := sort_date(document):
            self.first, self.last = min(self.first or date, date), max(self.last, date)


@dataclass(slots=True)
class Volumes:
    """All volumes of a Matter."""

    whole: Volume = field(default_factory=Volume)
    custodians: dict[str, Volume] = field(default_factory=lambda: defaultdict(Volume))
    types: dict[tuple[str, str], Volume] = field(default_factory=lambda: defaultdict(Volume))
    kinds: dict[str, Volume] = field(default_factory=lambda: defaultdict(Volume))
    months: dict[str, Volume] = field(default_factory=lambda: defaultdict(Volume))  # "2001-05"; "" without a date


def volumes_of(documents: Iterable[MatterDocument]) -> Volumes:
    """Return the volumes of some documents."""
    found = Volumes()
    for document in documents:
        month = sort_date(document)[:_MONTH_CHARS]
        kind = (document.kind, document.media_type)
        own = (found.custodians[document.custodian], found.types[kind], found.kinds[document.kind], found.months[month])
        for volume in (found.whole, *own):
            volume.add(document)
    return found


def sort_date(document: MatterDocument) -> str:
    """Return the date by which a document's family sorts, in UTC; "" where there is none."""
    date = document.dates.sort
    return (date.utc or "") if date else ""
