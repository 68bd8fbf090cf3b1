"""Recognise text (OCR): an image in, printed lines with boxes and confidences out.

The contract is in `base`.
"""

from thresher.service.ocr.engines import engine

__all__ = ["engine"]
