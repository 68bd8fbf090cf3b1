"""Read the images named on standard input, a line each, by the OCR of one checkout; `bench.ocr_beside` starts this.

python -P bench/ocr_reader.py CHECKOUT
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image


def serve(root: str) -> None:
    """Write text, CPU seconds and wall seconds of each image as JSON."""
    sys.path.insert(0, root)
    logging.disable(logging.CRITICAL)
    package = "thresher." if (Path(root) / "thresher").is_dir() else ""  # older checkouts have no root package

    def load(name: str) -> Any:
        return importlib.import_module(package + name)

    source, document, layout = load("schemas.source"), load("schemas.document"), load("service.layout")
    ocr = load("service.ocr").engine("rapidocr")
    ocr.read(Image.new("RGB", (400, 300), "white"))  # loads what is loaded once
    for line in sys.stdin:
        image = Image.open(line.strip()).convert("RGB")
        wall, cpu = time.perf_counter(), time.process_time()
        lines = [one for one in ocr.read(image) if one.words]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        builder = document.DocumentBuilder(source.Source(path="page", blob="page", sha256="", size=0), kind="image")
        builder.page(*image.size, ocr=True)
        layout.write_page(builder, lines, width=image.width, height=image.height, scale=1.0)
        print(json.dumps([builder.build().text, cpu, wall]), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
