"""Writes generated documents with their truth.

    python -m bench.generate --kind statement --rows 3200 --seed 1 --form pdf --out DIR [--standard]
    python -m bench.generate --bundle statement:40,claims:30,thread:12 --seed 3 --out DIR

Seeds below 10,000 are for building; those from there on draw layouts that no other shows, and are for measuring only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import STANDARD, Layout, draw_layout
from tests.simulation.generator.make import bundle, generate
from tests.simulation.generator.nouns import Generated
from tests.simulation.generator.pdf import as_pdf, as_scan
from tests.simulation.generator.sheets import as_html, as_xlsx

FORMS: dict[str, Callable[[Generated], bytes]] = {"txt": lambda g: g.text.encode(), "pdf": as_pdf, "scan": as_scan}
SHEETS: dict[str, Callable[[str, int, int, Layout], bytes]] = {
    "xlsx": as_xlsx,
    "html": lambda k, r, s, x: as_html(k, r, s, x).encode(),
}


def write(folder: Path, kind: str, rows: int, seed: int, form: str, *, standard: bool = False) -> Path:
    """Write one document and its truth; gives the document's path."""
    layout = STANDARD if standard else draw_layout(seed)
    made = generate(kind, rows, seed, layout)
    data = SHEETS[form](kind, rows, seed, layout) if form in SHEETS else FORMS[form](made)
    name = f"{kind}-{rows}-{seed}"
    path = folder / (f"{name}.scan.pdf" if form == "scan" else f"{name}.{form}")
    path.write_bytes(data)
    (folder / f"{name}.truth.json").write_text(json.dumps(_truth(made), ensure_ascii=False), "utf-8")
    return path


def _truth(made: Generated) -> dict[str, object]:
    return {"data": made.truth, "ranges": made.ranges, "corrections": made.corrections}


def _bundled(folder: Path, asked: str, seed: int) -> Path:
    text, parts = bundle([(k, int(n)) for k, _, n in (x.partition(":") for x in asked.split(","))], seed)
    path = folder / f"bundle-{seed}.txt"
    path.write_text(text, "utf-8")
    truth = [{"kind": g.kind, "start": at, **_truth(g)} for at, g in parts]
    path.with_suffix(".truth.json").write_text(json.dumps(truth, ensure_ascii=False), "utf-8")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="statement")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", choices=[*FORMS, *SHEETS], default="txt")
    parser.add_argument("--standard", action="store_true", help="the layout of the published table")
    parser.add_argument("--bundle", help="kind:rows,kind:rows,…")
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.bundle:
        print(_bundled(given.out, given.bundle, given.seed))
    else:
        print(write(given.out, given.kind, given.rows, given.seed, given.form, standard=given.standard))
