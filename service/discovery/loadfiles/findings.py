"""What can be wrong with a production: one table of codes, and the record of one finding.

fatal: nothing is loaded. error: the row or file becomes an exception. warning: loaded as given, and said. alert: as a warning, but a
person should act. Every finding is counted; a report shows the first of each code, the whole list goes where `sink` sends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["fatal", "error", "alert", "warning"]
SEVERITIES: tuple[Severity, ...] = ("fatal", "error", "alert", "warning")
EXAMPLES_MAX = 20  # findings of one code kept in a report

_FATAL = {
    "id_column_missing": "no column holds the document id; name the columns with the option `columns`",
    "duplicate_id": "two rows have the same document id; ask the producing party for a mended load file",
    "dat_mojibake": "the text was encoded twice (the qualifier reads Ã¾); ask for the file as it was made",
    "dat_empty": "the load file has no rows of values",
    "opt_duplicate_key": "two pages have the same image key; ask the producing party for a mended OPT",
}
_ERROR = {
    "dat_column_count": "the row has another number of columns than the header; it is kept as an exception, unread",
    "dat_unclosed_value": "the last value is never closed by its qualifier; the file may be cut off",
    "missing_id": "the row has no document id",
    "bates_range": "the end of the Bates range is of another series, or comes before its beginning",
    "bates_overlap": "the Bates range overlaps the one of another document",
    "missing_file": "the file that the row names is not in the volume",
    "path_escape": "the path leaves the volume; it was not followed",
    "zero_byte": "the file is empty",
    "parent_missing": "the parent is not in the load file",
    "child_missing": "the row lists an attachment that is not in the load file",
    "family_conflict": "the columns of a family disagree; the most trusted was believed: PARENTID, ATTACHIDS, GROUPID, BEGATTACH",
    "opt_image_missing": "the page image is not in the volume",
    "opt_first_row": "the first row of the OPT begins no document",
    "opt_row_unread": "the row of the OPT can not be read",
    "opt_document_missing": "the images belong to a document that is not in the DAT",
}
_ALERT = {
    "native_for_redacted": "a redacted document came with its native, perhaps by mistake; it was not read; ask counsel",
}
_WARNING = {
    "decode_loss": "bytes that are no text in the file's encoding; they are kept as \\xNN",
    "undefined_bytes": "bytes without a meaning in Windows-1252; they are kept as characters of the same number",
    "dat_trailing_padding": "padding behind the last row (a DOS end-of-file mark or NULs) was left out",
    "dat_stray_qualifier": "a qualifier inside a value is neither doubled nor at its end; it was kept as a character",
    "duplicate_column": "two columns hold the same field; the first with a value counts, the other is kept under its own name",
    "bad_bates": "the document id is no Bates number, or has spaces; it is kept as given",
    "bad_date": "the value is no date; its text is kept",
    "ambiguous_date_order": "nothing tells whether day or month comes first; set the option `date_order`",
    "bad_value": "the value is not of the column's type; its text is kept",
    "page_count_mismatch": "PGCOUNT is not what the Bates range or the OPT says",
    "attach_count_mismatch": "ATTACHCOUNT is not the number of the children",
    "hash_mismatch": "the native's hash is not the one that the load file gives",
    "file_size_mismatch": "the native's size is not the one that the load file gives",
    "native_withheld": "a withheld document came with a native; it was not read",
    "opt_pagecount_mismatch": "the page count of the OPT is not the number of its rows",
    "opt_columns": "a row of the OPT has not 7 columns; the path was taken to hold the commas",
    "images_missing": "the OPT has no page of this document",
    "orphan_file": "no row names this file",
    "link_skipped": "a symbolic link in the volume was not followed",
}
_TABLE: dict[Severity, dict[str, str]] = {"fatal": _FATAL, "error": _ERROR, "alert": _ALERT, "warning": _WARNING}
SEVERITY: dict[str, Severity] = {code: severity for severity, codes in _TABLE.items() for code in codes}
MEANING: dict[str, str] = {code: text for codes in _TABLE.values() for code, text in codes.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong, and where."""

    code: str
    file: str  # path below the volume
    row: int | None = None  # 1-based, header included
    column: str | None = None
    id: str | None = None  # the document's
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return SEVERITY[self.code]

    def record(self) -> dict[str, Any]:
        """Return it for JSON, without what is unknown."""
        return {"severity": self.severity} | {k: v for k, v in asdict(self).items() if v not in {None, ""}}


@dataclass(slots=True)
class Findings:
    """All findings of a production, counted; the first of each code are kept."""

    sink: Callable[[Finding], None] | None = None  # gets every finding
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Count a finding, pass it on, and keep it if it is one of the first of its code."""
        self.counts[finding.code] += 1
        kept = self.examples.setdefault(finding.code, [])
        if len(kept) < EXAMPLES_MAX:
            kept.append(finding)
        if self.sink:
            self.sink(finding)

    def by_severity(self) -> dict[Severity, int]:
        """Return how many findings there are of each severity."""
        return {s: sum(n for code, n in self.counts.items() if SEVERITY[code] == s) for s in SEVERITIES}
