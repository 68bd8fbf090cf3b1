"""Insert a vision model's transcriptions of pages into the Document.

Their words are laid out like those of any OCR engine, take the boxes of the same words as read by a local engine, and the
Document is rebuilt page by page.
"""

from __future__ import annotations

from thresher.schemas.document import Document, DocumentBuilder, Table

BLANK_PAGE_REPLY = "[blank]"


def is_blank(text: str) -> bool:
    """Whether a transcription says that there is nothing on the page."""
    return text.strip() in {"", BLANK_PAGE_REPLY}


def with_transcriptions(document: Document, pages: dict[int, str]) -> Document:
    """Return the Document with the text of some pages (1-based) replaced by transcriptions; the rest is unchanged."""
    from thresher.service.layout import write_page  # noqa: PLC0415 - numpy, only for pages that a model reads
    from thresher.service.ocr.transcribed_words import known_words, place_lines  # noqa: PLC0415 - as above
    from thresher.service.ocr.vision import printed_lines  # noqa: PLC0415 - as above

    if not pages:
        return document
    builder = DocumentBuilder(document.source, kind=document.kind)
    for i in range(len(document.pages)):
        width, height = document.pages.width[i], document.pages.height[i]
        text = pages.get(i + 1)
        builder.page(width, height, ocr=text is not None or bool(document.pages.ocr[i]))
        if text is None:
            _copy(document, i, builder)
        elif not is_blank(text):
            lines = printed_lines(text, width=width, height=height)
            before = len(builder.document.lines.start), len(builder.document.words.start)
            write_page(builder, lines, width=width, height=height, scale=1.0)
            place_lines(builder.build(), before, known_words(document, i + 1), (width, height))
    whole = builder.build()
    whole.facts, whole.notes, whole.by_line = document.facts, document.notes, document.by_line
    whole.pictures = document.pictures
    return whole


def _copy(document: Document, page: int, builder: DocumentBuilder) -> None:
    """Copy one page (0-based) of a Document unchanged, with its offsets moved."""
    start = document.pages.start[page]
    end = document.pages.start[page + 1] if page + 1 < len(document.pages) else len(document.text)
    text = document.text[start:end].rstrip("\n")
    if not text:
        return
    builder.newline()
    shift, end, out = builder.length - start, start + len(text), builder.document
    builder.write(text)
    for a, b, kind, level in document.blocks:
        if start <= a < end:
            out.blocks.add(a + shift, min(b, end) + shift, kind, level)
    lines, words = document.lines, document.words
    for i, a in enumerate(lines.start):
        if start <= a < end:
            x0, y0, x1, y1 = lines.box[4 * i : 4 * i + 4]
            out.lines.add(a + shift, lines.end[i] + shift, page + 1, (x0, y0, x1, y1))
    for i, a in enumerate(words.start):
        if start <= a < end:
            out.words.add(a + shift, words.end[i] + shift, words.x0[i], words.x1[i], words.confidence[i])
    out.tables += [_moved(t, shift) for t in document.tables if start <= t.span()[0] < end]


def _moved(table: Table, shift: int) -> Table:
    moved = Table(header_rows=table.header_rows, name=table.name, is_sheet=table.is_sheet)
    for r in range(len(table)):
        moved.add_row([(a + shift, b + shift, c) for a, b, c in table.cells(r)], table.row[r])
    return moved
