"""Draw a simple random sample, and keep what is needed to draw it again: frame, seed, size.

A document's rank is the SHA-256 of the seed and its id; the sample are the documents of lowest rank. So a sample needs no
library's random numbers, and the same seed and frame give the same sample anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.overlay.carrying import escaped
from thresher.service.discovery.overlay.columns import OverlayField, overlay_columns
from thresher.service.discovery.overlay.rows import document_keys
from thresher.service.discovery.reports.volumes import sort_date
from thresher.service.discovery.results_of_matter import MatterResults
from thresher.service.discovery.sampling.frames import Frame, Judging
from thresher.service.discovery.sampling.intervals import sample_size
from thresher.service.exports.csv_tables import InertCsv

FOLDER, SHEET, FACTS, FRAME = "samples", "coding.csv", "sample.json", "frame.txt"
OWN_COLUMNS = ("document", "id", "custodian", "kind", "date", "name", "subject", "path")
RELEVANT = "relevant"  # the column that says yes or no


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample as it was drawn."""

    label: str  # its folder below samples/
    frame: str
    frame_size: int
    frame_sha256: str
    seed: int
    size: int
    made: str
    issue: str | None
    borderline: bool
    ids: tuple[str, ...]  # by rank: the order in which they are looked at
    fields: tuple[str, ...] = ()  # columns of fields to be coded

    @property
    def judging(self) -> Judging:
        """Return how judgements are read."""
        return Judging(self.issue, self.borderline)


def wanted_size(size: int | None, margin: float | None) -> int:
    """Return the size of a sample from one of the two. Raises InputProblem(field_invalid)."""
    if (size is None) == (margin is None):
        raise InputProblem("field_invalid", "give one of --size and --margin")
    if margin is not None:
        if not 0 < margin < 1:
            raise InputProblem("field_invalid", f"--margin {margin}: between 0 and 1, such as 0.05")
        return sample_size(margin)
    if size is None or size < 1:
        raise InputProblem("field_invalid", f"--size {size}")
    return size


def drawn(ids: Sequence[str], seed: int, size: int) -> tuple[str, ...]:
    """Return a simple random sample of ids, by rank; all of them where there are no more."""
    return tuple(sorted(ids, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).digest())[:size])


def draw(  # noqa: PLR0913 - what defines a sample
    matter: Matter, results: MatterResults, frame: Frame, *, seed: int, size: int, judging: Judging, fields: str = ""
) -> tuple[Sample, Path]:
    """Draw a sample and keep it in the Matter with its frame and a coding sheet; return it and the sheet's path.

    `fields`: names of columns to be coded, with commas between them, or "all". Raises InputProblem(field_invalid).
    """
    if not frame.ids:
        raise InputProblem("field_invalid", f"--frame {frame.name}: no document is in it")
    chosen = coded_fields(results, fields)
    ids = drawn(frame.ids, seed, size)
    sample = Sample(
        label=f"{re.sub(r'[^A-Za-z0-9]+', '-', frame.name).strip('-')}-{seed}-{len(ids)}",
        frame=frame.name,
        frame_size=len(frame.ids),
        frame_sha256=frame.sha256,
        seed=seed,
        size=len(ids),
        made=now(),
        issue=judging.issue,
        borderline=judging.borderline,
        ids=ids,
        fields=tuple(one.name for one in chosen),
    )
    matter.record_event("sampled", **{name: value for name, value in asdict(sample).items() if name != "ids"})
    sheet = _kept(matter, sample, frame)
    return sample, sheet


def coded_fields(results: MatterResults, names: str) -> list[OverlayField]:
    """Return the fields of the targets that are named as the columns of an overlay are, without a prefix."""
    fields = overlay_columns(results.found.targets(), key="document", prefix="").fields
    wanted = [name.strip().upper() for name in names.split(",") if name.strip()]
    if wanted == ["ALL"]:
        return list(fields)
    known = {one.name: one for one in fields}
    if missing := [name for name in wanted if name not in known]:
        raise InputProblem("field_invalid", f"--fields {', '.join(missing)}: there are {', '.join(known) or 'none'}")
    return [known[name] for name in wanted]


def _kept(matter: Matter, sample: Sample, frame: Frame) -> Path:
    folder = matter.folder / FOLDER / sample.label
    with disk_faults_as_problems(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FRAME).write_text(frame.text, encoding="utf-8")
        (folder / FACTS).write_text(json.dumps(asdict(sample), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        sheet = folder / SHEET
        if not sheet.exists():  # one that was filled in is never written over
            _write_sheet(matter, sample, sheet)
    return sheet


def _write_sheet(matter: Matter, sample: Sample, path: Path) -> None:
    """Write the sheet to be filled in. It does not say what the machine found: coders must not know."""
    keys = document_keys(matter)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = InertCsv(file)
        writer.writerow((*OWN_COLUMNS, RELEVANT, *sample.fields))
        for one in sample.ids:
            document = matter.store.document(one)
            if document is not None:
                facts = (document.kind, sort_date(document), document.name, document.subject, document.path)
                row = (keys.of(document), document.id, document.custodian, *facts)
                writer.writerow([*(escaped(cell) for cell in row), "", *("" for _ in sample.fields)])


def kept_sample(matter: Matter, label: str) -> Sample:
    """Return a sample by its label; "" where there is just one. Raises InputProblem(not_found)."""
    folder = matter.folder / FOLDER
    labels = sorted(path.parent.name for path in folder.glob(f"*/{FACTS}"))
    chosen = label or (labels[0] if len(labels) == 1 else "")
    if chosen not in labels:
        raise InputProblem("not_found", f"--sample {label or '?'}: there are {', '.join(labels) or 'none'}")
    facts = json.loads((folder / chosen / FACTS).read_bytes())
    return Sample(**{**facts, "ids": tuple(facts["ids"]), "fields": tuple(facts["fields"])})
