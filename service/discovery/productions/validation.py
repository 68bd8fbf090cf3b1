"""Pass 1 over a production: read everything, write nothing, report what is wrong.

find load files -> encoding, delimiters, columns -> rows -> files that rows name -> page images -> families -> files of no row
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from thresher.service.discovery.loadfiles import text_encoding
from thresher.service.discovery.loadfiles.dat_file import DatFile, open_dat
from thresher.service.discovery.loadfiles.dates import DateOrder
from thresher.service.discovery.loadfiles.edrm_xml import open_edrm
from thresher.service.discovery.loadfiles.ipro import lfp_children, lfp_rows
from thresher.service.discovery.loadfiles.opticon import page_images
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.loadfiles.text_encoding import TextEncoding
from thresher.service.discovery.productions.dat_checks import DatChecks
from thresher.service.discovery.productions.family_links import Families
from thresher.service.discovery.productions.file_checks import FileChecks, FileFacts, file_facts
from thresher.service.discovery.productions.findings import Finding, Findings
from thresher.service.discovery.productions.image_checks import ImageChecks, ImageCounts
from thresher.service.discovery.productions.validation_report import ValidationReport, build_report
from thresher.service.discovery.productions.volume import Production


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What pass 1 found: the report for people, and what pass 2 needs."""

    report: ValidationReport
    dat: DatFile
    families: Families
    ids: list[str]  # of the documents, by ordinal
    date_orders: dict[str, DateOrder | None]  # by field


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Who hears of findings and files while pass 1 runs."""

    on_finding: Callable[[Finding], None] | None = None
    on_file: Callable[[FileFacts], None] | None = None  # without it the files are not hashed
    on_native: Callable[[int, str], None] | None = None  # ordinal of the document, native that an LFP names
    on_page: Callable[[int, str, str | None], None] | None = None  # ordinal of the document, key and file of the page


def validate(production: Production, options: LoadOptions, listeners: Listeners | None = None) -> Validation:
    """Return the validation of a production; bad content is a finding, never an exception."""
    listeners = listeners or Listeners()
    findings = Findings(sink=listeners.on_finding)
    open_table = open_edrm if production.table.casefold().endswith(".xml") else open_dat
    dat = open_table(production.root, production.table, options)
    _check_text(dat, findings)
    checks = DatChecks(dat, findings, options.date_order)
    files = FileChecks(production.files, dat.columns, dat.name, findings, listeners.on_file)
    for block in dat.blocks():
        files.check(*checks.add(block))
    if checks.rows == 0:
        findings.add(Finding(code="dat_empty", file=dat.name))
    for name in _lfps(production):
        for child, parent in lfp_children(production.root / name, text_encoding.detect(production.root / name)):
            checks.collector.suggest(child, parent)
    families, ids = checks.finish()
    images = _check_images(production, checks, files, ids, listeners)
    _check_orphans(production, files, findings)
    if listeners.on_file:
        for name in _load_files(production):
            listeners.on_file(file_facts(production.root, name))
    report = build_report(production, checks, files, images, families)
    return Validation(report=report, dat=dat, families=families, ids=ids, date_orders=checks.date_orders())


def _check_text(dat: DatFile, findings: Findings) -> None:
    """Check encoding and header."""
    encoding, columns = dat.encoding, dat.columns

    def find(code: str, detail: str = "", column: str | None = None) -> None:
        findings.add(Finding(code=code, file=dat.name, detail=detail, column=column))

    if encoding.undefined_bytes:
        find("undefined_bytes", f"{encoding.undefined_bytes} bytes")
    if encoding.content_end < encoding.size:
        find("dat_trailing_padding", f"{encoding.size - encoding.content_end} bytes")
    if dat.double_encoded:
        find("dat_mojibake")
    if "BEGBATES" not in columns.positions:
        find("id_column_missing", ", ".join(columns.headers)[:200])
    for position, name in columns.second.items():
        find("duplicate_column", name, columns.headers[position])
    if lost := _lost_bytes(dat.path, encoding):
        find("decode_loss", lost)


def _lost_bytes(path: Path, encoding: TextEncoding) -> str:
    """Return where a file does not decode in its encoding; only a mark or the job can have named a wrong one."""
    if encoding.evidence not in {"byte order mark", "forced", "share of NUL bytes"} or encoding.name == "cp1252":
        return ""
    try:
        for _ in text_encoding.decoded_blocks(path, encoding, errors="strict"):
            pass
    except UnicodeDecodeError as error:
        return f"{encoding.name}: {error.reason}"
    return ""


def _check_images(
    production: Production, checks: DatChecks, files: FileChecks, ids: list[str], listeners: Listeners
) -> ImageCounts:
    """Check the OPT files, and that they hold every document as the DAT says."""
    pages = array("i", bytes(4 * len(ids)))
    images = ImageChecks(files, checks.collector.ordinals, pages, listeners.on_native, listeners.on_page)
    for name in production.images:
        encoding = text_encoding.detect(production.root / name)
        rows = lfp_rows if name in _lfps(production) else page_images
        images.check(name, rows(production.root / name, encoding), has_pages=not _beside_opt(production, name))
    if images.counts.rows:
        _compare_pages(checks, pages, ids)
    return images.counts


def _compare_pages(checks: DatChecks, pages: array[int], ids: list[str]) -> None:
    for i, (counted, said) in enumerate(zip(pages, checks.pages, strict=True)):
        place = {"file": checks.dat.name, "row": checks.row_numbers[i], "id": ids[i]}
        if not counted:
            checks.findings.add(Finding(code="images_missing", **place))  # type: ignore[arg-type]
        elif said > 1 and counted != said:
            detail = f"OPT {counted}, Bates {said}"
            checks.findings.add(Finding(code="page_count_mismatch", detail=detail, **place))  # type: ignore[arg-type]


def _beside_opt(production: Production, name: str) -> bool:
    """Whether a file is an LFP beside an OPT of the same name, which has the same pages."""
    return name in _lfps(production) and any(
        PurePosixPath(other).with_suffix(".lfp").name.casefold() == PurePosixPath(name).name.casefold()
        for other in production.images
        if other.casefold().endswith(".opt")
    )


def _lfps(production: Production) -> list[str]:
    return [name for name in production.images if name.casefold().endswith(".lfp")]


def _load_files(production: Production) -> list[str]:
    return sorted({production.table, *production.images, *production.beside})


def _check_orphans(production: Production, files: FileChecks, findings: Findings) -> None:
    """Record files that nothing names, and links that were not followed."""
    loadfiles = _load_files(production)
    for path in production.files:
        if path not in files.named and path not in loadfiles:
            findings.add(Finding(code="orphan_file", file=path))
    for path in production.files.links:
        findings.add(Finding(code="link_skipped", file=path))
    for path in production.files.closed:
        findings.add(Finding(code="permission_denied", file=path))
    for path in production.files.others:
        findings.add(Finding(code="unsupported_type", file=path))
