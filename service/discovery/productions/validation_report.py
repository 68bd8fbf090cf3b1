"""The report of pass 1: what the load files are, how the columns were understood, what was counted, what is wrong."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from thresher.service.base.file_names import printable_name
from thresher.service.discovery.productions.dat_checks import DatChecks
from thresher.service.discovery.productions.family_links import Families
from thresher.service.discovery.productions.file_checks import FileChecks
from thresher.service.discovery.productions.findings import SEVERITIES, Severity, meaning_of, severity_of
from thresher.service.discovery.productions.image_checks import ImageCounts
from thresher.service.discovery.productions.volume import Production

GAPS_MAX = 1000  # that are listed; all are counted
Status = Literal["ok", "warnings", "exceptions", "refused"]


class TableFacts(BaseModel):
    """The load file of one row a document."""

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str
    size: int  # bytes
    encoding: str
    encoding_evidence: str
    delimiters: dict[str, str | None]
    has_header: bool
    columns: dict[str, str | None]  # header to canonical field; None is kept verbatim under `extra`
    date_orders: dict[str, str | None]


class ProductionCounts(BaseModel):
    """What was counted. rows = documents + rows_in_exception; image_rows = found + missing + unread; files = the last three."""

    model_config = ConfigDict(frozen=True)

    rows: int
    documents: int
    rows_in_exception: int
    families: int
    children: int
    pages_by_bates: int
    image_rows: int
    images_found: int
    images_missing: int
    image_rows_unread: int
    files: int
    files_named: int
    files_orphaned: int
    load_files: int
    paths_by_rule: dict[int, int]

    def imbalances(self) -> list[str]:
        """Return the equations that do not hold."""
        sides = {
            "rows = documents + rows_in_exception": (self.rows, self.documents + self.rows_in_exception),
            "image_rows = images_found + images_missing + image_rows_unread": (
                self.image_rows,
                self.images_found + self.images_missing + self.image_rows_unread,
            ),
            "files = files_named + files_orphaned + load_files": (
                self.files,
                self.files_named + self.files_orphaned + self.load_files,
            ),
        }
        return [equation for equation, (left, right) in sides.items() if left != right]


class FindingGroup(BaseModel):
    """All findings of one code."""

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity
    count: int
    meaning: str
    examples: list[dict[str, Any]]


class ValidationReport(BaseModel):
    """The outcome of pass 1."""

    model_config = ConfigDict(frozen=True)

    status: Status
    table: TableFacts
    image_files: list[str]
    other_load_files: list[str]
    counts: ProductionCounts
    severities: dict[Severity, int]
    findings: list[FindingGroup]
    imbalances: list[str]
    bates_gaps: int = 0  # runs of numbers that no document has, between those that have one
    first_bates_gaps: list[str] = []  # the first of them, "ABC0006 - ABC0008"


def build_report(
    production: Production, checks: DatChecks, files: FileChecks, images: ImageCounts, families: Families
) -> ValidationReport:
    """Return the report on everything that was checked."""
    findings = checks.findings
    severities = findings.by_severity()
    counts = _counts(production, checks, files, images, families)
    gap_count, gaps = _gaps(checks)
    groups = [
        FindingGroup(
            code=code,
            severity=severity_of(code),
            count=count,
            meaning=meaning_of(code),
            examples=[example.record() for example in findings.examples[code]],
        )
        for code, count in sorted(
            findings.counts.items(), key=lambda item: (SEVERITIES.index(severity_of(item[0])), item[0])
        )
    ]
    return ValidationReport(
        status=_status(severities),
        table=_table_facts(checks),
        image_files=list(production.images),
        other_load_files=list(production.beside),
        counts=counts,
        severities=severities,
        findings=groups,
        imbalances=counts.imbalances(),
        bates_gaps=gap_count,
        first_bates_gaps=gaps,
    )


def _gaps(checks: DatChecks) -> tuple[int, list[str]]:
    """Return the gaps between Bates ranges, counted and the first of them; none where the load file states no ends."""
    if "ENDBATES" not in checks.dat.columns.positions:
        return 0, []
    count, found = checks.ranges.gaps(GAPS_MAX)
    return count, [first if first == last else f"{first} - {last}" for first, last in found]


def _status(severities: dict[Severity, int]) -> Status:
    if severities["fatal"]:
        return "refused"
    if severities["error"]:
        return "exceptions"
    return "warnings" if severities["alert"] or severities["warning"] else "ok"


def _table_facts(checks: DatChecks) -> TableFacts:
    dat = checks.dat
    names = {position: name for name, position in dat.columns.positions.items()}
    split = dat.delimiters
    return TableFacts(
        path=printable_name(dat.name),
        sha256=dat.encoding.sha256,
        size=dat.encoding.size,
        encoding=dat.encoding.name,
        encoding_evidence=dat.encoding.evidence,
        delimiters={
            "separator": split.separator,
            "qualifier": split.qualifier,
            "newline": split.newline,
            "multi": split.multi,
            "nested": split.nested,
        },
        has_header=dat.has_header,
        columns={header: names.get(i) for i, header in enumerate(dat.columns.headers)},
        date_orders=dict(checks.date_orders()),
    )


def _counts(
    production: Production, checks: DatChecks, files: FileChecks, images: ImageCounts, families: Families
) -> ProductionCounts:
    orphans = checks.findings.counts["orphan_file"]
    documents = len(families.parents)
    return ProductionCounts(
        rows=checks.rows,
        documents=documents,
        rows_in_exception=checks.bad_rows,
        families=sum(top == i for i, top in enumerate(families.tops)),
        children=sum(parent >= 0 for parent in families.parents),
        pages_by_bates=sum(checks.pages),
        image_rows=images.rows,
        images_found=images.found,
        images_missing=images.missing,
        image_rows_unread=images.unread,
        files=production.files.count,
        files_named=len(files.named),
        files_orphaned=orphans,
        load_files=len({production.table, *production.images, *production.beside} - files.named),
        paths_by_rule=dict(sorted(files.rules.items())),
    )
