"""Tesseract: the system's own binary, asked through a pipe. Used when it is asked for by name."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from PIL.Image import Image

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.orientation import turned_back, turned_image
from thresher.service.ocr.pixels import bounded, rgb

LEAST_ORIENTATION = 4.0  # Tesseract's own orientation confidence; below it the answer is wrong on receipts
LEAST_CONFIDENCE = 0.3  # of a word
PALE = (
    "-c",
    "thresholding_method=1",
)  # local thresholds (Tesseract 5): finds faded print where one for the page does not
SECONDS = 120.0  # one page
SIDE = 4000  # long side of the image given
MOST_LANGUAGES = 6  # asked for together; each takes its time
SMALLEST = 8  # pixels; no letter fits into less
LEAST_SIDE = 2000  # small images are enlarged: letters of 20 pixels read best


@dataclass(frozen=True, slots=True)
class Tesseract:
    """Reads an image in any of four orientations. `layout` is Tesseract's page segmentation mode."""

    binary: str
    name: str = "tesseract"
    layout: int = 11  # sparse text: order is ours; word recall on receipts .82, with 3 .78
    languages: str = "eng"

    def read(self, image: Image) -> list[PrintedLine]:
        """Lines in no promised order. Raises InputProblem(ocr_failed)."""
        if min(image.size) < SMALLEST:
            return []
        full, scale = bounded(rgb(image), SIDE, LEAST_SIDE)
        quarters = self._quarters(full)
        upright = turned_image(full, quarters)
        lines = self._lines(upright) or self._lines(upright, *PALE)
        return [turned_back(line, quarters, full.size, scale) for line in lines]

    def _lines(self, image: Image, *arguments: str) -> list[PrintedLine]:
        table = self._ask(image, "--psm", str(self.layout), "-l", self.languages, *arguments, "tsv")
        return [_line(words) for words in _words(table)]

    def _quarters(self, image: Image) -> int:
        """Quarter turns clockwise of the text on the page; 0 where Tesseract is not sure."""
        try:
            said = self._ask(image, "--psm", "0")
        except InputProblem:  # too few characters to tell
            return 0
        found = re.search(r"Rotate: (\d+)\s+Orientation confidence: ([\d.]+)", said)
        if found is None or float(found[2]) < LEAST_ORIENTATION:
            return 0
        return -int(found[1]) // 90 % 4  # it says how to turn the page back

    def _ask(self, image: Image, *arguments: str) -> str:
        """Standard output of one call. Raises InputProblem(ocr_failed) when it fails or takes too long."""
        data = io.BytesIO()
        image.save(data, "PNG", compress_level=1)
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        command = [self.binary, "stdin", "stdout", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - our own fixed arguments, no shell
                command, input=data.getvalue(), capture_output=True, timeout=SECONDS, check=True, env=environment
            )
        except (subprocess.SubprocessError, OSError) as fault:
            raise InputProblem("ocr_failed", f"tesseract: {type(fault).__name__}") from fault
        return done.stdout.decode("utf-8", "replace")


def languages(binary: str) -> list[str]:
    """The languages whose data is installed, by Tesseract's names; without those that only tell the layout."""
    try:
        done = subprocess.run([binary, "--list-langs"], capture_output=True, text=True, timeout=SECONDS, check=True)  # noqa: S603 - fixed words, no shell
    except (subprocess.SubprocessError, OSError):
        return []
    return [line.strip() for line in done.stdout.splitlines()[1:] if line.strip() not in {"", "osd", "equ"}]


def installed() -> Tesseract:
    """The engine of this machine, for all its languages, English first. Raises SetupProblem(extra_missing) when there is no binary."""
    binary = shutil.which("tesseract")
    if binary is None:
        raise SetupProblem("extra_missing", "the program tesseract (package tesseract-ocr of the system)")
    known = sorted(languages(binary), key=lambda name: (name != "eng", name))[:MOST_LANGUAGES]
    return Tesseract(binary, languages="+".join(known) or "eng")


def _words(table: str) -> Iterator[list[PrintedWord]]:
    """The words of each line of Tesseract's TSV."""
    lines: dict[tuple[str, ...], list[PrintedWord]] = defaultdict(list)
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():  # level 5 is a word
            x, y, width, height = (float(cell) for cell in cells[6:10])
            sure = float(cells[10]) / 100
            if sure >= LEAST_CONFIDENCE:
                lines[tuple(cells[1:5])].append(PrintedWord(cells[11], (x, y, x + width, y + height), sure))
    yield from lines.values()


def _line(words: list[PrintedWord]) -> PrintedLine:
    boxes = [word.box for word in words]
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return PrintedLine(tuple(words), (min(x0), min(y0), max(x1), max(y1)))
