"""Read plain text, and any other text that its own reader found damaged."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import Decoded, decode
from thresher.service.readers.text.plain_blocks import write_prose


def load_text(source: Source, options: ReadOptions, declared: str | None = None) -> Decoded:
    """Return the decoded text of a Source. Raises InputProblem(too_large) above `limits.characters`."""
    limit, path = options.limits.characters, Path(source.blob)
    if path.stat().st_size > 4 * limit:  # no charset needs more bytes for a character
        raise InputProblem("too_large", f"{source.path} has over {limit} characters")
    decoded = decode(path.read_bytes(), declared)
    if len(decoded.text) > limit:
        raise InputProblem("too_large", f"{source.path} has over {limit} characters")
    return decoded


class PlainReader:
    """Read text unchanged; headings, lists and tables are found by their look."""

    name = "plain"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.8 for plain text, 0.35 for other text, as the reader of last resort."""
        return 0.8 if source.media_type == "text/plain" else 0.35

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it has no children
        """Return the Document; evidence in it names lines of the file."""
        decoded = load_text(source, options)
        builder = DocumentBuilder(source, kind="text")
        builder.document.by_line = True
        builder.document.facts.update(decoded.facts())
        builder.document.notes.extend(decoded.notes)
        write_prose(builder, decoded.text)
        return Reading(builder.build())


reader = PlainReader()
