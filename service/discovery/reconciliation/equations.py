"""Name the equations that must hold, for each source, each custodian and the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """An equation between counts: `left` is the sum of `right`. It is asked where `left` was counted."""

    left: str
    right: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the equation as people write it."""
        return f"{self.left} = {' + '.join(self.right)}"


RULES = tuple(
    Rule(left, tuple(right.split(" + ")))
    for left, right in (
        (
            "items_discovered",
            "documents_collected + containers + inline_suppressed + denisted_excluded + fatal_unreadable",
        ),
        ("documents", "unique_masters + duplicates"),
        (
            "documents",
            "extracted_ok + extracted_partial + exceptions + held_privilege + skipped_by_filter + not_processed",
        ),
        ("documents", "members_of_families"),
        ("documents_without_parent", "families"),
        ("documents_with_values", "documents_with_result"),
        ("exceptions", "documents_with_error_record"),
        ("members_declared", "members_emitted + members_failed"),
        ("members_emitted", "items_found_in_containers"),
        ("dat_rows", "documents_loaded + rows_in_exception"),
        ("opt_rows", "images_found + images_missing + image_rows_unread"),
        ("files_on_disk", "files_referenced + orphan_files + load_files"),
        ("chunks_sent", "chunks_returned + chunks_failed"),
        ("texts_asked", "texts_covered_by_chunks"),
        ("overlay_rows", "documents"),
    )
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an equation speaks of: the whole ("total", ""), a SOURCE by its number, or a custodian."""

    kind: str  # total, source, custodian
    name: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """A rule with its numbers in one scope."""

    scope: Scope
    rule: Rule
    left: int
    right: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.left == sum(self.right)

    @property
    def numbers(self) -> str:
        """Return the numbers as people write them."""
        return f"{self.left:,} {'=' if self.holds else '≠'} {' + '.join(f'{n:,}' for n in self.right)}"

    @property
    def told(self) -> str:
        """Return the equation with its numbers before the names of what was counted.

        >>> Equation(Scope("total"), Rule("documents", ("unique_masters", "duplicates")), 3, (2, 1)).told
        '3 documents = 2 unique masters + 1 duplicates'
        """
        right = " + ".join(f"{n:,} {_words(name)}" for n, name in zip(self.right, self.rule.right, strict=True))
        return f"{self.left:,} {_words(self.rule.left)} {'=' if self.holds else '≠'} {right}"

    def record(self) -> dict[str, Any]:
        """Return the equation as JSON."""
        counts = dict(zip(self.rule.right, self.right, strict=True))
        return {
            "scope": self.scope.kind,
            "name": self.scope.name,
            "equation": self.rule.text,
            "counts": {self.rule.left: self.left, **counts},
            "holds": self.holds,
        }


def _words(name: str) -> str:
    return name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All equations of a Matter, and containers whose own count does not come out."""

    equations: tuple[Equation, ...]
    unbalanced: tuple[str, ...] = ()  # containers, with what they state

    @property
    def failing(self) -> list[Equation]:
        """Return the equations that do not hold."""
        return [equation for equation in self.equations if not equation.holds]

    @property
    def state(self) -> str:
        """Return "reconciled" or "failed_reconciliation"."""
        return "failed_reconciliation" if self.failing or self.unbalanced else "reconciled"

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        equations = [equation.record() for equation in self.equations]
        return {"state": self.state, "equations": equations, "unbalanced_containers": list(self.unbalanced)}


def equations_of(scope: Scope, counts: Counter[str]) -> Iterator[Equation]:
    """Yield the rules whose left side was counted in a scope, with their numbers."""
    for rule in RULES:
        if rule.left in counts:
            yield Equation(scope, rule, counts[rule.left], tuple(counts[name] for name in rule.right))
