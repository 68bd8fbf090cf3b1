"""Read text from pictures on pages by OCR."""
