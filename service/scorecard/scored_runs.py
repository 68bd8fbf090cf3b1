"""Store a scored run as one JSON file: cases, model, policy, prompts, code version and scores."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from thresher.schemas.errors import InputProblem
from thresher.schemas.result import VERSION, Usage
from thresher.service.scorecard.align import Leaf
from thresher.service.scorecard.counts import Counts
from thresher.service.scorecard.evidence import EvidenceScore

StoredCounts = Annotated[Counts, PlainSerializer(lambda counts: counts._asdict())]
StoredLeaf = Annotated[Leaf, PlainSerializer(lambda leaf: leaf._asdict())]
CODE_FOLDERS = ("schemas", "chunkers", "service")


class RowCounts(BaseModel):
    """Counts of the records of one list of one document."""

    expected: int = 0
    given: int = 0
    exact: int = 0


class CaseScore(BaseModel):
    """The scores of one case."""

    name: str
    target: str
    source_sha256: str
    truth_sha256: str
    status: str
    failed: bool  # without data: everything counts as missed
    reason: str = ""
    code: str = ""  # of thresher.schemas.errors, where a failure has one
    pages: int  # at least 1, also for a format without pages
    seconds: float  # from opening the file to the Result, while other cases run
    usage: Usage = Usage()
    fields: dict[str, StoredCounts] = {}
    human: dict[str, StoredCounts] | None = None  # the second person, judged by the same rules
    rows: dict[str, RowCounts] = {}
    evidence: EvidenceScore = EvidenceScore()
    values: int = 0  # given
    ungrounded: int = 0  # given values not found in the document
    errors: list[StoredLeaf] = []  # all paths that are neither right nor correctly absent
    data: Any = None


class ScoreRun(BaseModel):
    """One run over a set of cases."""

    model_config = ConfigDict(extra="forbid")

    thresher: str = VERSION
    id: str
    at: datetime
    model: str
    policy: dict[str, Any]
    prompts: dict[str, str] = {}  # fingerprints of the prompts used, by name and version
    code: str  # hash of the program's files
    targets: dict[str, str] = {}  # fingerprints by name
    rules: dict[str, str] = {}  # form of comparison by field
    answers: dict[str, int] = {}  # made: paid now; stored: from an earlier run
    seconds: float = 0.0
    cases: list[CaseScore] = Field(min_length=1)


def save_run(run: ScoreRun, folder: Path) -> Path:
    """Store a run under its id, and return the file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{run.id}.json"
    file.write_text(run.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return file


def load_run(file: Path) -> ScoreRun:
    """Load a stored run; from a folder the newest. Raises InputProblem(case_invalid)."""
    files = sorted(file.glob("run-*.json")) if file.is_dir() else [file]
    if not files:
        raise InputProblem("case_invalid", f"{file} holds no run")
    try:
        return ScoreRun.model_validate_json(files[-1].read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).split("\n", 1)[0]
        raise InputProblem("case_invalid", f"{files[-1]} is no scored run: {reason}") from None


def run_id(at: datetime, model: str, code: str) -> str:
    """Return the id of a run; ids sort by time."""
    digest = hashlib.sha256(f"{at.isoformat()}\0{model}\0{code}".encode()).hexdigest()[:6]
    return f"run-{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z-{digest}"


@cache
def code_version() -> str:
    """Return a hash of the program's files, including prompts."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for file in sorted(
        p for room in CODE_FOLDERS for p in (root / room).rglob("*") if p.suffix in {".py", ".md", ".toml"}
    ):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
