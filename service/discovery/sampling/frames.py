"""Name the documents that a sample is drawn from. Copies are in no frame: their originals stand for them.

    all                 every document
    unreviewed          nobody has said anything of its Result
    relevant            judged relevant
    not-relevant        judged, and not relevant: the discard pile
    unjudged            not judged at all
    state:S custodian:C kind:K type:T      by the fact of that name

Several, joined by "+", must all hold: "not-relevant+kind:email".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.results_of_matter import MatterResults
from thresher.service.discovery.sampling.relevance import judged_relevant

Test = Callable[[MatterDocument], bool]
_FACTS: dict[str, Callable[[MatterDocument], str]] = {
    "state": lambda d: d.state,
    "custodian": lambda d: d.custodian,
    "kind": lambda d: d.kind,
    "type": lambda d: d.media_type,
}


@dataclass(frozen=True, slots=True)
class Judging:
    """How a document's judgement is read."""

    issue: str | None = None
    borderline: bool = False  # counts as relevant


@dataclass(frozen=True, slots=True)
class Frame:
    """A named list of documents, in the order of the Matter."""

    name: str
    ids: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the list as it is kept: an id a line."""
        return "".join(f"{one}\n" for one in self.ids)

    @property
    def sha256(self) -> str:
        """Return the hash of the list."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def frame_of(matter: Matter, results: MatterResults, name: str, judging: Judging | None = None) -> Frame:
    """Return the frame of a name. Raises InputProblem(field_invalid) for a name that is none."""
    tests = [_test(part.strip(), results, judging or Judging()) for part in name.split("+")]
    ids = (d.id for d in matter.store.documents() if d.dup_of is None and all(test(d) for test in tests))
    return Frame(name, tuple(ids))


def machine_judgement(document: MatterDocument, results: MatterResults, judging: Judging) -> bool | None:
    """Return whether the machine judged a document relevant, whatever people said since; None where it did not judge."""
    trees = (one.values for one in results.as_given(document))
    return judged_relevant(trees, issue=judging.issue, borderline=judging.borderline)


def _test(name: str, results: MatterResults, judging: Judging) -> Test:
    fact, named, value = name.partition(":")
    if named and fact in _FACTS:
        return lambda d: _FACTS[fact](d).casefold() == value.strip().casefold()
    tests: dict[str, Test] = {
        "all": lambda _: True,
        "unreviewed": lambda d: not results.is_reviewed(d),
        "relevant": lambda d: machine_judgement(d, results, judging) is True,
        "not-relevant": lambda d: machine_judgement(d, results, judging) is False,
        "unjudged": lambda d: machine_judgement(d, results, judging) is None,
    }
    if name not in tests:
        known = ", ".join([*tests, *(f"{fact}:…" for fact in _FACTS)])
        raise InputProblem("field_invalid", f"--frame {name}: {known}")
    return tests[name]
