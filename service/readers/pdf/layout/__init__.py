"""Lay out a page's words: rows, columns, tables and paragraphs, in reading order."""
