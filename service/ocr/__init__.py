"""OCR: an image in, printed lines with boxes and confidences out. The contract is in `base`."""

from service.ocr.registry import engine

__all__ = ["engine"]
