"""RapidOCR: PP-OCR models under onnxruntime, carried in the wheel, no network.

The library's stages are called one by one, for three reasons. Its word scores are those of other characters (spaces
are counted in one list and not in the other). It turns each line alone, by a classifier that errs on every third one,
where a page as a whole is easily judged. And it takes a tall narrow "1" for a line that stands upright.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image
from rapidocr import ModelType, OCRVersion, RapidOCR

from thresher.schemas.errors import InputProblem
from thresher.service.ocr import orientation, quads, recognisers
from thresher.service.ocr.base import DRAWN_DPI, PrintedLine
from thresher.service.ocr.pixels import bounded, rgb
from thresher.service.ocr.scripts import FOREIGN_UNREAD, page_score, score, unread
from thresher.service.ocr.small_marks import SURE, marks
from thresher.service.ocr.word_boxes import Spelling, words

FINDING_SIDE = 1600  # long side, in pixels, of the image in which lines are looked for
LEAST_SHORT = 736  # short side that a smaller image is enlarged to for it, as far as the long side allows
FINE = 150  # dots an inch from which letters are large enough as they are
LEAST_SIDE = 8  # pixels; no letter fits into less
READING_SIDE = 4000  # long side of the image out of which they are cut
LEAST_SKEW = 0.03  # radians from which lines are found better in a levelled page
MARGIN = 0.1  # of a box above and below a line's ink, in its height; the recogniser gets more, it needs it
UPRIGHT = 0.8  # mean confidence of a page from which it is not upside down
NARROWEST = 48  # pixels: the least width that lines are brought to; the library's 320 makes half of a receipt blank
LEAST_CONFIDENCE = 0.5  # mean of a line's characters; below it a "line" is mostly a logo or a stain


@dataclass(slots=True)
class RapidOcr:
    """Reads an image in any orientation; skewed and turned lines keep the boxes that they have in it."""

    name: str = "rapidocr"
    threads: int = 1
    _engine: Any = None
    _others: dict[str, Any] = field(default_factory=dict)  # by their scripts, once a page needs them

    def read(self, image: Image) -> list[PrintedLine]:
        """Lines in no promised order. Raises InputProblem(ocr_failed)."""
        try:
            return self._read(image)
        except (RuntimeError, ValueError, ArithmeticError, IndexError) as fault:
            raise InputProblem("ocr_failed", f"rapidocr: {type(fault).__name__}") from fault

    def _read(self, image: Image) -> list[PrintedLine]:
        if min(image.size) < LEAST_SIDE:
            return []
        full, scale = bounded(rgb(image), READING_SIDE)
        found = self._find(full)
        if not orientation.lies_on_its_side(found):  # most pages: no vote on which way is up, where the text reads well
            lines = self._level_lines(full, found) if found else []
            if not lines or _sure(lines) >= UPRIGHT:
                return [orientation.turned_back(line, 0, full.size, scale) for line in lines]
        quarters = orientation.quarters_of(_bgr(full), found, self._votes)
        upright = orientation.turned_image(full, quarters)
        if quarters:  # lines are found better when they lie
            found = self._find(upright)
        lines = self._level_lines(upright, found) if found else []
        return [orientation.turned_back(line, quarters, full.size, scale) for line in lines]

    def _level_lines(self, upright: Image, found: list[quads.Quad]) -> list[PrintedLine]:
        """The lines of an upright page, levelled first where it is clearly skewed."""
        skew = orientation.skew_of(found)
        if abs(skew) < LEAST_SKEW:
            return self._lines(_bgr(upright), found)
        level = orientation.levelled(upright, skew)
        lines = self._lines(_bgr(level), self._find(level))
        return [orientation.tilted_back(line, skew, level.size, upright.size) for line in lines]

    def _lines(self, pixels: quads.Pixels, found: list[quads.Quad]) -> list[PrintedLine]:
        """The lines inside quads of an upright page, and the marks beside them."""
        if not found:
            return []
        found = orientation.upright(pixels, found, self._votes)
        spelled = self._spell([quads.cut(pixels, quad) for quad in found])
        tight = [quads.tightened(pixels, quad, MARGIN) for quad in found]
        aspects = [quads.aspect(quad) for quad in found]
        if (whole := page_score(spelled, aspects)) is not None and whole < FOREIGN_UNREAD:
            spelled = self._in_other_scripts(pixels, found, spelled)
        lost = unread(spelled, aspects)
        lines = [
            PrintedLine((), quads.hull(quad)) if gone else _line(one, quad)
            for one, quad, gone in zip(spelled, tight, lost, strict=True)
        ]
        return [line for line in [*lines, *self._marks(pixels, tight)] if line is not None]

    def _in_other_scripts(
        self, pixels: quads.Pixels, found: list[quads.Quad], spelled: list[Spelling]
    ) -> list[Spelling]:
        """The lines as the recogniser that does best with them reads them, of those of other scripts that are here."""
        crops, best = [quads.cut(pixels, quad) for quad in found], spelled
        aspects = [quads.aspect(quad) for quad in found]
        for script, path in recognisers.here().items():
            if script not in self._others:
                self._others[script] = RapidOCR(params={**_parameters(self.threads), **_recogniser(path)})
            pairs = zip(best, self._spell(crops, self._others[script]), aspects, strict=True)
            best = [max(a, b, key=lambda one: score(one, aspect)) for a, b, aspect in pairs]
        return best

    def _marks(self, pixels: quads.Pixels, found: list[quads.Quad]) -> list[PrintedLine | None]:
        left = marks(pixels, found)
        spelled = self._spell([quads.cut(pixels, quad) for quad in left])
        both = zip(spelled, left, strict=True)
        return [_line(one, quad) for one, quad in both if one.text.isalnum() and one.confidence >= SURE]

    def _find(self, image: Image) -> list[quads.Quad]:
        """Quads of text lines in pixels of `image`, each from its top left corner clockwise."""
        short = 0 if _resolution(image) >= FINE else LEAST_SHORT
        small, scale = bounded(image, FINDING_SIDE, round(short * max(image.size) / min(image.size)))
        result = self._loaded()(_bgr(small), use_det=True, use_cls=False, use_rec=False)
        boxes = getattr(result, "boxes", None)
        return [] if boxes is None else [np.asarray(b, dtype=np.float32) / scale for b in boxes]

    def _votes(self, crops: list[quads.Pixels]) -> list[float]:
        """How much surer each crop reads upside down."""
        up, down = self._spell(crops), self._spell([np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops])
        return [two.confidence - one.confidence for one, two in zip(up, down, strict=True)]

    def _spell(self, crops: list[quads.Pixels], engine: Any = None) -> list[Spelling]:
        if not crops:
            return []
        engine = engine or self._loaded()
        engine.return_word_box = True
        result = engine.recognize_txt(crops)
        return [_spelling(*one) for one in zip(result.txts, result.word_results, strict=True)]

    def _loaded(self) -> Any:
        if self._engine is None:
            self._engine = RapidOCR(params=_parameters(self.threads))
            logging.getLogger("RapidOCR").handlers.clear()
        return self._engine


def _resolution(image: Image) -> float:
    """Dots an inch at which a page was drawn, 0 for any other image: what files state of themselves is not believed."""
    return float(image.info.get(DRAWN_DPI, 0.0))


def _sure(lines: list[PrintedLine]) -> float:
    """Mean confidence of the characters of some lines."""
    words = [word for line in lines for word in line.words]
    return sum(w.confidence * len(w.text) for w in words) / max(sum(len(w.text) for w in words), 1)


def _bgr(image: Image) -> quads.Pixels:
    """Pixels in the order of channels that the library wants."""
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _parameters(threads: int) -> dict[str, object]:
    runtime = "EngineConfig.onnxruntime"
    return {
        "Global.log_level": "critical",
        "Global.use_preprocess_img": False,  # a strip of 3,000 x 4 pixels would be enlarged to half a gigapixel
        "Det.limit_side_len": FINDING_SIDE,
        "Det.limit_type": "max",
        "Rec.rec_img_shape": [3, 48, NARROWEST],
        "Rec.rec_batch_num": 1,  # a batch is as wide as its widest line
        "Det.unclip_ratio": 2.4,  # 1.6 cuts into small print: word recall on receipts .938, with 2.4 .953
        f"{runtime}.enable_cpu_mem_arena": True,  # keeps memory between calls: a seventh of the time
        f"{runtime}.intra_op_num_threads": threads,
        f"{runtime}.inter_op_num_threads": 1,
    }


def _recogniser(path: Path) -> dict[str, object]:
    """The parameters of another recogniser: its file holds its letters."""
    return {"Rec.model_path": str(path), "Rec.ocr_version": OCRVersion.PPOCRV5, "Rec.model_type": ModelType.MOBILE}


def _spelling(text: str, info: Any) -> Spelling:
    """The recogniser's answer: every character's column (None for spaces) and confidence."""
    columns = iter(column for word in info.word_cols for column in word)
    placed = [None if c.isspace() else next(columns, None) for c in text]
    return Spelling(text, tuple(placed), tuple(info.confs), max(float(info.line_txt_len), 1.0))


def _line(spelled: Spelling, quad: quads.Quad) -> PrintedLine | None:
    if not spelled.text.strip() or spelled.confidence < LEAST_CONFIDENCE:
        return None
    return PrintedLine(words=words(spelled, quad), box=quads.hull(quad))
