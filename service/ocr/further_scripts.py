"""Read pages in scripts that the first engine does not know, by Tesseract where it has the data of their languages.

first engine -> lines that were found but not read -> Tesseract, once a page -> the lines of both
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from thresher.schemas.errors import InputProblem
from thresher.service.ocr.base import OcrEngine, PrintedLine
from thresher.service.ocr.scripts import UNREADABLE_MIN_SHARE, unread_share

if TYPE_CHECKING:
    from PIL.Image import Image

DOUBTFUL_MAX_CONFIDENCE = 0.95  # mean of a page's characters; above it the first engine knows the script
FOREIGN_MIN_SHARE = 0.5  # of the length of the lines: from this unread share on, the page is the second engine's alone
LINE_MIN_CONFIDENCE = 0.6  # mean of a line's characters; below it the second engine does not know the script either
_LANGUAGES = """
    arabic: ara fas urd pus snd uig kur_ara; cyrillic: rus ukr bul bel srp mkd kaz kir tgk mon uzb_cyrl aze_cyrl tat;
    greek: ell grc; devanagari: hin mar nep san; korean: kor kor_vert; tamil: tam; telugu: tel; thai: tha;
    hebrew: heb yid; bengali: ben asm; gujarati: guj; gurmukhi: pan; kannada: kan; malayalam: mal; sinhala: sin; odia: ori;
    lao: lao; khmer: khm; burmese: mya; georgian: kat kat_old; armenian: hye; ethiopic: amh tir; tibetan: bod dzo;
    syriac: syr; thaana: div; cherokee: chr; canadian aboriginal: iku
"""
SCRIPT_OF_LANGUAGE = {  # Tesseract's name of a language: its script, for scripts other than Latin, Chinese and Japanese
    language: script.strip()
    for part in _LANGUAGES.split(";")
    for script, _, languages in [part.partition(":")]
    for language in languages.split()
}


def scripts_of(languages: Sequence[str]) -> dict[str, list[str]]:
    """Return the further scripts that languages of Tesseract are written in, each with its languages.

    >>> scripts_of(["deu", "eng", "heb", "script/Hebrew", "tha"])
    {'hebrew': ['heb', 'script/Hebrew'], 'thai': ['tha']}
    """
    known = set(SCRIPT_OF_LANGUAGE.values())
    found: dict[str, list[str]] = {}
    for language in languages:
        named = language.rpartition("/")[2].lower().replace("_", " ") if "/" in language else ""
        script = SCRIPT_OF_LANGUAGE.get(language) or (named if named in known else "")
        if script:
            found.setdefault(script, []).append(language)
    return dict(sorted(found.items()))


class ScriptEngine(OcrEngine, Protocol):
    """An engine that tells the script of a page."""

    def knows_script(self, image: Image) -> bool:
        """Whether a page is surely in one of the scripts that this engine was chosen for."""
        ...


@dataclass(slots=True)
class FurtherScripts:
    """An engine, and a second one for pages that it can not read; `second` returns None where there is none."""

    first: OcrEngine
    second: Callable[[], ScriptEngine | None]
    _found: list[ScriptEngine | None] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the name of the first engine."""
        return self.first.name

    def read(self, image: Image) -> list[PrintedLine]:
        """Read lines, in no promised order. Raises InputProblem(ocr_failed)."""
        lines = self.first.read(image)
        share = unread_share(lines)
        is_read = share < UNREADABLE_MIN_SHARE
        if not lines or (is_read and _mean_confidence(*lines) >= DOUBTFUL_MAX_CONFIDENCE):
            return lines
        if not self._found:
            self._found.append(self.second())
        second = self._found[0]
        if second is None or (is_read and not second.knows_script(image)):
            return lines
        try:
            sure = [line for line in second.read(image) if _mean_confidence(line) >= LINE_MIN_CONFIDENCE]
        except InputProblem:
            return lines
        return merged(lines, sure, alone=is_read or share >= FOREIGN_MIN_SHARE)


def merged(lines: Sequence[PrintedLine], others: Sequence[PrintedLine], *, alone: bool) -> list[PrintedLine]:
    """Return the lines of both engines, each place once; lines that neither read stay without words.

    With `alone`, what the first engine read counts only where the second one read nothing.
    """
    kept = [line for line in lines if line.words]
    if alone:
        kept = [line for line in kept if not any(_overlap(line, other) for other in others)]
    else:
        others = [other for other in others if not any(_overlap(line, other) for line in kept)]
    unread = [line for line in lines if not line.words and not any(_overlap(line, other) for other in others)]
    return [*kept, *others, *unread]


def _overlap(one: PrintedLine, other: PrintedLine) -> bool:
    """Whether the middle of one line lies in the other."""
    return _is_middle_in(one, other) or _is_middle_in(other, one)


def _is_middle_in(one: PrintedLine, other: PrintedLine) -> bool:
    x, y = (one.box[0] + one.box[2]) / 2, (one.box[1] + one.box[3]) / 2
    return other.box[0] <= x <= other.box[2] and other.box[1] <= y <= other.box[3]


def _mean_confidence(*lines: PrintedLine) -> float:
    words = [word for line in lines for word in line.words]
    return sum(word.confidence * len(word.text) for word in words) / max(sum(len(word.text) for word in words), 1)
