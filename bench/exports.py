"""Measure exports of many Results: seconds of CPU and the most memory, for a tenth of them and for all.

    python -m bench.exports                       # 100 Results of 50 rows: the quick form
    python -m bench.exports --results 10000       # the promise: memory does not grow with the number of Results

Each export runs in a process of its own. A Result has 50 rows of 5 fields, with evidence for each value.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from thresher.schemas.extraction import Evidence
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import AnyResult, Reason, Result, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.schemas.target import Target
from thresher.service.runs.exports import Folder
from thresher.service.storage.run_inputs import RunInputs, save_inputs
from thresher.service.targets.loading import load_target

FORMS = ("xlsx", "csv", "jsonl", "parquet")
MEGABYTE = 1 << 20
FIELDS = ("position", "description", "quantity", "unit_price", "amount")


def main() -> None:
    """Print a table: form, Results, CPU, most memory, bytes written."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--results", type=int, default=100)
    asked.add_argument("--rows", type=int, default=50)
    asked.add_argument("--forms", nargs="*", default=FORMS)
    given = asked.parse_args()
    print("| Form | Results | Rows | CPU seconds | Most memory, MB | Written, MB |\n|---|---|---|---|---|---|")
    for count in (max(given.results // 10, 1), given.results):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "results"
            _fill(folder, count, given.rows)
            for form in given.forms:
                _measure(folder, Path(place) / form, form, (count, given.rows))


def _fill(folder: Path, count: int, rows: int) -> None:
    folder.mkdir()
    target, results = load_target("invoice"), Folder(folder)
    save_inputs(folder, RunInputs().added([], [target], ReadOptions()))
    for number in range(count):
        path = f"{number % 100:02}/{number}.pdf"
        results.write(path, _result(path, number, rows, target))


def _result(path: str, number: int, rows: int, target: Target) -> Result[object]:
    lines = [
        {
            "position": str(i),
            "description": f"Item {i} of order {number}",
            "quantity": 2,
            "unit_price": 1.25,
            "amount": 2.5,
        }
        for i in range(rows)
    ]
    evidence = [
        Evidence(path=f"/lines/{i}/{name}", quote=str(lines[i][name]), start=i * 60, end=i * 60 + 5, page=1 + i // 40,
                 boxes=((72.0, 100.0 + i, 120.0, 110.0 + i),))
        for i in range(rows) for name in FIELDS
    ]  # fmt: skip
    return AnyResult(
        source=SourceFacts(path=path, sha256="0" * 64, media_type="application/pdf", pages=2),
        target=TargetFacts(name=target.name, fingerprint=target.fingerprint),
        status="partial",
        reasons=[Reason(code="unsure", path="/total", message="found once")],
        values={
            "number": f"R-{number}",
            "issued": "2024-05-01",
            "currency": "EUR",
            "total": 2.5 * rows,
            "lines": lines,
        },
        evidence=evidence,
    )


def _measure(folder: Path, out: Path, form: str, size: tuple[int, int]) -> None:
    command = [
        sys.executable,
        "-m",
        "thresher.service.cli.main",
        "export",
        str(folder),
        "--format",
        form,
        "--out",
        str(out),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = used.ru_utime + used.ru_stime
    written = sum(f.stat().st_size for f in out.iterdir()) / MEGABYTE
    failed = "" if process.returncode == 0 else f" (exit code {process.returncode})"
    print(
        f"| {form}{failed} | {size[0]} | {size[0] * size[1]} | {seconds:.1f} | {used.ru_maxrss / 1024:.0f} | {written:.1f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
