"""Read a coding sheet that people filled in."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.sampling.drawing import RELEVANT, Sample

ABSENT = "absent"  # what a coder writes where the document does not state a field
_YES, _NO = frozenset({"y", "yes", "1", "true", "relevant"}), frozenset({"n", "no", "0", "false", "not relevant"})
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class CodedDocument:
    """What a person said of one document."""

    id: str
    relevant: bool | None = None  # None: not coded
    fields: dict[str, str] = field(default_factory=dict)  # by column; cells that were left empty are not in it


def read_sheet(path: Path, sample: Sample) -> list[CodedDocument]:
    """Return the coded documents of a sample, in its order.

    Raises InputProblem: file_not_found; field_invalid for a file that is no such sheet, a document that is not in the
    sample, or an answer that is neither yes nor no.
    """
    rows = _rows(path)
    coded = {one.id: one for one in (_coded(row, number, sample) for number, row in enumerate(rows, 2))}
    if len(coded) < len(rows):
        raise InputProblem("field_invalid", f"{path}: a document stands in it twice")
    if strange := coded.keys() - set(sample.ids):
        raise InputProblem("field_invalid", f"{path}: {next(iter(strange))} is not in the sample {sample.label}")
    return [coded[one] for one in sample.ids if one in coded]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputProblem("file_not_found", str(path)) from error
    except UnicodeDecodeError as error:
        raise InputProblem("field_invalid", f"{path} is not UTF-8; save it as CSV UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not rows or "id" not in rows[0] or RELEVANT not in rows[0]:
        raise InputProblem("field_invalid", f"{path} has no columns id and {RELEVANT}")
    return rows


def _coded(row: dict[str, str], number: int, sample: Sample) -> CodedDocument:
    said = (row[RELEVANT] or "").strip().casefold()
    if said and said not in _YES | _NO:
        raise InputProblem("field_invalid", f"row {number}: {RELEVANT} is {said!r}, and must be yes or no")
    cells = {name: (row.get(name) or "").strip() for name in sample.fields}
    fields = {name: cell for name, cell in cells.items() if cell}
    return CodedDocument(row["id"].strip(), said in _YES if said else None, fields)
