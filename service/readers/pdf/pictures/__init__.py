"""Text that must be read from pictures on pages, by OCR."""
