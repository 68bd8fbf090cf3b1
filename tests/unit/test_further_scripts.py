"""Pages in scripts that the first engine does not know: the second one reads them, and each place is read once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from PIL import Image as Pillow
from PIL.Image import Image

from thresher.schemas.errors import InputProblem
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.further_scripts import SCRIPT_OF_LANGUAGE, FurtherScripts, scripts_of
from thresher.service.ocr.tesseract import Tesseract

PAGE = Pillow.new("L", (10, 10))


def line(y: float, text: str = "", confidence: float = 0.9) -> PrintedLine:
    """A line of a page; without text one that was found and not read."""
    box = (0.0, y, 100.0, y + 10)
    return PrintedLine(tuple(PrintedWord(word, box, confidence) for word in text.split()), box)


@dataclass
class Engine:
    """An engine that sees the same lines on each page."""

    lines: list[PrintedLine]
    knows: bool = True
    fails: bool = False
    seen: int = 0
    name: str = field(default="fake")

    def read(self, _image: Image) -> list[PrintedLine]:
        """Its lines."""
        self.seen += 1
        if self.fails:
            raise InputProblem("ocr_failed", "broken")
        return self.lines

    def knows_script(self, _image: Image) -> bool:
        """What it was told."""
        return self.knows


def texts(first: list[PrintedLine], second: Engine | None) -> list[str]:
    """What both read, from top to bottom."""
    found = FurtherScripts(Engine(first), lambda: second).read(PAGE)
    return [one.text for one in sorted(found, key=lambda one: one.box[1])]


HEBREW = [line(0, "חשבונית 4711"), line(20, "סכום 1250.00"), line(40, "Total 1250.00")]
CASES: dict[str, tuple[list[PrintedLine], Engine | None, list[str]]] = {
    "read by the first": ([line(0, "Bill 4711", 0.97)], Engine(HEBREW), ["Bill 4711"]),
    "no line was read": ([line(0), line(20), line(40)], Engine(HEBREW), [one.text for one in HEBREW]),
    "most were not": ([line(0), line(20), line(40, "Tota1")], Engine(HEBREW), [one.text for one in HEBREW]),
    "some were not": ([line(0, "Total"), line(20, "due"), line(40), line(60, "now")], Engine(HEBREW), ["Total", "due", "Total 1250.00", "now"]),
    "nonsense was read": ([line(0, "4711 n on"), line(20, "DI7n7 DID", 0.7)], Engine(HEBREW), [one.text for one in HEBREW]),
    "doubtful, in a script it knows": ([line(0, "B1ll 4711", 0.8)], Engine(HEBREW, knows=False), ["B1ll 4711"]),
    "nothing else is here": ([line(0), line(20)], None, ["", ""]),
    "the second fails": ([line(0), line(20)], Engine([], fails=True), ["", ""]),
    "the second is unsure": ([line(0), line(20)], Engine([line(0, "qrzt", 0.4)]), ["", ""]),
    "the second reads a part": ([line(0), line(20)], Engine(HEBREW[:1]), ["חשבונית 4711", ""]),
    "a blank page": ([], Engine(HEBREW), []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_line_is_read_by_the_engine_that_can(name: str) -> None:
    """And one that neither can read stays a line without words, which has its Note."""
    first, second, wanted = CASES[name]
    assert texts(first, second) == wanted


def test_languages_say_which_scripts_can_be_read() -> None:
    """By their own names or as data of a script; Latin ones, Chinese and Japanese are the first engine's."""
    found = scripts_of(["chi_sim", "deu", "ell", "eng", "grc", "heb", "jpn", "osd", "script/Latin", "script/Thai"])
    assert found == {"greek": ["ell", "grc"], "hebrew": ["heb"], "thai": ["script/Thai"]}
    assert len(SCRIPT_OF_LANGUAGE) > 50


REPORT = "Page number: 0\nRotate: 0\nOrientation confidence: 4.04\nScript: {}\nScript confidence: {}\n"


@pytest.mark.parametrize(
    ("script", "confidence", "known", "languages"),
    [("Hebrew", 2.56, True, "heb+eng"), ("Hangul", 9.0, True, "kor+eng"), ("Cyrillic", 1.04, False, "heb+kor+eng"), ("Hebrew", 1.1, False, "heb+eng")],
)  # fmt: skip
def test_a_page_is_read_in_the_languages_of_its_script(
    script: str, confidence: float, known: object, languages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Tesseract tells it; a guess alone takes no page away from the first engine."""
    asked: list[tuple[str, ...]] = []

    def _ask(_self: Tesseract, _image: Image, *arguments: str) -> str:
        asked.append(arguments)
        return REPORT.format(script, confidence) if arguments == ("--psm", "0") else ""

    monkeypatch.setattr(Tesseract, "_ask", _ask)
    engine = Tesseract("t", languages="heb+kor+eng", by_script={"hebrew": "heb+eng", "korean": "kor+eng"})
    assert engine.knows_script(PAGE) is known
    assert engine.read(PAGE) == []
    assert asked[-1][3] == languages
