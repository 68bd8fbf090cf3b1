"""Word recall and seconds a page of each OCR engine on a folder of receipts with line transcripts.

    python bench/ocr.py FOLDER [--every N] [--turn DEGREES]

FOLDER holds `documents/*.jpg` and `ocr_truth/*.csv` (eight numbers and the transcript a line), as SROIE does. A word is
a run of letters or digits, capitals and order ignored; recall counts each as often as it is printed. Transcripts have
errors of their own, so 1.0 can not be reached.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image as Pillow
from PIL.Image import Image
from rich.console import Console
from rich.table import Table

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import SetupProblem
from thresher.schemas.source import Source
from thresher.service.layout import write_page
from thresher.service.ocr import engine
from thresher.service.ocr.base import OcrEngine

ENGINES = ("rapidocr", "tesseract")


@dataclass(frozen=True, slots=True)
class Page:
    """One page's outcome."""

    name: str
    found: int  # words of the truth that were read
    words: int  # in the truth
    seconds: float

    @property
    def recall(self) -> float:
        """Part of the truth that was read."""
        return self.found / max(self.words, 1)


def words(text: str) -> Counter[str]:
    """Runs of letters and digits in capitals, and how often each occurs."""
    return Counter(re.findall(r"[^\W_]+", text.upper()))


def truth(path: Path) -> str:
    """The transcripts of a page, a line each."""
    rows = path.read_text("utf-8", "replace").splitlines()
    return "\n".join(row.split(",", 8)[8] for row in rows if row.count(",") >= 8)


def read(ocr: OcrEngine, image: Image) -> str:
    """The text of a page as a Document has it."""
    builder = DocumentBuilder(Source(path="page", blob="page", sha256="", size=0), kind="image")
    builder.page(*image.size, ocr=True)
    write_page(builder, ocr.read(image), width=image.width, height=image.height, scale=1.0)
    return builder.build().text


def measure(ocr: OcrEngine, folder: Path, every: int, turn: int) -> Iterator[Page]:
    """Read every Nth document of a folder."""
    for path in sorted((folder / "documents").glob("*.jpg"))[::every]:
        image = Pillow.open(path).convert("RGB").rotate(turn, expand=True, fillcolor="white")
        start = time.perf_counter()
        text = read(ocr, image)
        seconds = time.perf_counter() - start
        expected = words(truth(folder / "ocr_truth" / f"{path.stem}.csv"))
        yield Page(path.stem, (expected & words(text)).total(), expected.total(), seconds)


def row(name: str, pages: list[Page]) -> list[str]:
    """A line of the table."""
    recall = sum(page.found for page in pages) / sum(page.words for page in pages)
    worst = min(pages, key=lambda page: page.recall)
    seconds = median(page.seconds for page in pages)
    return [name, str(len(pages)), f"{recall:.3f}", f"{worst.recall:.3f} ({worst.name})", f"{seconds:.2f}"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Word recall and speed of OCR.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--turn", type=int, default=0, help="degrees counter-clockwise")
    asked = parser.parse_args()
    table = Table("engine", "pages", "word recall", "worst page", "median seconds")
    for name in ENGINES:
        try:
            ocr = engine(name)
        except SetupProblem as problem:
            print(f"{name}: {problem.message}")
            continue
        table.add_row(*row(name, list(measure(ocr, asked.folder, asked.every, asked.turn))))
    Console().print(table)


if __name__ == "__main__":
    main()
