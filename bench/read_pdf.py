"""How much faster than others a PDF is read into Blocks, 1,000 Anchors resolved to boxes.

    python -m bench.read_pdf FOLDER [--rounds 5] [--unstructured PYTHON]

Every file of FOLDER (and below) is read in turn by each reader; a ratio is between medians of CPU seconds over the rounds.
The others are pypdf's text extraction, bare PDFium (pages and their text loaded, nothing asked: what no reader built on
it can undercut), and `unstructured`'s fast strategy, run by another interpreter, as its extra for PDF brings 7 GB: a
virtual environment with unstructured, unstructured_inference (without its dependencies), pdfminer.six, pikepdf, pi_heif,
pypdf<7, onnx, onnxruntime, opencv-python-headless, pandas, scipy, huggingface_hub and matplotlib is enough.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pypdfium2.raw as pdfium

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import reader

ANCHORS = 1000
UNSTRUCTURED = """
import sys, time
import spacy
from unstructured.nlp import tokenize
def blank():
    model = spacy.blank("xx")
    model.add_pipe("sentencizer")
    return model
tokenize._load_spacy_model = blank
from unstructured.partition.pdf import partition_pdf
before = time.process_time()
elements = partition_pdf(sys.argv[1], strategy="fast", languages=[""])
print(time.process_time() - before if elements else "nan")
"""
QUIET = {"DO_NOT_TRACK": "1", "SCARF_NO_ANALYTICS": "1", "UNSTRUCTURED_DISABLE_NOTICE": "1"}


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


def pdfium_alone(path: Path) -> None:
    """Pages and their characters, loaded and closed."""
    document = pdfium.FPDF_LoadDocument(str(path).encode(), None)
    for i in range(pdfium.FPDF_GetPageCount(document)):
        page = pdfium.FPDF_LoadPage(document, i)
        pdfium.FPDFText_ClosePage(pdfium.FPDFText_LoadPage(page))
        pdfium.FPDF_ClosePage(page)
    pdfium.FPDF_CloseDocument(document)


def unstructured_fast(path: Path, python: str) -> float:
    """CPU seconds of `unstructured`'s fast strategy, its import aside."""
    command = [python, "-c", UNSTRUCTURED, str(path)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **QUIET})
    return float(run.stdout.split()[-1])


def seconds(run: Callable[[], None]) -> float:
    """CPU seconds of one run."""
    before = time.process_time()
    run()
    return time.process_time() - before


def measure(path: Path, spool: Path, rounds: int) -> dict[str, float]:
    """Median seconds of each; they take turns, so that a busy machine is busy for all."""
    runs: dict[str, Callable[[], None]] = {
        "thresher": lambda: read_with_boxes(path, spool),
        "pypdf": lambda: pypdf_text(path),
        "pdfium": lambda: pdfium_alone(path),
    }
    read_with_boxes(path, spool)
    taken = [{name: seconds(run) for name, run in runs.items()} for _ in range(rounds)]
    return {name: median(one[name] for one in taken) for name in runs}


def main() -> None:
    """Print a line a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--unstructured", metavar="PYTHON")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'file':42} {'seconds':>8} {'x pypdf':>8} {'x unstructured':>15} {'PDFium alone x pypdf':>21}")
    with TemporaryDirectory() as spool:
        for path in sorted(chosen.folder.rglob("*.pdf")):
            took = measure(path, Path(spool), chosen.rounds)
            own = took["thresher"]
            other = unstructured_fast(path, chosen.unstructured) / own if chosen.unstructured else float("nan")
            ratio, floor = took["pypdf"] / own, took["pypdf"] / took["pdfium"]
            print(f"{path.name[:42]:42} {own:8.3f} {ratio:8.1f} {other:15.1f} {floor:21.1f}", flush=True)


if __name__ == "__main__":
    main()
