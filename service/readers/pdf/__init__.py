"""Read PDFs: text with boxes through PDFium, OCR for the pages that have none."""

from thresher.service.readers.pdf.reader import PdfReader

__all__ = ["PdfReader", "reader"]

reader = PdfReader()
