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

from PIL.Image import Image, Transpose

from schemas.document import Box
from schemas.errors import InputProblem, SetupProblem
from service.ocr.base import PrintedLine, PrintedWord
from service.ocr.pixels import bounded, rgb

LEAST_ORIENTATION = 4.0  # Tesseract's own orientation confidence; below it the answer is wrong on receipts
LEAST_CONFIDENCE = 0.3  # of a word
SECONDS = 120.0  # one page
SIDE = 4000  # long side of the image given
LEAST_SIDE = 2000  # small images are enlarged: letters of 20 pixels read best

_TURNS = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}  # clockwise by degrees


@dataclass(frozen=True, slots=True)
class Tesseract:
    """Reads an image in any of four orientations. `layout` is Tesseract's page segmentation mode."""

    binary: str
    name: str = "tesseract"
    layout: int = 4
    languages: str = "eng"

    def read(self, image: Image) -> list[PrintedLine]:
        """Lines in no promised order. Raises InputProblem(ocr_failed)."""
        full, scale = bounded(rgb(image), SIDE, LEAST_SIDE)
        turn = self._turn(full)
        turned = full.transpose(_TURNS[turn]) if turn else full
        table = self._ask(turned, "--psm", str(self.layout), "-l", self.languages, "tsv")
        lines = [_line(words) for words in _words(table)]
        return [_back(line, turn, full.size, scale) for line in lines]

    def _turn(self, image: Image) -> int:
        """Degrees clockwise that set the page upright; 0 where Tesseract is not sure."""
        try:
            said = self._ask(image, "--psm", "0")
        except InputProblem:  # too few characters to tell
            return 0
        degrees, sure = (re.search(pattern, said) for pattern in (r"Rotate: (\d+)", r"Orientation confidence: ([\d.]+)"))
        known = degrees is not None and sure is not None and float(sure[1]) >= LEAST_ORIENTATION
        return int(degrees[1]) % 360 if known and degrees is not None else 0

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


def installed() -> Tesseract:
    """The engine of this machine. Raises SetupProblem(extra_missing) when there is no binary."""
    binary = shutil.which("tesseract")
    if binary is None:
        raise SetupProblem("extra_missing", "the program tesseract (package tesseract-ocr of the system)")
    return Tesseract(binary)


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


def _back(line: PrintedLine, turn: int, size: tuple[int, int], scale: float) -> PrintedLine:
    """A line of the turned image in pixels of the image that was given."""
    words = tuple(PrintedWord(w.text, _unturned(w.box, turn, size, scale), w.confidence) for w in line.words)
    return PrintedLine(words, _unturned(line.box, turn, size, scale))


def _unturned(box: Box, turn: int, size: tuple[int, int], scale: float) -> Box:
    """A box before the turn clockwise by `turn` degrees of an image of `size`, then divided by `scale`."""
    (x0, y0, x1, y1), (width, height) = box, size
    before = {
        0: (x0, y0, x1, y1),
        90: (y0, height - x1, y1, height - x0),
        180: (width - x1, height - y1, width - x0, height - y0),
        270: (width - y1, x0, width - y0, x1),
    }[turn]
    return before[0] / scale, before[1] / scale, before[2] / scale, before[3] / scale
