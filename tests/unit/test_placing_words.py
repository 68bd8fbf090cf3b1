"""Boxes for a transcription, from the words of an OCR engine."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.document import Box, Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.layout import write_page
from thresher.service.ocr.alignment import aligned_boxes
from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.readers.vision_pages import with_transcriptions

ROWS = ("Corner Grocery Shop", "Wholemeal bread 2.35", "Ground coffee 14.75")


def read(rows: tuple[str, ...]) -> Document:
    """A page as an engine read it: a line every 100 points, a word every 150."""
    builder = DocumentBuilder(Source(path="p", blob="p", sha256="", size=0), kind="image")
    builder.page(600, 800, ocr=True)
    lines = []
    for i, row in enumerate(rows):
        boxes: list[Box] = [(20 + 80 * k, 100 * i + 50, 90 + 80 * k, 100 * i + 70) for k in range(len(row.split()))]
        words = tuple(PrintedWord(w, box, 0.9) for w, box in zip(row.split(), boxes, strict=True))
        lines.append(PrintedLine(words, (boxes[0][0], boxes[0][1], boxes[-1][2], boxes[-1][3])))
    write_page(builder, lines, width=600, height=800, scale=1.0)
    return builder.build()


def box_of(document: Document, words: str) -> Box:
    """The one box of some words."""
    start = document.text.index(words)
    (box,) = document.boxes(start, start + len(words))
    return box


def test_words_get_the_boxes_that_ocr_saw_them_in() -> None:
    """Also where the engine misread a letter, and where it cut a line in two."""
    whole = with_transcriptions(
        read(("Corner Grocery Shop", "Wholemea1 bread 2.3S", "Ground coffee 14.75")), {1: "\n".join(ROWS)}
    )
    assert whole.text.split("\n") == list(ROWS)
    assert box_of(whole, "Shop") == (180, 50, 250, 70)
    assert box_of(whole, "Wholemeal") == (20, 150, 90, 170)
    assert box_of(whole, "14.75") == (180, 250, 250, 270)


def test_a_line_that_ocr_missed_stands_between_its_neighbours() -> None:
    """Handwriting: only the room is known."""
    whole = with_transcriptions(read((ROWS[0], ROWS[2])), {1: "\n".join((ROWS[0], "paid in cash, Ann", ROWS[2]))})
    assert box_of(whole, "paid in cash, Ann") == (0, 70, 600, 150)


def test_without_any_engine_only_the_page_is_known() -> None:
    """No place is made up."""
    builder = DocumentBuilder(Source(path="p", blob="p", sha256="", size=0), kind="image")
    builder.page(600, 800, ocr=True)
    whole = with_transcriptions(builder.build(), {1: "Corner Shop\nTotal 2.00"})
    assert box_of(whole, "2.00") == (0, 0, 600, 800)


@given(st.lists(st.sampled_from("abcdef"), max_size=12), st.lists(st.sampled_from("abcdef"), max_size=12))
def test_boxes_come_in_order_and_none_twice(words: list[str], known: list[str]) -> None:
    """Whatever was read."""
    places = [(word, (float(i), 0.0, i + 1.0, 1.0)) for i, word in enumerate(known)]
    found = [box[0] for box in aligned_boxes(words, places) if box is not None]
    assert found == sorted(set(found))
    assert all(known[int(box[0])] == word for word, box in zip(words, aligned_boxes(words, places), strict=True) if box)
