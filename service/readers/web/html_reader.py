"""Read HTML files: the text visible in a browser, in reading order."""

from __future__ import annotations

import re
from pathlib import Path

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import charset_named
from thresher.service.readers.placed_pictures import PlacedPictures
from thresher.service.readers.text.plain_reader import load_text
from thresher.service.readers.web.html_blocks import write_html
from thresher.service.readers.web.html_pictures import PagePictures, pictures_of

_CHARSET = re.compile(
    rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]+)|<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", re.IGNORECASE
)


class HtmlReader:
    """Read HTML and XHTML, also malformed."""

    name = "html"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.9 for HTML, else 0."""
        return 0.9 if source.media_type == "text/html" else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the Document; evidence in it names lines of its text."""
        decoded = load_text(source, options, _declared(Path(source.blob)))
        builder = DocumentBuilder(source, kind="html")
        builder.document.by_line = True
        builder.document.facts.update(decoded.facts())
        builder.document.notes.extend(decoded.notes)
        children, notes = pictures_of(decoded.text, source, options, spool)
        pictures = PlacedPictures(options, spool, {child.sha256: child for child in children})
        shown = PagePictures(pictures, builder.document, {child.sha256: child.sha256 for child in children})
        write_html(builder, decoded.text, hidden_text=options.hidden_text, pictures=shown)
        builder.document.notes += notes
        return Reading(builder.build(), pictures.remaining)


def _declared(path: Path) -> str | None:
    """Return the charset of the first meta tag or XML declaration; browsers read Latin-1 as Windows-1252."""
    with path.open("rb") as file:
        found = _CHARSET.search(file.read(4096))
    if not found:
        return None
    name = charset_named((found[1] or found[2]).decode("ascii", "replace"))
    return "cp1252" if name == "iso8859-1" else name


reader = HtmlReader()
