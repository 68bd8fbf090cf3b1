"""Read page images by the OCR of several checkouts in turn: word recall, and CPU and wall seconds a page.

    python -m bench.ocr_beside CHECKOUT ... --receipts SROIE [--forms FOLDER] [--every N]

A checkout is a folder, or `git archive COMMIT | tar x -C FOLDER`; this one comes last by itself. Each reads in a process of
its own, a page by all of them before the next. FOLDER of --forms holds PDFs with text: their first pages are drawn at 200
dots an inch, tilted by up to half a degree, blurred, given grain and saved as JPEG; the text layer is the truth.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
MIN_CHARS = 400  # of a form's text layer


def words(text: str) -> Counter[str]:
    """Runs of letters and digits in capitals, and how often each occurs."""
    return Counter(re.findall(r"[^\W_]+", text.upper()))


def receipts(folder: Path) -> Iterator[tuple[Path, Counter[str]]]:
    """Yield images and the words that are printed on them."""
    for path in sorted((folder / "documents").glob("*.jpg")):
        rows = (folder / "ocr_truth" / f"{path.stem}.csv").read_text("utf-8", "replace").splitlines()
        yield path, words("\n".join(row.split(",", 8)[8] for row in rows if row.count(",") >= 8))


def forms(folder: Path, target: Path) -> Iterator[tuple[Path, Counter[str]]]:
    """Yield pictures of first pages as a scanner would give them, and the words of their text layers."""
    import pypdfium2

    for seed, path in enumerate(sorted(folder.glob("*.pdf"))):
        page = pypdfium2.PdfDocument(path)[0]
        text = page.get_textpage().get_text_bounded()
        if len(text) >= MIN_CHARS:
            out = target / f"{path.stem}.jpg"
            out.write_bytes(_scanned(page.render(scale=200 / 72).to_pil().convert("L"), seed))
            yield out, words(text)


def _scanned(page: Any, seed: int) -> bytes:
    """Return a page tilted, blurred and grainy, as JPEG."""
    import numpy as np
    from PIL import Image, ImageFilter

    random = np.random.default_rng(seed)
    tilted = page.rotate(random.uniform(-0.5, 0.5), Image.Resampling.BICUBIC, fillcolor=250)
    blurred = np.asarray(tilted.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32)
    grainy = 25 + 0.88 * blurred + random.normal(0, 6, blurred.shape)
    data = io.BytesIO()
    Image.fromarray(grainy.clip(0, 255).astype(np.uint8)).save(data, "JPEG", quality=55)
    return data.getvalue()


class _Checkout:
    """A process that reads by the code of one checkout."""

    def __init__(self, root: Path) -> None:
        """Start it."""
        command = [sys.executable, "-P", __file__, "--serve", str(root.resolve())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, path: Path) -> tuple[str, float, float]:
        """Return text, CPU seconds and wall seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(path.resolve(), file=self.process.stdin, flush=True)
        text, cpu, wall = json.loads(self.process.stdout.readline())
        return text, cpu, wall


def serve(root: str) -> None:
    """Read the images named on standard input, a line each, by the code under `root`."""
    sys.path.insert(0, root)
    logging.disable(logging.CRITICAL)
    package = "thresher." if (Path(root) / "thresher").is_dir() else ""  # older checkouts have no root package
    from PIL import Image

    def load(name: str) -> Any:
        return importlib.import_module(package + name)

    source, builders, layout = load("schemas.source"), load("schemas.document"), load("service.layout")
    ocr = load("service.ocr").engine("rapidocr")
    ocr.read(Image.new("RGB", (400, 300), "white"))  # loads what is loaded once
    for line in sys.stdin:
        image = Image.open(line.strip()).convert("RGB")
        wall, cpu = time.perf_counter(), time.process_time()
        lines = [one for one in ocr.read(image) if one.words]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        builder = builders.DocumentBuilder(source.Source(path="page", blob="page", sha256="", size=0), kind="image")
        builder.page(*image.size, ocr=True)
        layout.write_page(builder, lines, width=image.width, height=image.height, scale=1.0)
        print(json.dumps([builder.build().text, cpu, wall]), flush=True)


def main(asked: argparse.Namespace) -> None:
    """Print a line for each set and checkout."""
    with tempfile.TemporaryDirectory() as scratch:
        sets = {"receipts": receipts(asked.receipts)} if asked.receipts else {}
        sets |= {"forms": forms(asked.forms, Path(scratch))} if asked.forms else {}
        readers = {str(root): _Checkout(root) for root in [*asked.checkouts, HERE]}
        for name, pages in sets.items():
            _compare(name, list(pages)[:: asked.every], readers, details=asked.details)


def _compare(
    name: str, pages: list[tuple[Path, Counter[str]]], readers: dict[str, _Checkout], *, details: bool
) -> None:
    """Read the pages of a set, and print what came out."""
    found, cpu, wall = Counter[str](), Counter[str](), Counter[str]()
    given = Counter[str]()
    for path, truth in pages:
        row = []
        for root, reader in readers.items():
            text, used, took = reader.read(path)
            right = (truth & words(text)).total()
            found[root] += right
            given[root] += words(text).total()
            cpu.update({root: used})  # type: ignore[dict-item] - a Counter of seconds
            wall.update({root: took})  # type: ignore[dict-item]
            row.append(f"{right} {used:.2f}")
        if details:
            print(path.stem, truth.total(), *row, sep="  ", flush=True)
    total = sum(truth.total() for _, truth in pages)
    for root in readers:
        print(
            f"{name}, {len(pages)} pages, {root}: word recall {found[root] / total:.4f}, of what was read"
            f" {found[root] / given[root]:.4f}, CPU {cpu[root] / len(pages):.2f} s, wall {wall[root] / len(pages):.2f} s"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path)
    parser.add_argument("--receipts", type=Path)
    parser.add_argument("--forms", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--details", action="store_true")
    parser.add_argument("--serve", metavar="CHECKOUT")
    chosen = parser.parse_args()
    os.nice(1)
    if chosen.serve:
        serve(chosen.serve)
    else:
        main(chosen)
