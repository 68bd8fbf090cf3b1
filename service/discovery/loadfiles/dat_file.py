"""Open a delimited load file: its encoding, delimiters, header and columns; then its rows, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from thresher.service.discovery.loadfiles import delimiters as delimiter_sets
from thresher.service.discovery.loadfiles import text_encoding
from thresher.service.discovery.loadfiles.columns import ColumnMap, is_header, map_columns
from thresher.service.discovery.loadfiles.delimiters import Delimiters
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.loadfiles.rows import RowBlock, row_blocks
from thresher.service.discovery.loadfiles.text_encoding import TextEncoding


@dataclass(frozen=True, slots=True, kw_only=True)
class DatFile:
    """A load file of one row a document, ready to be read."""

    path: Path
    name: str  # below the volume's root
    encoding: TextEncoding
    delimiters: Delimiters
    has_header: bool
    columns: ColumnMap
    double_encoded: bool

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the rows of values with their numbers; the header is left out, and counts as row 1."""
        texts = text_encoding.decoded_blocks(self.path, self.encoding)
        for block in row_blocks(texts, self.delimiters, len(self.columns.headers)):
            if block.first_row == 1 and self.has_header:
                block.first_row = 2
                del block.rows[0]
            if block.rows:
                yield block


def open_dat(root: Path, name: str, options: LoadOptions) -> DatFile:
    """Return a load file with all that its first bytes and rows tell; one pass over its bytes."""
    path = root / name
    encoding = text_encoding.detect(path, options.encoding)
    sample = next(text_encoding.decoded_blocks(path, encoding), "")
    given = options.delimiters
    delimiters = given.delimiters() if given else delimiter_sets.detect(sample)
    first = _first_row(path, encoding, delimiters)
    has_header = is_header(first) if options.header is None else options.header
    names = first if has_header else list(options.columns)
    if not has_header and not names:
        names = [f"column {number}" for number in range(1, len(first) + 1)]
    return DatFile(
        path=path,
        name=name,
        encoding=encoding,
        delimiters=delimiters,
        has_header=has_header,
        columns=map_columns(names, options.fields),
        double_encoded=delimiter_sets.is_double_encoded(sample),
    )


def _first_row(path: Path, encoding: TextEncoding, delimiters: Delimiters) -> list[str]:
    blocks = row_blocks(text_encoding.decoded_blocks(path, encoding), delimiters)
    return next((block.rows[0] for block in islice(blocks, 1)), [])
