"""Long lists: the whole pipeline on generated documents, asked of the simulated reader, against the exact truth.

    python -m bench.lists                              the table: 100 to 20,000 rows, every fault setting
    python -m bench.lists --rows 800 --faults noisy --seeds 30000,30001 --kinds statement,claims
    python -m bench.lists --form pdf --rows 300 --faults perfect,noisy --seeds 1,2 --kinds claims,thread
    python -m bench.lists --standard --rows 20000 --faults perfect --speed 1      wall time against the ideal

Seeds from 10,000 on are for measuring: their layouts were not seen while building.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from bench.list_case import Case
from bench.list_forms import FORMS, has_form

ROWS = "100,800,3200,20000"
FAULTS = "perfect,cliff+cap,hidden+cap,noisy,neighbours"
TITLES = (
    "document",
    "form",
    "rows",
    "faults",
    "seed",
    "recall",
    "dup",
    "wrong",
    "order",
    "facts",
    "conflict",
    "status",
    "valid",
    "missing named",
    "unclaimed rows",
    "prompt",
    "answer",
    "calls",
    "wall/ideal s",
    "CPU s",
    "MiB",
)


def cells(row: dict[str, Any]) -> list[str]:
    """One line of the table."""
    return [
        row["kind"],
        row["form"],
        f"{row['rows']:,}",
        row["faults"],
        "standard" if row["standard"] else str(row["seed"]),
        f"{int(row['recall'] * 1e4) / 1e4:.4f}",
        str(row["repeated"]),
        str(row["wrong"]),
        "yes" if row["ordered"] else "NO",
        row["facts"],
        "yes" if row["conflict"] else "no",
        row["status"],
        "yes" if row["valid"] else "no",
        f"{row['missing_named']}/{row['missing']}",
        f"{row['unclaimed_rows']}/{row['unclaimed']}",
        f"{row['prompt_ratio']:.2f}",
        f"{row['answer_ratio']:.2f}",
        str(row["calls"]),
        f"{row['wall_s']:.1f}/{row['ideal_s']:.1f}",
        f"{row['cpu_s']:.1f}",
        f"{row['peak_mib']:.0f}",
    ]


def cases(given: argparse.Namespace) -> Iterator[Case]:
    """Every combination that was asked for."""
    for kind, rows, faults, seed in product(
        given.kinds.split(","), given.rows.split(","), given.faults.split(","), given.seeds.split(",")
    ):
        if not has_form(kind, given.form):
            continue
        yield Case(
            kind=kind,
            form=given.form,
            rows=int(rows),
            faults=faults,
            seed=int(seed),
            standard=given.standard,
            narrow=given.narrow,
            in_flight=given.in_flight,
            speed=given.speed,
        )


def measured(case: Case, most: float) -> dict[str, Any] | None:
    """One case in a process of its own; None where it failed or took too long."""
    command = [sys.executable, "-m", "bench.list_case", json.dumps(asdict(case))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=most, check=True)
    except subprocess.TimeoutExpired:
        print(
            f"| {case.kind} | {case.form} | {case.rows:,} | {case.faults} | {case.seed} | over {most:g} s |", flush=True
        )
        return None
    except subprocess.CalledProcessError as error:
        print(
            f"| {case.kind} | {case.form} | {case.rows:,} | {case.faults} | {case.seed} | {error.stderr.strip()[-300:]} |",
            flush=True,
        )
        return None
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(given: argparse.Namespace) -> None:
    """Print the table, line by line."""
    print("| " + " | ".join(TITLES) + " |\n|" + "---|" * len(TITLES), flush=True)
    kept = []
    for case in cases(given):
        row = measured(case, given.timeout)
        if row is not None:
            kept.append(row)
            print("| " + " | ".join(cells(row)) + " |", flush=True)
    if given.json:
        given.json.write_text(json.dumps(kept, indent=1), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="statement")
    parser.add_argument("--form", default="text", choices=FORMS, help="workbooks and web pages hold tables only")
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--faults", default=FAULTS)
    parser.add_argument("--seeds", default="30000")
    parser.add_argument("--standard", action="store_true", help="the layout of the published table")
    parser.add_argument("--narrow", action="store_true", help="short pages and narrow columns; text and PDF alone")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--speed", type=float, default=50.0, help="divides every wait of the model")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for one case")
    parser.add_argument("--json", type=Path, help="keep the rows")
    main(parser.parse_args())
