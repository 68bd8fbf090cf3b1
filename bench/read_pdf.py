"""How much faster than pypdf and pdfminer.six a PDF is read into Blocks, 1,000 Anchors resolved to boxes.

    python bench/read_pdf.py FOLDER [ROUNDS]

Every file of FOLDER (and below) is read in turn by each of the three in this one process; a ratio is between medians of
CPU seconds over the rounds. pdfminer.six is what `unstructured`'s fast strategy runs beneath its own work, so it stands
for it without the 7 GB that `unstructured[pdf]` brings; it is left out where it is not installed.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Spool
from service.readers.pdf import reader

ANCHORS = 1000
PDFMINER_ROUNDS = 1  # it takes minutes


def read_with_boxes(path: Path, spool: Path) -> None:
    """What is measured: Blocks, and the boxes of 1,000 ranges spread over the text."""
    source = Source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
    document = reader.read(source, ReadOptions(ocr="off"), Spool(spool)).document
    step = max(len(document.text) // ANCHORS, 1)
    for start in range(0, step * ANCHORS, step):
        document.anchor(start, min(start + 30, len(document.text)))


def pypdf_text(path: Path) -> None:
    """Plain text, page by page."""
    from pypdf import PdfReader  # noqa: PLC0415 - only for comparison

    for page in PdfReader(path).pages:
        page.extract_text()


def pdfminer_text(path: Path) -> None:
    """Its layout analysis with the defaults."""
    for _ in import_module("pdfminer.high_level").extract_pages(path):
        pass


def seconds(run: Callable[[], None]) -> float:
    """CPU seconds of one run."""
    before = time.process_time()
    run()
    return time.process_time() - before


def measure(path: Path, spool: Path, rounds: int) -> dict[str, float]:
    """Median seconds of each; the three take turns, so that a busy machine is busy for all."""
    taken: dict[str, list[float]] = {"thresher": [], "pypdf": [], "pdfminer": []}
    has_pdfminer = find_spec("pdfminer") is not None
    read_with_boxes(path, spool)
    for i in range(rounds):
        taken["thresher"].append(seconds(lambda: read_with_boxes(path, spool)))
        taken["pypdf"].append(seconds(lambda: pypdf_text(path)))
        if has_pdfminer and i < PDFMINER_ROUNDS:
            taken["pdfminer"].append(seconds(lambda: pdfminer_text(path)))
    return {name: median(values) for name, values in taken.items() if values}


def main() -> None:
    """Print a line a file."""
    logging.disable(logging.CRITICAL)
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"{'file':50} {'seconds':>8} {'x pypdf':>8} {'x pdfminer':>10}")
    with TemporaryDirectory() as spool:
        for path in sorted(folder.rglob("*.pdf")):
            took = measure(path, Path(spool), rounds)
            own = took["thresher"]
            pdfminer = f"{took['pdfminer'] / own:10.1f}" if "pdfminer" in took else "         -"
            print(f"{path.name[:50]:50} {own:8.3f} {took['pypdf'] / own:8.1f} {pdfminer}", flush=True)


if __name__ == "__main__":
    main()
