"""Layout of a page: from printed words with boxes to Blocks in reading order. Pure functions, no I/O."""

from thresher.service.layout.write import write_page

__all__ = ["write_page"]
