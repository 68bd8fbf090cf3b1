"""Make the rows of a privilege log: enough to assess a claim, and nothing of what it protects.

So there is no subject, no file name and no text in it: the description says what kind of document it is (a metadata log,
as FRCP 26(b)(5)(A) and practice allow).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.discovery.matter.folder import Matter
from thresher.service.exports.csv_tables import InertCsv

Treatment = Literal["held", "withheld", "redacted"]
_KINDS = {"email": "E-mail", "attachment": "Attachment", "edoc": "Electronic document", "hardcopy": "Paper document",
          "calendar": "Calendar entry"}  # fmt: skip
_WORK_PRODUCT = ("work product", "anticipation of litigation")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivilegeLogRow:
    """One row. `basis`: AC (attorney-client), WP (work product), as flagged; a person decides."""

    log_id: str
    control_number: str  # Bates number, else the document's id
    family: str  # control number of the family's parent
    date: str  # ISO 8601, UTC
    document_type: str
    author: str
    to: str
    cc: str
    bcc: str
    description: str
    basis: str
    treatment: Treatment
    attorneys: str


def privilege_log(matter: Matter) -> Iterator[PrivilegeLogRow]:
    """Yield a row for each document that is held, was produced as a slip-sheet, or came redacted, in order."""
    numbers, children = dict[str, str](), Counter[str]()
    for document in matter.store.documents():
        children[document.parent_id or ""] += 1
    count = 0
    for document in matter.store.documents():
        number = document.bates_begin or document.id
        numbers[document.id] = number
        treatment = _treatment(document)
        if treatment:
            count += 1
            yield _row(document, treatment, f"PRIV-{count:06d}", numbers, children[document.id])


def _treatment(document: MatterDocument) -> Treatment | None:
    if document.held:
        return "held"
    return "withheld" if document.withheld else "redacted" if document.redacted else None


def _row(
    document: MatterDocument, treatment: Treatment, log_id: str, numbers: dict[str, str], attachments: int
) -> PrivilegeLogRow:
    date = document.dates.sent or document.dates.modified or document.dates.sort
    return PrivilegeLogRow(
        log_id=log_id,
        control_number=numbers[document.id],
        family=numbers.get(document.family_id, document.family_id),
        date=(date.utc or "") if date else "",
        document_type=_KINDS.get(document.kind, document.kind.capitalize()),
        author="; ".join(document.sender),
        to="; ".join(document.to),
        cc="; ".join(document.cc),
        bcc="; ".join(document.bcc),
        description=_description(document, attachments),
        basis=_basis(document.privilege_flags),
        treatment=treatment,
        attorneys="; ".join(
            f.partition(":")[2] for f in document.privilege_flags if f.startswith(("counsel:", "quoted:"))
        ),
    )


def _description(document: MatterDocument, attachments: int) -> str:
    kind = _KINDS.get(document.kind, document.kind.capitalize())
    of = " to a message" if document.kind == "attachment" else ""
    people = len({*document.to, *document.cc, *document.bcc})
    to = f" to {people} recipient{'s' if people != 1 else ''}" if people else ""
    more = f" with {attachments} attachment{'s' if attachments != 1 else ''}" if attachments else ""
    counsel = ", counsel among its people" if any(f.startswith("counsel:") for f in document.privilege_flags) else ""
    return f"{kind}{of}{to}{more}{counsel}"


def _basis(flags: tuple[str, ...]) -> str:
    """Return the grounds that the flags suggest.

    >>> _basis(("counsel:ann@firm.example", "term:attorney work product"))
    'AC; WP'
    """
    terms = [flag.removeprefix("term:").casefold() for flag in flags if flag.startswith("term:")]
    product = any(word in term for term in terms for word in _WORK_PRODUCT)
    client = any(flag.startswith(("counsel:", "quoted:")) for flag in flags) or len(terms) > sum(
        any(word in term for word in _WORK_PRODUCT) for term in terms
    )
    return "; ".join(ground for ground, stands in (("AC", client), ("WP", product)) if stands)


def write_privilege_log(rows: Iterable[PrivilegeLogRow], path: Path) -> int:
    """Write the rows as CSV (UTF-8 with a mark, for Excel); return how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = InertCsv(file)
        writer.writerow([f.name for f in fields(PrivilegeLogRow)])
        for row in rows:
            writer.writerow(astuple(row))
            count += 1
    return count
