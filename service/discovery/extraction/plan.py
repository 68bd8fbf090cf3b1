"""Decide which documents of a matter are asked, which are answered by another, and which are passed over, and why.

A pure function over the documents in the order of the matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from thresher.schemas.choices import PrivilegePolicy
from thresher.schemas.discovery.matter import MatterDocument, State
from thresher.schemas.target import Target
from thresher.service.targets.target_map import Rule, TargetMap, matches

TARGET_NAME_MAX_CHARS = 80


@dataclass(frozen=True, slots=True)
class Passed:
    """A document that is not asked: its state, and the reason in one word."""

    document_id: str
    state: State
    reason: str


@dataclass(slots=True)
class Plan:
    """Documents by what happens to them; each is in exactly one of the three, or was an exception before."""

    asked: dict[str, Rule] = field(default_factory=dict)  # by document id: the rule that names its target
    shared: dict[str, str] = field(default_factory=dict)  # the document that answers for it
    passed: list[Passed] = field(default_factory=list)
    unreadable: int = 0  # exceptions of the import: there is nothing to read


def plan(
    documents: Iterable[MatterDocument],
    targets: TargetMap,
    unreadable: Callable[[MatterDocument], bool],
    *,
    privilege: PrivilegePolicy = "hold",
    inclusive_outside: frozenset[str] | None = None,
) -> Plan:
    """Return what happens to each document. `unreadable`: whether the import could not open it.

    `inclusive_outside`: a later mail stands for one that it holds whole, but not in these threads; None: each is asked.
    Where a master is not asked, its first copy that may be answers for the others.
    """
    made, masters, answering = Plan(), _Masters(), dict[str, str]()
    for document in documents:
        master = masters.of(document)
        passed = _passed(document, privilege)
        if passed is None and _is_in_a_later_one(document, inclusive_outside):
            passed = Passed(document.id, "skipped", "not_inclusive")
        if passed is not None:
            made.passed.append(passed)
        elif unreadable(document):
            made.unreadable += 1
        elif master in answering:
            made.shared[document.id] = answering[master]
        elif (rule := rule_for(targets, document)) is None:
            made.passed.append(Passed(document.id, "skipped", "no_target"))
        else:
            made.asked[document.id] = rule
            answering |= {document.id: document.id, master or document.id: document.id}
    return made


def threads_with_unasked(documents: Iterable[MatterDocument], privilege: PrivilegePolicy) -> frozenset[str]:
    """Return the threads in which a mail is not asked: what it holds of earlier ones would be asked nowhere."""
    holds = privilege == "hold"
    return frozenset(
        d.thread_id
        for d in documents
        if d.thread_id and d.level == 1 and (d.withheld or d.state == "exception" or (d.held and holds))
    )


def _is_in_a_later_one(document: MatterDocument, outside: frozenset[str] | None) -> bool:
    return outside is not None and document.inclusive is False and document.thread_id not in outside


def _passed(document: MatterDocument, privilege: PrivilegePolicy) -> Passed | None:
    if document.withheld:
        return Passed(document.id, "skipped", "withheld")
    if document.held and privilege == "hold":
        return Passed(document.id, "held", "privilege")
    return None


def rule_for(targets: TargetMap, document: MatterDocument) -> Rule | None:
    """Return the first rule that matches a document: by `kind:email`, `type:application/pdf`, or a glob over its path."""
    names = (f"kind:{document.kind}", f"type:{document.media_type}", document.path.replace("!/", "/"), document.name)
    return next((r for r in targets.rules if any(name and matches(r.glob, name) for name in names)), None)


def folder_of(target: Target) -> str:
    """Return the folder of a target's Results below `results/`, which is also its name among the outcomes."""
    return re.sub(r"[^\w-]+", "_", target.name).strip("_")[:TARGET_NAME_MAX_CHARS] or "target"


class _Masters:
    """Find the document that answers for another: its master, or the same child of its parent's master.

    A child whose master is a parent has no counterpart in the other family: nobody answers for it.
    """

    def __init__(self) -> None:
        self._roots: set[str] = set()
        self._masters: dict[str, str] = {}
        self._children: dict[tuple[str, int, str], str] = {}

    def of(self, document: MatterDocument) -> str | None:
        """Return the master of a document; None where it has none. Parents must come before their children."""
        place = (document.ordinal, document.sha256)
        parent = document.parent_id
        if document.level == 1:
            self._roots.add(document.id)
        master = None if document.level > 1 and document.dup_of in self._roots else document.dup_of
        if master is None and parent in self._masters and document.sha256:
            master = self._children.get((self._masters[parent], *place))
        if parent:
            self._children[(parent, *place)] = document.id
        if master is not None:
            self._masters[document.id] = master
        return master
