"""Score one case's Result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import Result
from thresher.service.scorecard.align import Judged, Leaf, judge
from thresher.service.scorecard.cases import Case
from thresher.service.scorecard.counts import Counts, counts_of
from thresher.service.scorecard.evidence import score_evidence
from thresher.service.scorecard.scored_fields import FieldRules
from thresher.service.scorecard.scored_runs import CaseScore, RowCounts

RIGHT_OUTCOMES = {"right", "absent"}


def score(case: Case, result: Result[Any], seconds: float) -> CaseScore:
    """Score a Result. Only `data` counts; a document without any value scores zero throughout."""
    fields = FieldRules(case.target)
    judged = judge(case.expected, result.values or None, fields)
    given = [path for path, _ in json_pointer.leaves(result.values)]
    return CaseScore(
        name=case.name,
        target=case.target.name,
        source_sha256=result.source.sha256,
        truth_sha256=case.truth_sha256,
        status=result.status,
        failed=not given,
        reason="" if given else _reason(result),
        code="" if given else _code(result),
        pages=max(1, result.coverage.pages),
        seconds=round(seconds, 3),
        usage=result.usage,
        fields=by_field(judged.leaves),
        human=_human(case, fields),
        rows=_rows(judged),
        evidence=score_evidence(case.evidence, result.evidence, judged.leaves),
        values=len(given),
        ungrounded=len(set(given) - _grounded(result)),
        errors=[leaf for leaf in judged.leaves if leaf.outcome not in RIGHT_OUTCOMES],
        data=result.values or None,
    )


def by_field(leaves: Iterable[Leaf]) -> dict[str, Counts]:
    """Return the counts of each field, in the order of the fields' first occurrence."""
    found = defaultdict(list)
    for leaf in leaves:
        found[leaf.field].append(leaf.outcome)
    return {field: counts_of(outcomes) for field, outcomes in found.items()}


def _human(case: Case, fields: FieldRules) -> dict[str, Counts] | None:
    return None if case.human is None else by_field(judge(case.expected, case.human, fields).leaves)


def _rows(judged: Judged) -> dict[str, RowCounts]:
    return {k: RowCounts(expected=r.expected, given=r.given, exact=r.exact) for k, r in judged.rows.items()}


def _grounded(result: Result[Any]) -> set[str]:
    """Return the paths of values that are found in the document, or derived from such values."""
    return {e.path for e in result.evidence if e.match != "none"}


def _reason(result: Result[Any]) -> str:
    """Return why there is no data, in one line."""
    messages = [
        *(f"{p.code}: {p.message}" for p in result.problems),
        *(f"{r.code}: {r.message}" for r in result.reasons),
    ]
    return messages[0][:300] if messages else result.status


def _code(result: Result[Any]) -> str:
    """Return the code of the failure, "" without one."""
    return next((code for code in [*(p.code for p in result.problems), *(u.code for u in result.unresolved)]), "")
