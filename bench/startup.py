"""What starting costs: `thresher --help`, and `thresher extract` of one small file with a scripted model.

    python -m bench.startup [--runs 9]

Prints the median and the least of the wall times, and which heavy libraries the command's own process imported.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAVY = (
    "instructor",
    "litellm",
    "magika",
    "numpy",
    "onnxruntime",
    "openai",
    "opentelemetry",
    "pandas",
    "pyarrow",
    "pypdfium2",
    "rapidocr",
    "spacy",
    "unstructured",
    "xllamacpp",
)
RUN = "import sys; from thresher.service.cli.main import main; sys.argv[0] = 'thresher'; main()"
LOOK = f"""
import sys
from thresher.service.cli.main import main
try:
    main()
except SystemExit:
    print("heavy:", *sorted(set({HEAVY!r}) & sys.modules.keys()))
"""
MAIL = """From: Tom <tom@example.org>
Subject: Order 7

Please send the pens. Total: EUR 12.50
"""


def seconds(arguments: list[str]) -> float:
    """Wall time of one command."""
    shutil.rmtree(arguments[-1], ignore_errors=True)  # what a run before left, or it would not run again
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - begun


def heavy(arguments: list[str]) -> str:
    """Names of the heavy libraries that a command imported."""
    done = subprocess.run([sys.executable, "-c", LOOK, *arguments], check=False, capture_output=True, text=True)
    return next(line for line in reversed(done.stdout.splitlines()) if line.startswith("heavy:"))


def measure(name: str, arguments: list[str], runs: int) -> None:
    """Print one row."""
    times = [seconds(arguments) for _ in range(runs)]
    told = f"median {statistics.median(times):.2f} s, least {min(times):.2f} s"
    print(f"{name:24} {told}; {heavy(arguments)}", flush=True)


def command(folder: Path) -> list[str]:
    """`extract` of one mail with a scripted model."""
    mail, script, target = folder / "one.eml", folder / "script.json", folder / "target.json"
    mail.write_text(MAIL)
    script.write_text(json.dumps({"answers": [{"when": "", "say": {"total": 12.5}}]}))
    target.write_text(json.dumps({"title": "Small", "type": "object", "properties": {"total": {"type": "number"}}}))
    return ["extract", str(mail), "-t", str(target), "-m", f"scripted:{script}", "-o", str(folder / "out")]


def main() -> None:
    """Measure both commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    measure("thresher --help", ["--help"], runs)
    with tempfile.TemporaryDirectory() as folder:
        measure("extract, one mail", command(Path(folder)), runs)


if __name__ == "__main__":
    main()
