"""Let a vision model transcribe the pages that wait for it.

A reader has no network: with `ocr="vision"` it stores a page's image as a child `page-N.png`. Here the model gets each
image, and the Document gets its words (readers/vision_pages.py).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import ModelProblem, Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.service.prompts.questions import question_of, with_picture
from thresher.service.readers.base import Reading
from thresher.service.readers.pool import AsyncReader
from thresher.service.readers.vision_pages import is_blank, with_transcriptions

PAGE_TOKENS = 4_000  # of the answer for one page
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
        blank = [note("no_text", "the vision model saw a blank page", p) for p, t in read.items() if is_blank(t)]
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
