"""What is wrong with a production: one finding, and all of them counted.

fatal: nothing is loaded. error: the row or file becomes an exception. warning: loaded as given, and said. alert: as a warning, but a
person should act. What is not fatal is in the table of exceptions (`schemas/discovery/matter_codes.py`). A report shows the first findings of
each code, the whole list goes where `sink` sends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.service.base.file_names import printable_name

Severity = Literal["fatal", "error", "alert", "warning"]
SEVERITIES: tuple[Severity, ...] = ("fatal", "error", "alert", "warning")
EXAMPLES_MAX = 20  # findings of one code kept in a report

_FATAL = {
    "id_column_missing": "no column holds the document id; name the columns with the options `columns` or `fields`",
    "duplicate_id": "two rows have the same document id; ask the producing party for a mended load file",
    "dat_mojibake": "the text was encoded twice (the qualifier reads Ã¾); ask for the file as it was made",
    "dat_empty": "the load file has no rows of values",
}
_ALERTS = frozenset({"native_for_redacted", "native_withheld"})


def severity_of(code: str) -> Severity:
    """Return how bad a finding is; what is not fatal has the level of its exception."""
    if code in _FATAL:
        return "fatal"
    return "alert" if code in _ALERTS else EXCEPTION_CODES[code].level


def meaning_of(code: str) -> str:
    """Return what a code says, and what to do."""
    return _FATAL.get(code) or EXCEPTION_CODES[code].remedy


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
        return severity_of(self.code)

    def record(self) -> dict[str, Any]:
        """Return it for JSON, without what is unknown."""
        told = {k: printable_name(v) if isinstance(v, str) else v for k, v in asdict(self).items()}
        return {"severity": self.severity} | {k: v for k, v in told.items() if v not in {None, ""}}


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
        return {s: sum(n for code, n in self.counts.items() if severity_of(code) == s) for s in SEVERITIES}
