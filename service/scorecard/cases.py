"""Load cases: a document, its target, and the values that people found in it.

A case is a folder; CASES is a folder of such folders (or one of them):

    source.*        the document
    expected.json   the truth; a missing key is not judged, null or [] states that there is no such value
    target          optional: one line as for --target; or target.py, target.json
    note.md         optional: the purpose of the case
    human.json      optional: a second person's answers, in the shape of expected.json
    evidence.json   optional: [{"path": "/total", "page": 1, "boxes": [[x0, y0, x1, y1]], "quote": "…"}, …]
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from thresher.schemas import json_pointer
from thresher.schemas.errors import InputProblem
from thresher.schemas.target import Target
from thresher.service.scorecard.evidence import TrueEvidence
from thresher.service.scorecard.scored_fields import FieldRules

Loader = Callable[[str, Path], Target]  # from a target's spec and its base folder
_EVIDENCE = TypeAdapter(tuple[TrueEvidence, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document with its truth."""

    name: str
    source: Path
    target: Target
    expected: dict[str, Any]
    human: dict[str, Any] | None = None
    evidence: tuple[TrueEvidence, ...] = ()

    @property
    def truth_sha256(self) -> str:
        """Return the hash of the truth, independent of its spacing."""
        return hashlib.sha256(json.dumps(self.expected, sort_keys=True).encode()).hexdigest()


def load_cases(folder: Path, load: Loader, default: Target | None = None) -> list[Case]:
    """Load the cases of a folder, by name. `default` replaces the targets in the folder (for --target).

    Raises InputProblem(case_invalid) for the first case that cannot be scored, with the reason.
    """
    folders = [folder] if (folder / "expected.json").exists() else sorted(p for p in folder.iterdir() if p.is_dir())
    cases = [_case(p, default or _target(p, load)) for p in folders if (p / "expected.json").exists()]
    if not cases:
        raise InputProblem("case_invalid", f"{folder} holds no folder with an expected.json")
    return cases


def checked_case(case: Case) -> Case:
    """Return the case if its truth has only fields of the target. Raises InputProblem(case_invalid)."""
    fields = FieldRules(case.target)
    for name, answers in (("expected", case.expected), ("human", case.human or {})):
        unknown = [path for path, _ in json_pointer.leaves(answers) if fields.pattern(path) is None]
        if unknown:
            raise InputProblem("case_invalid", f"{case.name}: {name} has {unknown[0]}, {case.target.name} has not")
    stray = [e.path for e in case.evidence if json_pointer.get(case.expected, e.path) is None]
    if stray:
        raise InputProblem("case_invalid", f"{case.name}: evidence for {stray[0]}, which expected has not")
    return case


def _case(folder: Path, target: Target) -> Case:
    sources = sorted(p for p in folder.iterdir() if p.stem == "source" and p.is_file())
    if len(sources) != 1:
        raise InputProblem("case_invalid", f"{folder.name}: {len(sources)} files are called source.*, not one")
    human, evidence = folder / "human.json", folder / "evidence.json"
    case = Case(
        name=folder.name,
        source=sources[0],
        target=target,
        expected=_object(folder / "expected.json"),
        human=_object(human) if human.exists() else None,
        evidence=_evidence(evidence) if evidence.exists() else (),
    )
    return checked_case(case)


def _target(folder: Path, load: Loader) -> Target:
    for name in ("target.py", "target.json"):
        if (folder / name).exists():
            return load(name, folder)
    if (folder / "target").exists():
        return load((folder / "target").read_text("utf-8").strip(), folder)
    raise InputProblem("case_invalid", f"{folder.name}: no target in the folder; name one with --target")


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputProblem("case_invalid", f"{file.parent.name}/{file.name}: {error}") from None


def _object(file: Path) -> dict[str, Any]:
    body = _json(file)
    if not isinstance(body, dict):
        raise InputProblem("case_invalid", f"{file.parent.name}/{file.name} is no JSON object")
    return body


def _evidence(file: Path) -> tuple[TrueEvidence, ...]:
    try:
        return _EVIDENCE.validate_python(_json(file))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputProblem("case_invalid", f"{file.parent.name}/{file.name}: {place}: {first['msg']}") from None
