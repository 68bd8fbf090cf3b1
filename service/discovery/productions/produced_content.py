"""Choose what is read of a produced document, so that what was redacted or withheld stays so.

Text file, else text in the load file, else the native, else OCR of the page images. A redacted document has only its produced text and
images, whatever native came with it. A withheld one has nothing: its slip-sheet is a record without content.
"""

from __future__ import annotations

from dataclasses import dataclass

from thresher.schemas.discovery.matter import TextOrigin
from thresher.service.discovery.loadfiles.columns import ColumnMap
from thresher.service.discovery.productions.file_checks import RowFiles, is_redacted, is_withheld
from thresher.service.discovery.productions.image_pages import DocumentImages


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducedContent:
    """What may be read of a document; paths are below the volume's root."""

    redacted: bool = False
    withheld: bool = False
    text_from: TextOrigin = "none"
    text: str | None = None
    text_in_row: str = ""
    native: str | None = None
    images: tuple[str, ...] = ()

    @property
    def file(self) -> str | None:
        """The file that stands for the document: native, text or first image; None for text in the load file alone."""
        if self.native or self.text:
            return self.native or self.text
        return None if self.text_in_row else next(iter(self.images), None)


def produced_content(columns: ColumnMap, row: list[str], files: RowFiles, images: DocumentImages) -> ProducedContent:
    """Return what may be read of the document of a row."""
    redacted = is_redacted(columns, row)
    if is_withheld(columns, row):
        return ProducedContent(withheld=True, redacted=redacted)
    text = files.text.path if files.text else None
    in_row = "" if files.text_is_path else columns.value(row, "EXTRACTEDTEXT")
    native = files.native.path if files.native and not redacted else None
    sources: tuple[tuple[TextOrigin, object], ...] = (
        ("text_file", text),
        ("load_file", in_row),
        ("native", native),
        ("images", images.paths),
    )
    return ProducedContent(
        redacted=redacted,
        text_from=next((name for name, found in sources if found), "none"),
        text=text,
        text_in_row="" if text else in_row,
        native=native,
        images=images.paths,
    )
