"""Read text with RapidOCR: PP-OCR models under onnxruntime, carried in the wheel, no network.

The library's stages are called one by one, for three reasons. Its word scores belong to other characters (spaces are
counted in one list and not in the other). It turns each line alone, by a classifier that errs on every third line,
though a page as a whole is easily judged. And it takes a tall narrow "1" for a line on its side.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]
from PIL.Image import Image
from rapidocr import ModelType, OCRVersion, RapidOCR

from thresher.schemas.errors import InputProblem
from thresher.service.ocr import orientation, quads, recognisers
from thresher.service.ocr.base import DRAWN_DPI, PrintedLine
from thresher.service.ocr.pixels import resized_within, to_rgb
from thresher.service.ocr.scripts import FOREIGN_LINE_MIN_SCORE, line_score, page_score, unread_lines, unread_share
from thresher.service.ocr.small_marks import MARK_MIN_CONFIDENCE, small_marks
from thresher.service.ocr.word_boxes import RecognisedLine, words

FINDING_SIDE = 1600  # long side, in pixels, of the image in which lines are searched
FINDING_MIN_SHORT_SIDE = 736  # a smaller image is enlarged to this short side, as far as the long side allows
FINE_DPI = 150  # from here on letters are large enough as they are
MIN_SIDE = 8  # pixels; no letter fits into less
READING_SIDE = 4000  # long side, in pixels, of the image out of which lines are cut
MIN_SKEW = 0.03  # radians; from here on lines are found better in a levelled page
LINE_MARGIN = 0.1  # above and below a line's ink, in its height; the recogniser needs, and gets, more
UPRIGHT_MIN_CONFIDENCE = 0.8  # mean of a page: it is not upside down
LINE_MIN_WIDTH = 48  # pixels: narrower lines are padded to it; the library's 320 makes half of a receipt blank
MAX_THREADS = 4  # of one page: most pages have no more long lines at a time
LINE_MIN_CONFIDENCE = 0.5  # mean of a line's characters; below it a "line" is mostly a logo or a stain


def _usable_threads() -> int:
    """Return how many cores this process may use for one page.

    Processes that read at the same time share the cores: a few threads more than cores cost next to nothing.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAX_THREADS)


@dataclass(slots=True)
class RapidOcr:
    """An engine for images in any orientation; skewed and turned lines keep their boxes in the image.

    Lines are found by `threads` threads together, and read by as many, each a line at a time.
    """

    name: str = "rapidocr"
    threads: int = field(default_factory=_usable_threads)
    _finder: Any = None
    _reader: Any = None
    _others: dict[str, Any] = field(default_factory=dict)  # by other scripts, once a page needs them

    def read(self, image: Image) -> list[PrintedLine]:
        """Read lines, in no promised order. Raises InputProblem(ocr_failed)."""
        try:
            return self._read(image)
        except (RuntimeError, ValueError, ArithmeticError, IndexError) as fault:
            raise InputProblem("ocr_failed", f"rapidocr: {type(fault).__name__}") from fault

    def _read(self, image: Image) -> list[PrintedLine]:
        """Read an image, turning it upright first where its text is not."""
        if min(image.size) < MIN_SIDE:
            return []
        full, scale = resized_within(to_rgb(image), READING_SIDE)
        found, lines = self._find(full), None
        if not orientation.is_sideways(found):  # most pages: no vote on which way is up, where the text reads well
            lines = self._level_lines(full, found) if found else []
        quarters = 0
        if lines is None or (lines and not _reads_well(lines)):
            quarters = orientation.quarters_of(_bgr(full), found, self._votes)
        if lines is None or quarters:  # lines are found better when they lie
            upright = orientation.rotated_upright(full, quarters)
            found = self._find(upright) if quarters else found
            lines = self._level_lines(upright, found) if found else []
        return [orientation.line_before_rotation(line, quarters, full.size, scale) for line in lines]

    def _level_lines(self, upright: Image, found: list[quads.Quad]) -> list[PrintedLine]:
        """Return the lines of an upright page, levelled first where it is clearly skewed."""
        skew = orientation.skew_of(found)
        if abs(skew) < MIN_SKEW:
            return self._lines(_bgr(upright), found)
        level = orientation.deskewed(upright, skew)
        lines = self._lines(_bgr(level), self._find(level))
        return [orientation.line_before_deskewing(line, skew, level.size, upright.size) for line in lines]

    def _lines(self, pixels: quads.Pixels, found: list[quads.Quad]) -> list[PrintedLine]:
        """Return the lines inside quads of an upright page, and the marks beside them."""
        if not found:
            return []
        found = orientation.upright(pixels, found, self._votes)
        spelled = self._spell([quads.cut_out(pixels, quad) for quad in found])
        tight = [quads.fitted_to_ink(pixels, quad, LINE_MARGIN) for quad in found]
        aspects = [quads.aspect(quad) for quad in found]
        if (whole := page_score(spelled, aspects)) is not None and whole < FOREIGN_LINE_MIN_SCORE:
            spelled = self._in_other_scripts(pixels, found, spelled)
        lost = unread_lines(spelled, aspects)
        lines = [
            PrintedLine((), quads.hull(quad)) if is_lost else _line(one, quad)
            for one, quad, is_lost in zip(spelled, tight, lost, strict=True)
        ]
        return [line for line in [*lines, *self._marks(pixels, tight)] if line is not None]

    def _in_other_scripts(
        self, pixels: quads.Pixels, found: list[quads.Quad], spelled: list[RecognisedLine]
    ) -> list[RecognisedLine]:
        """Return each line as read by the recogniser that reads it best.

        The first reading competes with those of all installed recognisers of other scripts.
        """
        crops, best = [quads.cut_out(pixels, quad) for quad in found], spelled
        aspects = [quads.aspect(quad) for quad in found]
        for script, path in recognisers.usable().items():
            if script not in self._others:
                self._others[script] = RapidOCR(params={**_parameters(), **_recogniser(path)})
            pairs = zip(best, self._spell(crops, self._others[script]), aspects, strict=True)
            best = [max(a, b, key=lambda one: line_score(one, aspect)) for a, b, aspect in pairs]
        return best

    def _marks(self, pixels: quads.Pixels, found: list[quads.Quad]) -> list[PrintedLine | None]:
        """Return small marks that the line finder passed over, where they are read with confidence."""
        left = small_marks(pixels, found)
        spelled = self._spell([quads.cut_out(pixels, quad) for quad in left])
        both = zip(spelled, left, strict=True)
        return [_line(one, quad) for one, quad in both if one.text.isalnum() and one.confidence >= MARK_MIN_CONFIDENCE]

    def _find(self, image: Image) -> list[quads.Quad]:
        """Return the quads of text lines in pixels of `image`, each from its top left corner clockwise."""
        short = 0 if _resolution(image) >= FINE_DPI else FINDING_MIN_SHORT_SIDE
        small, scale = resized_within(image, FINDING_SIDE, round(short * max(image.size) / min(image.size)))
        if self._finder is None:
            self._finder = _finder(self.threads)
        result = self._finder(_bgr(small), use_det=True, use_cls=False, use_rec=False)
        boxes = getattr(result, "boxes", None)
        return [] if boxes is None else [np.asarray(b, dtype=np.float32) / scale for b in boxes]

    def _votes(self, crops: list[quads.Pixels]) -> list[float]:
        """Return by how much each crop's confidence is higher upside down."""
        up, down = self._spell(crops), self._spell([np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops])
        return [two.confidence - one.confidence for one, two in zip(up, down, strict=True)]

    def _spell(self, crops: list[quads.Pixels], engine: Any = None) -> list[RecognisedLine]:
        """Recognise crops of lines, the longest first, so that no thread is left with one at the end."""
        if self._reader is None:
            self._reader = _engine()
        engine = engine or self._reader
        engine.return_word_box = True
        order = sorted(range(len(crops)), key=lambda i: -crops[i].shape[1] / crops[i].shape[0])
        with ThreadPoolExecutor(self.threads) as threads:
            results = list(threads.map(lambda i: engine.recognize_txt([crops[i]]), order))
        found = {i: _spelling(one.txts[0], one.word_results[0]) for i, one in zip(order, results, strict=True)}
        return [found[i] for i in range(len(crops))]


def _resolution(image: Image) -> float:
    """Return the dots an inch at which a page was rendered, 0 for other images.

    The resolution that an image file states of itself is not trusted.
    """
    return float(image.info.get(DRAWN_DPI, 0.0))


def _reads_well(lines: list[PrintedLine]) -> bool:
    """Whether a page is not upside down: its characters are read with confidence, and so are most of its lines.

    Figures alone say little: 14.75 upside down is read as 1475.
    """
    words = [word for line in lines for word in line.words]
    mean = sum(w.confidence * len(w.text) for w in words) / max(sum(len(w.text) for w in words), 1)
    return mean * (1 - unread_share(lines)) >= UPRIGHT_MIN_CONFIDENCE


def _bgr(image: Image) -> quads.Pixels:
    """Return pixels in the library's order of channels."""
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _engine() -> Any:
    """Return the library's engine; it loads the models that it is asked for at the first call."""
    engine = RapidOCR(params=_parameters())
    logging.getLogger("RapidOCR").handlers.clear()
    return engine


def _finder(threads: int) -> Any:
    """Return an engine that finds lines by some threads, which sleep between two tasks.

    The library's own threads spin meanwhile: a quarter more CPU time, taken from processes that read at the same time.
    """
    engine = _engine()
    engine(np.zeros((MIN_SIDE, MIN_SIDE, 3), np.uint8), use_det=True, use_cls=False, use_rec=False)  # loads the model
    if threads > 1:
        options = SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        held = engine.text_det.session
        held.session = InferenceSession(held.session._model_path, options, providers=["CPUExecutionProvider"])  # noqa: SLF001 - no other way to the file
    return engine


def _parameters() -> dict[str, object]:
    """Return the library's parameters."""
    runtime = "EngineConfig.onnxruntime"
    return {
        "Global.log_level": "critical",
        "Global.use_preprocess_img": False,  # else a strip of 3,000 x 4 pixels is enlarged to half a gigapixel
        "Det.limit_side_len": FINDING_SIDE,
        "Det.limit_type": "max",
        "Rec.rec_img_shape": [3, 48, LINE_MIN_WIDTH],
        "Rec.rec_batch_num": 1,  # a batch is as wide as its widest line
        "Det.max_candidates": 10_000,  # lines of a page; the library's 1,000 leaves out the rest in silence
        "Det.unclip_ratio": 2.4,  # 1.6 cuts into small print: word recall on receipts .938, with 2.4 .953
        f"{runtime}.enable_cpu_mem_arena": True,  # keeps memory between calls: a seventh of the time
        f"{runtime}.intra_op_num_threads": 1,
        f"{runtime}.inter_op_num_threads": 1,
    }


def _recogniser(path: Path) -> dict[str, object]:
    """Return the parameters of another recogniser; its file contains its characters."""
    return {"Rec.model_path": str(path), "Rec.ocr_version": OCRVersion.PPOCRV5, "Rec.model_type": ModelType.MOBILE}


def _spelling(text: str, info: Any) -> RecognisedLine:
    """Return the recogniser's answer: the column (None for spaces) and the confidence of every character."""
    columns = iter(column for word in info.word_cols for column in word)
    placed = [None if c.isspace() else next(columns, None) for c in text]
    return RecognisedLine(text, tuple(placed), tuple(info.confs), max(float(info.line_txt_len), 1.0))


def _line(spelled: RecognisedLine, quad: quads.Quad) -> PrintedLine | None:
    """Return a recognised line; None for blanks and for low confidence."""
    if not spelled.text.strip() or spelled.confidence < LINE_MIN_CONFIDENCE:
        return None
    return PrintedLine(words=words(spelled, quad), box=quads.hull(quad))
