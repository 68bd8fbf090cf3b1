"""Find the lines of a page by PP-OCR's detector (Differentiable Binarization, Liao et al. 2020) under onnxruntime.

The detector is run on the inked parts of a page alone, and at no larger size than its letters need. Its lines stay as
exact as the model draws them: the library rounds them to whole pixels.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]

from thresher.service.ocr.quads import Pixels, Quad
from thresher.service.ocr.text_regions import CELL_PIXELS, inked_regions, letter_height

SIDE = 1600  # pixels: most of a picture's long side in which lines are searched
MIN_SHORT_SIDE = 736  # pixels: a smaller picture is enlarged to it, as far as SIDE allows
LETTER_PIXELS = float(os.environ.get("LP", "22"))  # height in which letters are found as well as in any larger one
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

    def find(self, pixels: Pixels, *, enlarged: bool = True) -> list[Quad]:
        """Return the quads of text lines in a BGR picture, each from its top left corner clockwise.

        A small picture is searched at a larger size if `enlarged`.
        """
        import cv2  # noqa: PLC0415 - comes with the OCR extra

        short, long = sorted(pixels.shape[:2])
        most = min(SIDE / long, max(MIN_SHORT_SIDE / short, 1.0) if enlarged else 1.0)
        small = _resized(pixels, most)
        letters = letter_height(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
        factor = min(LETTER_PIXELS / letters, 1.0) if letters else 1.0
        if factor < 1:
            small = _resized(pixels, most * factor)
        small = _filled_up(small)
        found = []
        for x0, y0, x1, y1 in inked_regions(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)):
            lines = lines_in(self._probabilities(small[y0:y1, x0:x1]), factor)
            found += [(quad + np.array((x0, y0), np.float32)) / (most * factor) for quad in lines]
        return found

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


def _resized(pixels: Pixels, by: float) -> Pixels:
    """Return a picture with its sides multiplied."""
    import cv2  # noqa: PLC0415 - as above

    size = tuple(max(round(side * by), 1) for side in pixels.shape[1::-1])
    method = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    return pixels if by == 1.0 else np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)


def _filled_up(pixels: Pixels) -> Pixels:
    """Return a picture whose right and lower edges are repeated until its sides are multiples of a cell's."""
    import cv2  # noqa: PLC0415 - as above

    below, right = (-side % CELL_PIXELS for side in pixels.shape[:2])
    return np.asarray(cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)


def _options(threads: int) -> SessionOptions:
    """Return a session's options: its threads sleep between two tasks.

    Spinning ones cost a quarter more CPU time, taken from processes that read at the same time.
    """
    options = SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
