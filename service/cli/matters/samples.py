"""Run `thresher matter sample` and `thresher matter validate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from thresher.service.base.file_names import printable_name
from thresher.service.cli.exits import COMPLETE
from thresher.service.cli.matters.relations import opened_matter
from thresher.service.discovery.results_of_matter import results_of
from thresher.service.discovery.sampling.drawing import draw, kept_sample, wanted_size
from thresher.service.discovery.sampling.frames import Judging, frame_of
from thresher.service.discovery.sampling.measures import lines
from thresher.service.discovery.sampling.validating import INTERVALS, Validated, validate


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """What `matter sample` was told."""

    folder: Path
    seed: int
    size: int | None
    margin: float | None
    frame: str
    fields: str
    issue: str | None
    borderline: bool


def sample_main(request: SampleRequest) -> int:
    """Draw a sample and say where its sheet is. Raises InputProblem(field_invalid)."""
    size = wanted_size(request.size, request.margin)
    judging = Judging(request.issue, request.borderline)
    with opened_matter(request.folder) as matter:
        results = results_of(matter)
        frame = frame_of(matter, results, request.frame, judging)
        sample, sheet = draw(
            matter, results, frame, seed=request.seed, size=size, judging=judging, fields=request.fields
        )
    typer.echo(
        f"{sample.size:,} of {sample.frame_size:,} documents ({printable_name(sample.frame)}), seed {sample.seed}"
    )
    typer.echo(f"fill in {sheet}: relevant yes or no; a field's value, or absent")
    typer.echo(f"then: thresher matter validate {request.folder} --sample {sample.label}")
    return COMPLETE


def validate_main(folder: Path, label: str, coding: Path | None, interval: str, true_positives: int | None) -> int:
    """Print the measures of a coded sample. Raises InputProblem for a sheet that can not be used."""
    with opened_matter(folder) as matter:
        sample = kept_sample(matter, label)
        found = validate(matter, results_of(matter), sample, coding, interval=interval, true_positives=true_positives)
    for line in _lines_of(found):
        typer.echo(line)
    return COMPLETE


def _lines_of(found: Validated) -> Iterator[str]:
    how, sample = INTERVALS[found.interval], found.sample
    yield f"{found.coded:,} of {sample.size:,} coded; frame {printable_name(sample.frame)}, {sample.frame_size:,} documents"
    counts = found.relevance
    if counts.tp + counts.fp + counts.fn + counts.tn:
        yield f"relevance: {counts.tp} tp, {counts.fp} fp, {counts.fn} fn, {counts.tn} tn"
        yield from lines(counts.measures(how))
    if found.unjudged:
        yield f"{found.unjudged:,} were never judged by the machine, and count as not relevant"
    if recall := found.recall:
        value = "–" if recall.value is None else f"{recall.value:.3f}"
        yield (
            f"recall from elusion{value:>6}  ({recall.low:.3f} to {recall.high:.3f}): {recall.true_positives:,} found,"
            f" about {recall.false_negatives:,.0f} of {recall.discarded:,} missed"
        )
    for name, kinds in found.fields.items():
        for kind, field_counts in kinds.items():
            yield f"{name}, {kind}:"
            yield from lines(field_counts.measures(how))
