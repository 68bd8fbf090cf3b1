"""Account for generated matters: CPU seconds of seal, reconciliation, reports, export and verification, beside the import.

    python -m bench.accounts [--mails 2500,10000]

Mails of two custodians with an attachment of 3 kB on a third, imported in this process; four documents of five have a
Result of one question. `plan`: what an extraction does with each document; `hold`: a tenth of the documents is flagged, and
what follows from it is held. Growth shows in the ratio of the last size to the one before.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.collection_imports import InlineUnits
from tests.matter_results import TARGET, answer
from tests.simulation.discovery.mailboxes import Mailboxes
from thresher.schemas.policy import Policy
from thresher.service.cli.matters.status import counted
from thresher.service.discovery.collection.import_run import import_collections
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.custody.verification import verify
from thresher.service.discovery.extraction.matter_extraction import ExtractionChoice, planned
from thresher.service.discovery.extraction.outcomes import Outcomes
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.seal import changed_since, seal
from thresher.service.discovery.overlay.writing import OverlayRequest, export_matter
from thresher.service.discovery.privilege.screen import apply_holding
from thresher.service.discovery.reconciliation.reconciling import reconcile
from thresher.service.discovery.reports.writing import write_reports
from thresher.service.discovery.settling import settle
from thresher.service.targets.target_map import Rule, TargetMap

_CHOICE = ExtractionChoice(targets=(TargetMap((Rule(glob="*", target=TARGET),)),), policy=Policy())


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _flag(matter: Matter) -> None:
    """Write what a screen would have found: a tenth of the documents is flagged for a term."""
    ids = matter.store.connection.execute("SELECT id FROM documents ORDER BY place").fetchall()
    rows = [(row[0], "bench", '["term:privileged"]' if number % 10 == 0 else "[]") for number, row in enumerate(ids)]
    matter.store.connection.executemany("INSERT INTO screened VALUES (?, ?, ?)", rows)


def measured(mails: int, place: Path) -> dict[str, float]:
    """Return the CPU seconds of each step over a matter of so many mails, and how many documents it has."""
    folders = Mailboxes(mails, seed=3, attached_bytes=3000).write(place / "boxes")
    pool, options = InlineUnits(), CollectionOptions()
    with Matter(place / "matter") as matter:
        found = {
            "import": _seconds(lambda: [import_collections(matter, [f], f.name, options, pool=pool) for f in folders])
        }
        found["settle"] = _seconds(lambda: settle(matter))
        found["plan"] = _seconds(lambda: planned(matter, _CHOICE, Outcomes(matter)))
        answer(matter)
        found["documents"] = sum(matter.store.counts("documents").values())
        found["seal"] = _seconds(lambda: seal(matter.store, matter.folder))
        balanced = reconcile(matter)
        if balanced.failing:
            raise SystemExit(f"not reconciled: {balanced.record()}")
        found["status"] = _seconds(lambda: counted(matter))
        found["reconcile"] = _seconds(lambda: reconcile(matter))
        found["reports"] = _seconds(lambda: write_reports(matter, balanced, place / "reports"))
        found["export"] = _seconds(lambda: export_matter(matter, OverlayRequest(out=place / "out")))
        _flag(matter)
        found["hold"] = _seconds(lambda: apply_holding(matter))
    with Matter(place / "matter", writes=False) as matter:
        found["compare"] = _seconds(lambda: list(changed_since(matter.store, matter.folder)))
        found["verify"] = _seconds(lambda: list(verify(matter)))
    return found


def main() -> None:
    """Print a table: a row for each step, a column for each size, and the growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", default="2500,10000")
    sizes = [int(one) for one in parser.parse_args().mails.split(",")]
    runs = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            runs.append(measured(size, Path(folder)))
    print(f"{'mails':12}" + "".join(f"{size:>10,}" for size in sizes))
    for name in runs[0]:
        values = [run[name] for run in runs]
        growth = f"   x {values[-1] / values[-2]:.2f}" if len(values) > 1 and values[-2] else ""
        print(f"{name:12}" + "".join(f"{value:>10,.2f}" for value in values) + growth)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
