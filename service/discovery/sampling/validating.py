"""Compare what people coded with what the machine said, and write the numbers down."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from thresher.schemas import json_pointer
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.overlay.columns import OverlayField
from thresher.service.discovery.results_of_matter import MatterResults
from thresher.service.discovery.sampling.coding_sheet import ABSENT, CodedDocument, read_sheet
from thresher.service.discovery.sampling.drawing import FOLDER, SHEET, Sample, coded_fields
from thresher.service.discovery.sampling.frames import frame_of, machine_judgement
from thresher.service.discovery.sampling.intervals import Interval, exact, wilson
from thresher.service.discovery.sampling.measures import Confusion, FieldCounts, Recall, recall_from_elusion, shown
from thresher.service.exports.cells import text_of
from thresher.service.scorecard.equality import Rule, is_equal, rule_of

IntervalName = Literal["exact", "wilson"]
INTERVALS: dict[str, Interval] = {"exact": exact, "wilson": wilson}
DISCARD = "not-relevant"  # the frame from which elusion is estimated
ALL_KINDS = "all"
VALIDATION = "validation.json"  # what came out, beside the sample


@dataclass(slots=True)
class Validated:
    """What a coded sample says."""

    sample: Sample
    interval: str
    coded: int = 0
    uncoded: int = 0
    unjudged: int = 0  # coded for relevance, and never judged by the machine: they count as not relevant
    relevance: Confusion = field(default_factory=Confusion)
    recall: Recall | None = None
    fields: dict[str, dict[str, FieldCounts]] = field(default_factory=dict)  # by column, then by kind of document

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        how = INTERVALS[self.interval]
        facts = {name: value for name, value in asdict(self.sample).items() if name != "ids"}
        return {
            "sample": facts,
            "interval": self.interval,
            "coded": self.coded,
            "uncoded": self.uncoded,
            "unjudged": self.unjudged,
            "confusion": asdict(self.relevance),
            "relevance": shown(self.relevance.measures(how)),
            "recall_from_elusion": asdict(self.recall) if self.recall else None,
            "fields": {
                name: {kind: {"counts": asdict(c), **shown(c.measures(how))} for kind, c in kinds.items()}
                for name, kinds in self.fields.items()
            },
        }


def validate(
    matter: Matter, results: MatterResults, sample: Sample, sheet: Path | None = None, *, interval: str = "exact",
    true_positives: int | None = None,
) -> Validated:  # fmt: skip
    """Compare a coded sample with the machine, and keep the outcome beside the sample.

    `true_positives`: documents known to be relevant outside the discard pile; else those that the machine judged so.
    Raises InputProblem for a sheet that can not be used.
    """
    if interval not in INTERVALS:
        raise InputProblem("field_invalid", f"--interval {interval}: {', '.join(INTERVALS)}")
    folder = matter.folder / FOLDER / sample.label
    coded = read_sheet(sheet or folder / SHEET, sample)
    found = Validated(sample, interval)
    fields = coded_fields(results, ",".join(sample.fields))
    kinds: dict[str, dict[str, FieldCounts]] = defaultdict(lambda: defaultdict(FieldCounts))
    for one in coded:
        document = matter.store.document(one.id)
        if document is not None:
            _add_relevance(found, document, one, results)
            _add_fields(kinds, document, one, fields, results)
    found.uncoded = sample.size - found.coded
    found.fields = {name: dict(by_kind) for name, by_kind in kinds.items()}
    found.recall = _recall(matter, results, found, true_positives)
    _keep(matter, folder, found)
    return found


def _add_relevance(found: Validated, document: MatterDocument, coded: CodedDocument, results: MatterResults) -> None:
    found.coded += coded.relevant is not None or bool(coded.fields)
    if coded.relevant is None:
        return
    machine = machine_judgement(document, results, found.sample.judging)
    found.unjudged += machine is None
    found.relevance.add(machine=machine is True, person=coded.relevant)


def _add_fields(
    counts: dict[str, dict[str, FieldCounts]], document: MatterDocument, coded: CodedDocument,
    fields: list[OverlayField], results: MatterResults,
) -> None:  # fmt: skip
    trees = {r.target.fingerprint: r.values for r in results.as_given(document)}
    rules = {f.path: rule_of(f) for target in results.found.targets() for f in target.fields}
    for one in fields:
        if one.name in coded.fields:
            given = json_pointer.get(trees.get(one.fingerprint, {}), one.path)
            truth = coded.fields[one.name]
            stated, has = truth.casefold() != ABSENT, given not in (None, [], {}, "")
            rule = rules.get(one.path) or rules.get(f"{one.path}/*") or Rule()
            same = stated and has and _is_same(rule, truth, given)
            for kind in (ALL_KINDS, document.kind):
                counts[one.name][kind].add(stated=stated, given=has, same=same)


def _is_same(rule: Rule, truth: str, given: Any) -> bool:
    """Whether a coded value is the machine's. Lists are compared as sets of values, parted by semicolons."""
    if not isinstance(given, list):
        return is_equal(rule, truth, given)
    wanted, left = [part.strip() for part in truth.split(";") if part.strip()], list(given)
    for one in wanted:
        match = next((g for g in left if is_equal(rule, one, g if not isinstance(g, dict) else text_of(g))), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _recall(matter: Matter, results: MatterResults, found: Validated, known: int | None) -> Recall | None:
    """Return recall by elusion, where the sample is of the discard pile."""
    confusion = found.relevance
    if found.sample.frame != DISCARD or not confusion.fn + confusion.tn:
        return None
    elusion = confusion.measures(INTERVALS[found.interval])["elusion"]
    positives = len(frame_of(matter, results, "relevant", found.sample.judging).ids) if known is None else known
    return recall_from_elusion(positives, found.sample.frame_size, elusion)


def _keep(matter: Matter, folder: Path, found: Validated) -> None:
    record = found.record()
    facts = {"sample": found.sample.label, "interval": found.interval, "coded": found.coded}
    matter.record_event("validated", **facts, relevance=record["relevance"], recall=record["recall_from_elusion"])
    with disk_faults_as_problems(folder):
        text = json.dumps(record, ensure_ascii=False, indent=2)
        (folder / VALIDATION).write_text(text + "\n", encoding="utf-8")
