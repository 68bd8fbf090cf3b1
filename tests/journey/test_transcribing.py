"""A vision model reads the pages that wait for one, and only those."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import ModelProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.llm.providers.scripted import ScriptedTransport, scripted
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source
from thresher.service.readers.vision_pages import with_transcriptions
from thresher.service.runs.transcription import TranscribingReader

VISION = ReadOptions(ocr="vision")
SAID = "Corner Shop\n\nTea\t2.00\nTotal\t2.00"


@pytest.fixture
def photo(tmp_path: Path) -> Source:
    """A picture without text that any engine could read."""
    Image.new("RGB", (300, 400), "white").save(tmp_path / "photo.png")
    return make_source(tmp_path / "photo.png")


async def test_a_picture_is_read_by_the_model(photo: Source, tmp_path: Path) -> None:
    """The model is shown the page once, its words become the Document's text, the picture is no child of it."""
    model = scripted({"Transcribe": SAID})
    reading = await TranscribingReader(InlineReader(tmp_path / "spool"), model).read(photo, VISION)
    assert "Total\t2.00" in reading.document.text
    assert not reading.children
    assert not reading.document.notes
    assert reading.document.pages.ocr[0] == 1
    assert isinstance(model.wire, ScriptedTransport)
    (question,) = model.wire.questions
    assert question.messages[0].images[0].startswith(b"\x89PNG")
    start = reading.document.text.index("Total")
    assert reading.document.anchor(start, start + 5).page == 1


async def test_a_page_that_fails_says_so(photo: Source, tmp_path: Path) -> None:
    """A model that can not be reached leaves a Note, not an empty success."""
    model = scripted({"": ModelProblem("model_unavailable", "gone")})
    reading = await TranscribingReader(InlineReader(tmp_path / "spool"), model).read(photo, VISION)
    assert [n.code for n in reading.document.notes] == ["ocr_failed"]
    assert reading.document.text == ""


def test_the_other_pages_stay_as_they_are() -> None:
    """Text, tables, lines and words of a page before and after a transcribed one keep their meaning."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="pdf")
    builder.page(600, 800)
    builder.block("First page", BlockKind.HEADING, 1)
    builder.page(600, 800)
    builder.page(600, 800)
    start, end = builder.block("Third page")
    builder.document.lines.add(start, end, 3, (10, 10, 90, 20))
    builder.table([["a", "b"], ["1", "2"]], header_rows=1)
    whole = with_transcriptions(builder.build(), {2: "Second page"})
    assert whole.text == "First page\nSecond page\nThird page\na\tb\n1\t2"
    at = whole.text.index("Third")
    assert [whole.page_at(whole.text.index(w)) for w in ("First", "Second", "Third")] == [1, 2, 3]
    assert whole.boxes(at, at + 5) == ((10, 10, 90, 20),)
    assert whole.tables[0].row_range(1) == (whole.text.index("1\t2"), len(whole.text))
