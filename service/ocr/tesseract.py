"""Read text with Tesseract, the system's own program, through a pipe; used when it is named."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from PIL.Image import Image

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.further_scripts import scripts_of
from thresher.service.ocr.orientation import line_before_rotation, rotated_upright
from thresher.service.ocr.pixels import resized_within, to_rgb

ORIENTATION_MIN_CONFIDENCE = 4.0  # on Tesseract's own scale; below it the answer is wrong on receipts
SCRIPT_MIN_CONFIDENCE = 2.0  # on Tesseract's own scale; receipts in Latin letters give other scripts up to 1.1
WORD_MIN_CONFIDENCE = 0.3
LOCAL_THRESHOLD = ("-c", "thresholding_method=1")  # Tesseract 5; finds faded print that one for the page misses
TIMEOUT_SECONDS = 120.0  # for one page
MAX_SIDE = 4000  # pixels: long side of the given image
MAX_LANGUAGES = 6  # used together; each takes its time
SMALLEST_SIDE = 8  # pixels; no letter fits into less
NAMES_OF_SCRIPTS = {"hangul": "korean", "myanmar": "burmese", "oriya": "odia"}  # Tesseract's, where they are others
MIN_SIDE = 2000  # pixels: small images are enlarged, as letters of 20 pixels read best


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An engine for images in any of four orientations. `layout` is Tesseract's page segmentation mode.

    With `by_script`, a page is read in the languages of the script that Tesseract finds on it, where it is sure.
    """

    binary: str
    name: str = "tesseract"
    layout: int = 11  # sparse text: order is ours; word recall on receipts .82, with 3 .78
    languages: str = "eng"
    by_script: Mapping[str, str] = field(default_factory=dict)

    def read(self, image: Image) -> list[PrintedLine]:
        """Read lines, in no promised order. Raises InputProblem(ocr_failed)."""
        if min(image.size) < SMALLEST_SIDE:
            return []
        full, scale = resized_within(to_rgb(image), MAX_SIDE, MIN_SIDE)
        report = self._report(full)
        quarters, languages = _quarters(report), self._languages(report)
        upright = rotated_upright(full, quarters)
        lines = self._lines(upright, languages) or self._lines(upright, languages, *LOCAL_THRESHOLD)
        return [line_before_rotation(line, quarters, full.size, scale) for line in lines]

    def knows_script(self, image: Image) -> bool:
        """Whether a page is surely in one of the scripts of `by_script`."""
        full, _ = resized_within(to_rgb(image), MAX_SIDE)  # not enlarged: blurred letters are taken for Latin ones
        script, confidence = _script(self._report(full))
        return script in self.by_script and confidence >= SCRIPT_MIN_CONFIDENCE

    def _languages(self, report: str) -> str:
        """Return the languages to read a page in, by the report on its script."""
        return self.by_script.get(_script(report)[0], self.languages)

    def _lines(self, image: Image, languages: str, *arguments: str) -> list[PrintedLine]:
        """Return the lines of an upright image; `arguments` are added to the command."""
        table = self._ask(image, "--psm", str(self.layout), "-l", languages, *arguments, "tsv")
        return [_line(words) for words in _words(table)]

    def _report(self, image: Image) -> str:
        """Return what Tesseract finds out about orientation and script; empty where it has too few characters."""
        try:
            return self._ask(image, "--psm", "0")
        except InputProblem:
            return ""

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


def _script(report: str) -> tuple[str, float]:
    """Return the script of a page and the confidence in it; an empty name where Tesseract finds none."""
    found = re.search(r"Script: (\w+)\s+Script confidence: ([\d.]+)", report)
    name = found[1].lower().replace("_", " ") if found else ""
    return NAMES_OF_SCRIPTS.get(name, name), float(found[2]) if found else 0.0


def _quarters(report: str) -> int:
    """Return the quarter turns clockwise of the text on a page; 0 where Tesseract is not sure."""
    found = re.search(r"Rotate: (\d+)\s+Orientation confidence: ([\d.]+)", report)
    if found is None or float(found[2]) < ORIENTATION_MIN_CONFIDENCE:
        return 0
    return -int(found[1]) // 90 % 4  # it reports how to turn the page back


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


def for_further_scripts() -> Tesseract | None:
    """Return this machine's engine for scripts other than Latin, Chinese and Japanese; None where it knows none."""
    binary = shutil.which("tesseract")
    known = languages(binary) if binary else []
    further = scripts_of(known)
    if binary is None or not further:
        return None
    beside = ["eng"] if "eng" in known else []
    first = [names[0] for names in further.values()][:MAX_LANGUAGES]
    by_script = {script: "+".join([*names[:MAX_LANGUAGES], *beside]) for script, names in further.items()}
    return Tesseract(binary, languages="+".join([*first, *beside]), by_script=by_script)


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
