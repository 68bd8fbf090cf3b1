"""Read in a worker: a produced text as it stands, so that its pages stay those of the production; all else as usual."""

from __future__ import annotations

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.reading.document_sources import PRODUCED_TEXT
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import guarded, read_source
from thresher.service.readers.text.plain_reader import reader


def read_matter_source(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Reading of one Source of a matter. Raises as `read_source` does."""
    if source.declared_type != PRODUCED_TEXT:
        return read_source(source, options, spool)
    if not source.size:
        raise InputProblem("zero_byte", source.path)
    return guarded(lambda: reader.read(source, options, spool), source)
