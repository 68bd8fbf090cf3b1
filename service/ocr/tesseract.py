"""Read text with Tesseract, the system's own program, through a pipe; used when it is named."""

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
from thresher.service.ocr.orientation import line_before_rotation, rotated_upright
from thresher.service.ocr.pixels import resized_within, to_rgb

ORIENTATION_MIN_CONFIDENCE = 4.0  # on Tesseract's own scale; below it the answer is wrong on receipts
WORD_MIN_CONFIDENCE = 0.3
LOCAL_THRESHOLD = ("-c", "thresholding_method=1")  # Tesseract 5; finds faded print that one for the page misses
TIMEOUT_SECONDS = 120.0  # for one page
MAX_SIDE = 4000  # pixels: long side of the given image
MAX_LANGUAGES = 6  # used together; each takes its time
SMALLEST_SIDE = 8  # pixels; no letter fits into less
MIN_SIDE = 2000  # pixels: small images are enlarged, as letters of 20 pixels read best


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An engine for images in any of four orientations. `layout` is Tesseract's page segmentation mode."""

    binary: str
    name: str = "tesseract"
    layout: int = 11  # sparse text: order is ours; word recall on receipts .82, with 3 .78
    languages: str = "eng"

    def read(self, image: Image) -> list[PrintedLine]:
        """Read lines, in no promised order. Raises InputProblem(ocr_failed)."""
        if min(image.size) < SMALLEST_SIDE:
            return []
        full, scale = resized_within(to_rgb(image), MAX_SIDE, MIN_SIDE)
        quarters = self._quarters(full)
        upright = rotated_upright(full, quarters)
        lines = self._lines(upright) or self._lines(upright, *LOCAL_THRESHOLD)
        return [line_before_rotation(line, quarters, full.size, scale) for line in lines]

    def _lines(self, image: Image, *arguments: str) -> list[PrintedLine]:
        """Return the lines of an upright image; `arguments` are added to the command."""
        table = self._ask(image, "--psm", str(self.layout), "-l", self.languages, *arguments, "tsv")
        return [_line(words) for words in _words(table)]

    def _quarters(self, image: Image) -> int:
        """Return the quarter turns clockwise of the text on the page; 0 where Tesseract is not sure."""
        try:
            report = self._ask(image, "--psm", "0")
        except InputProblem:  # too few characters to decide
            return 0
        found = re.search(r"Rotate: (\d+)\s+Orientation confidence: ([\d.]+)", report)
        if found is None or float(found[2]) < ORIENTATION_MIN_CONFIDENCE:
            return 0
        return -int(found[1]) // 90 % 4  # it reports how to turn the page back

    def _ask(self, image: Image, *arguments: str) -> str:
        """Return the standard output of one call.

        Raises InputProblem(ocr_failed) when it fails or takes too long.
        """
        data = io.BytesIO()
        image.save(data, "PNG", compress_level=1)
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        command = [self.binary, "stdin", "stdout", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - our own fixed arguments, no shell
                command,
                input=data.getvalue(),
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=True,
                env=environment,
            )
        except (subprocess.SubprocessError, OSError) as fault:
            raise InputProblem("ocr_failed", f"tesseract: {type(fault).__name__}") from fault
        return done.stdout.decode("utf-8", "replace")


def languages(binary: str) -> list[str]:
    """Return the languages whose data is installed, by Tesseract's names.

    Data that serves layout alone ("osd", "equ") is left out. Returns none where the call fails.
    """
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            [binary, "--list-langs"], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return []
    return [line.strip() for line in done.stdout.splitlines()[1:] if line.strip() not in {"", "osd", "equ"}]


def installed_tesseract() -> Tesseract:
    """Return this machine's engine for its languages, English first.

    Raises SetupProblem(extra_missing) without a binary.
    """
    binary = shutil.which("tesseract")
    if binary is None:
        raise SetupProblem("extra_missing", "the program tesseract (package tesseract-ocr of the system)")
    known = sorted(languages(binary), key=lambda name: (name != "eng", name))[:MAX_LANGUAGES]
    return Tesseract(binary, languages="+".join(known) or "eng")


def _words(table: str) -> Iterator[list[PrintedWord]]:
    """Yield the words of each line of Tesseract's TSV."""
    lines: dict[tuple[str, ...], list[PrintedWord]] = defaultdict(list)
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():  # level 5 is a word
            x, y, width, height = (float(cell) for cell in cells[6:10])
            confidence = float(cells[10]) / 100
            if confidence >= WORD_MIN_CONFIDENCE:
                lines[tuple(cells[1:5])].append(PrintedWord(cells[11], (x, y, x + width, y + height), confidence))
    yield from lines.values()


def _line(words: list[PrintedWord]) -> PrintedLine:
    """Return words as a line with their hull."""
    boxes = [word.box for word in words]
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return PrintedLine(tuple(words), (min(x0), min(y0), max(x1), max(y1)))
