"""Transcribe pages by a vision model, and insert the text into the Document.

A reader has no network: with `ocr="vision"` it stores a page's image as a child `page-N.png`. Here the model gets each
image. Its words are laid out like those of any OCR engine, take the boxes of the same words as read by a local engine,
and the Document is rebuilt page by page.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.document import Document, DocumentBuilder, Table
from thresher.schemas.errors import ModelProblem, Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.service.prompts.questions import question_of, with_picture
from thresher.service.readers.base import Reading
from thresher.service.readers.pool import AsyncReader

PAGE_TOKENS = 4_000  # of the answer for one page
BLANK_PAGE_REPLY = "[blank]"
_PAGE = re.compile(r"page-(\d+)\.png")


@dataclass(frozen=True, slots=True)
class TranscribingReader:
    """Read as `inner` does, and let a model transcribe the pages that wait for it."""

    inner: AsyncReader
    model: Model

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """Return the Reading of a Source with its waiting pages filled; a page that fails keeps its Note."""
        reading = await self.inner.read(source, options)
        if options.ocr != "vision":
            return reading
        waiting = {int(m[1]): c for c in reading.children if (m := _PAGE.fullmatch(c.name)) and c.relation == "inline"}
        replies = await asyncio.gather(*(self._page(child) for child in waiting.values()))
        read = {page: text for page, text in zip(waiting, replies, strict=True) if isinstance(text, str)}
        failed = [
            n.model_copy(update={"page": p}) for p, n in zip(waiting, replies, strict=True) if isinstance(n, Note)
        ]
        document = await asyncio.to_thread(with_transcriptions, reading.document, read)
        other_notes = [n for n in document.notes if n.page not in waiting or n.code != "no_text"]
        blank = [note("no_text", "the vision model saw a blank page", p) for p, t in read.items() if _is_blank(t)]
        document.notes = [*other_notes, *failed, *blank]
        return Reading(document, [c for c in reading.children if c not in waiting.values()])

    async def _page(self, child: Source) -> str | Note:
        """Return the model's transcription of a page's image, or a Note of why there is none."""
        picture = await asyncio.to_thread(Path(child.blob).read_bytes)
        question = with_picture(question_of("transcribe", "transcribe", {}, None, PAGE_TOKENS), picture)
        try:
            reply = await self.model.ask(question)
        except ModelProblem as problem:
            return note("ocr_failed", f"{problem.code}: {problem.detail}", cause=problem.code)
        if reply.finish != "stop":
            return note("ocr_failed", f"the vision model's answer ended with {reply.finish}")
        return reply.text


def _is_blank(text: str) -> bool:
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
        elif not _is_blank(text):
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
