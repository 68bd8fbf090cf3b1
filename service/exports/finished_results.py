"""Read a folder of finished Results: which files are Results, of which targets, and what has no Result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jiter
from pydantic import BaseModel, ValidationError

from thresher.schemas.result import AnyResult, Result
from thresher.schemas.review import ReviewEvent
from thresher.service.base.ordinary_files import read_ordinary
from thresher.service.exports.reviewed_results import ReviewedResult, events_by_name, reviewed
from thresher.service.exports.target_fields import TargetFields, inferred_target, kept_target
from thresher.service.storage.run_inputs import result_files


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of the run that has no Result: refused, of no target, damaged, or not reached yet."""

    source: str
    status: str
    why: str


class _Files(BaseModel):
    """What became of the files of a run, in its run.json."""

    refused: list[str] = []
    no_target: list[str] = []
    unfinished: int = 0


class _Run(BaseModel):
    """What is read of run.json."""

    files: _Files


@dataclass(frozen=True, slots=True)
class FinishedResults:
    """The Results below a folder, or one, in the order of their names."""

    root: Path
    names: tuple[str, ...]
    fingerprints: tuple[str, ...]  # of their targets, in order of appearance
    damaged: tuple[str, ...] = ()
    events: Mapping[str, list[ReviewEvent]] = field(default_factory=dict)  # what people said, by name

    def read(self) -> Iterator[ReviewedResult]:
        """Yield each Result as people corrected it; one is in memory at a time."""
        for name in self.names:
            yield reviewed(self.result(name), self.events.get(name, ()), name)

    def result(self, name: str) -> Result[Any]:
        """Return one Result as the machine gave it. Raises OSError, and ValidationError where it is damaged."""
        return AnyResult.model_validate_json(read_ordinary(self.root / name, links=True))

    def targets(self, given: Iterable[TargetFields] = ()) -> list[TargetFields]:
        """Return the targets of the Results: as given, else as kept in the folder, else as the data has them."""
        known = {t.fingerprint: t for t in given}
        return [
            known.get(f)
            or kept_target(self.root, f)
            or inferred_target(r for r in map(self.result, self.names) if r.target.fingerprint == f)
            for f in self.fingerprints
        ]

    def left_out(self) -> list[LeftOut]:
        """Return what the folder's run names as files without a Result."""
        damaged = [
            LeftOut(name, "damaged", "the file of the Result can not be read; run the extraction again")
            for name in self.damaged
        ]
        try:
            files = _Run.model_validate_json(read_ordinary(self.root / "run.json")).files
        except (OSError, ValidationError):
            return damaged
        why = _reasons(self.root)
        refused = [LeftOut(p, "refused", why.get(p, "refused")) for p in files.refused]
        aside = [LeftOut(p, "no target", "no pattern of the target map matches") for p in files.no_target]
        left = files.unfinished
        unfinished = (
            [LeftOut("", "unfinished", f"{left} files not processed; run the extraction again")] if left else []
        )
        return [*refused, *aside, *unfinished, *damaged]


def named_results(root: Path, names: Iterable[str]) -> FinishedResults:
    """Return the Results of these names in a folder. Damaged ones are named, other JSON files passed over."""
    return _found(root, list(names))


def find_results(place: Path) -> FinishedResults:
    """Return the Results below a folder, or the one in a file. Other JSON files are passed over, damaged ones named."""
    if place.is_file():
        return _found(place.parent, [place.name])
    return _found(place, result_files(place))


def _found(root: Path, names: list[str]) -> FinishedResults:
    results: list[str] = []
    damaged: list[str] = []
    fingerprints: dict[str, None] = {}
    for name in names:
        fingerprint = _fingerprint(root / name)
        if fingerprint is None:
            damaged.append(name)
        elif fingerprint:
            results.append(name)
            fingerprints[fingerprint] = None
    return FinishedResults(root, tuple(results), tuple(fingerprints), tuple(damaged), events_by_name(root))


def _fingerprint(file: Path) -> str | None:
    """Return the fingerprint of the target of a Result, "" for another JSON file, None for a damaged one."""
    try:
        body = jiter.from_json(read_ordinary(file, links=True))
    except (OSError, ValueError):
        return None
    if not isinstance(body, dict) or not {"thresher", "source", "target", "status"} <= body.keys():
        return ""
    fingerprint = body["target"].get("fingerprint") if isinstance(body["target"], dict) else None
    return str(fingerprint) if fingerprint and _is_valid(body) else None


def _is_valid(body: dict[str, Any]) -> bool:
    """Whether a Result can be read. Its Evidence is judged when it is: that is most of its size."""
    try:
        AnyResult.model_validate(body | {"evidence": []})
    except ValidationError:
        return False
    return True


def _reasons(root: Path) -> dict[str, str]:
    """Return why files were refused, by path, from exceptions.jsonl."""
    found: dict[str, str] = {}
    try:
        lines = read_ordinary(root / "exceptions.jsonl").decode().splitlines()
    except (OSError, UnicodeError):
        return found
    for line in lines:
        try:
            one = json.loads(line)
            found.setdefault(str(one["path"]), f"{one['code']}: {one['message']}")
        except (ValueError, KeyError, TypeError):
            continue
    return found
