"""Find the lines of a page by PP-OCR's detector (Differentiable Binarization, Liao et al. 2020) under onnxruntime.

The detector is run on the inked parts of a page alone. Its lines stay as exact as the model draws them, and all of them
are kept: the library rounds them to whole pixels, and drops those past the thousandth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]

from thresher.service.ocr.quads import Pixels, Quad
from thresher.service.ocr.text_regions import CELL_PIXELS, inked_regions

SIDE = 1600  # pixels: most of a picture's long side in which lines are searched
MIN_SHORT_SIDE = 736  # pixels: a smaller picture is enlarged to it, as far as SIDE allows
LINE_MIN_PROBABILITY, LINE_MIN_MEAN = 0.3, 0.5  # of a pixel, and of a line's pixels
LINE_MIN_THICKNESS = 3.0  # pixels of the model's line, which is thinner than the print
UNCLIP_RATIO = 2.4  # 1.6 cuts into small print: word recall on receipts .938, with 2.4 .953

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
        scale = min(SIDE / long, max(MIN_SHORT_SIDE / short, 1.0) if enlarged else 1.0)
        small = _filled_up(_resized(pixels, scale))
        found = []
        for x0, y0, x1, y1 in inked_regions(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)):
            lines = lines_in(self._probabilities(small[y0:y1, x0:x1]))
            found += [(quad + np.array((x0, y0), np.float32)) / scale for quad in lines]
        return [np.clip(quad, 0, (pixels.shape[1] - 1, pixels.shape[0] - 1)).astype(np.float32) for quad in found]

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


def lines_in(probabilities: Map) -> list[Quad]:
    """Return the quads of lines in the detector's map, each as thick as the print."""
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    mask = (probabilities > LINE_MIN_PROBABILITY).astype(np.uint8)
    mask = np.asarray(cv2.dilate(mask, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        middle, (wide, tall), angle = cv2.minAreaRect(contour)
        if min(wide, tall) < LINE_MIN_THICKNESS:
            continue
        if _mean(probabilities, cv2.boxPoints((middle, (wide, tall), angle))) < LINE_MIN_MEAN:
            continue
        grown = wide * tall * UNCLIP_RATIO / (wide + tall)  # twice the distance by which the sides move
        found.append(_clockwise(cv2.boxPoints((middle, (wide + grown, tall + grown), angle))))
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


def _clockwise(corners: Quad) -> Quad:
    """Return corners from the top left clockwise."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, foot_left), (top_right, foot_right) = (part[np.argsort(part[:, 1])] for part in (by_x[:2], by_x[2:]))
    return np.array([top_left, top_right, foot_right, foot_left], dtype=np.float32)


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
