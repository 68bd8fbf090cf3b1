"""Lay out a page: turn printed words with boxes into Blocks in reading order. Pure functions, no I/O."""

from thresher.service.layout.write import write_page

__all__ = ["write_page"]
