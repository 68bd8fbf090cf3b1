"""Find the lines of a page by PP-OCR's detector (Differentiable Binarization, Liao et al. 2020) under onnxruntime.

The detector is run on the inked parts of a page alone, and at the size at which its letters are found as well as at
any larger one. Its lines stay as exact as the model draws them: the library rounds them to whole pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]

from thresher.service.ocr.quads import Pixels, Quad
from thresher.service.ocr.text_regions import Rectangle, inked_regions, letter_height

SIDE = 1600  # pixels: long side of a page that is searched at most
LETTER_PIXELS = 16.0  # height of a letter in the searched picture
MAX_ENLARGEMENT = 1.4  # of small letters
MIN_SHORT_SIDE = 736  # pixels: a picture with too few letters to measure is enlarged to it
STEP = 32  # sides of the searched picture are multiples of it
LINE_MIN_PROBABILITY, LINE_MIN_MEAN = 0.3, 0.5  # of a pixel, and of a line's pixels
LINE_MIN_THICKNESS = 3.0  # pixels of the model's line, which is thinner than the print
UNCLIP_RATIO = 2.4  # 1.6 cuts into small print: word recall on receipts .938, with 2.4 .953
MAX_LINES = 1000

Map = npt.NDArray[np.float32]


@dataclass(slots=True)
class LineFinder:
    """A detector; `model` is its ONNX file, `threads` search together."""

    model: Path
    threads: int
    _session: Any = None

    def find(self, pixels: Pixels) -> list[Quad]:
        """Return the quads of text lines in a BGR picture, each from its top left corner clockwise."""
        import cv2  # noqa: PLC0415 - comes with the OCR extra

        shrunk = min(SIDE / max(pixels.shape[:2]), 1.0)
        grey = _resized(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), shrunk, shrunk)
        factor = _factor(grey)
        regions = [_scaled(box, 1 / shrunk, pixels) for box in inked_regions(grey, factor)]
        scale = min(factor * shrunk, _most(regions))
        return [quad for box in regions for quad in self._find_in(pixels, box, scale, scale / shrunk)]

    def _find_in(self, pixels: Pixels, box: Rectangle, scale: float, factor: float) -> list[Quad]:
        """Return the quads in a part of a picture, searched at a scale, which is `factor` times the full size."""
        x0, y0, x1, y1 = box
        wide, tall = (max(round(side * scale / STEP), 1) * STEP / side for side in (x1 - x0, y1 - y0))
        small = _resized(pixels[y0:y1, x0:x1], wide, tall)
        factors, corner = np.array([wide, tall], np.float32), np.array([x0, y0], np.float32)
        return [quad / factors + corner for quad in lines_in(self._probabilities(small), factor)]

    def _probabilities(self, small: Pixels) -> Map:
        """Return for each pixel of a BGR picture how probably it is in the middle of a line."""
        if self._session is None:
            self._session = InferenceSession(
                str(self.model), _options(self.threads), providers=["CPUExecutionProvider"]
            )
        values = np.ascontiguousarray(small.transpose(2, 0, 1), dtype=np.float32)
        values -= 127.5
        values /= 127.5
        return np.asarray(self._session.run(None, {self._session.get_inputs()[0].name: values[None]})[0][0, 0])


def lines_in(probabilities: Map, factor: float = 1.0) -> list[Quad]:
    """Return the quads of lines in the detector's map, each as thick as the print.

    Gaps of a pixel are joined, which makes lines a pixel thicker. The recogniser does best with what a pixel is at full
    size, so at a size of `factor` the rest is taken off again.
    """
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    mask = (probabilities > LINE_MIN_PROBABILITY).astype(np.uint8)
    mask = np.asarray(cv2.dilate(mask, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found, slack = [], 1 - factor
    for contour in contours[:MAX_LINES]:
        middle, (wide, tall), angle = cv2.minAreaRect(contour)
        if min(wide, tall) < LINE_MIN_THICKNESS:
            continue
        if _mean(probabilities, cv2.boxPoints((middle, (wide, tall), angle))) < LINE_MIN_MEAN:
            continue
        wide, tall = wide - slack, tall - slack
        grown = wide * tall * UNCLIP_RATIO / (wide + tall)  # twice the distance by which the sides move
        found.append(_clockwise(cv2.boxPoints((middle, (wide + grown, tall + grown), angle)), probabilities.shape))
    return found


def _mean(probabilities: Map, corners: Quad) -> float:
    """Return the mean of the map inside a rectangle."""
    import cv2  # noqa: PLC0415 - as above

    height, width = probabilities.shape
    x0, y0 = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (width - 1, height - 1)) + 1
    inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(inside, [(corners - (x0, y0)).astype(np.int32)], 1)
    return float(cv2.mean(probabilities[y0:y1, x0:x1], inside)[0])


def _clockwise(corners: Quad, shape: tuple[int, ...]) -> Quad:
    """Return corners inside the picture, from the top left clockwise."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, foot_left), (top_right, foot_right) = (part[np.argsort(part[:, 1])] for part in (by_x[:2], by_x[2:]))
    quad = np.array([top_left, top_right, foot_right, foot_left], dtype=np.float32)
    return np.clip(quad, 0, (shape[1] - 1, shape[0] - 1)).astype(np.float32)


def _factor(grey: Pixels) -> float:
    """Return the size, in sizes of this grey picture, at which its letters are found."""
    letters = letter_height(grey)
    if letters is not None:
        return min(LETTER_PIXELS / letters, MAX_ENLARGEMENT)
    return max(min(MIN_SHORT_SIDE / min(grey.shape), SIDE / max(grey.shape)), 1.0)


def _most(regions: list[Rectangle]) -> float:
    """Return the largest scale at which these regions may be searched."""
    sides = [(x1 - x0, y1 - y0) for x0, y0, x1, y1 in regions]
    longest, area = max((max(side) for side in sides), default=1), sum(w * h for w, h in sides)
    return min(SIDE / longest, SIDE / math.sqrt(max(area, 1)))


def _scaled(box: Rectangle, by: float, pixels: Pixels) -> Rectangle:
    """Return a rectangle in a picture of another scale, within its sides."""
    x0, y0, x1, y1 = (round(v * by) for v in box)
    return x0, y0, min(max(x1, x0 + 1), pixels.shape[1]), min(max(y1, y0 + 1), pixels.shape[0])


def _resized(pixels: Pixels, wide: float, tall: float) -> Pixels:
    """Return a picture with its sides multiplied."""
    import cv2  # noqa: PLC0415 - as above

    if wide == tall == 1.0:
        return pixels
    size = max(round(pixels.shape[1] * wide), 1), max(round(pixels.shape[0] * tall), 1)
    method = cv2.INTER_AREA if wide < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)


def _options(threads: int) -> SessionOptions:
    """Return a session's options: its threads sleep between two tasks.

    Spinning ones cost a quarter more CPU time, taken from processes that read at the same time.
    """
    options = SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
