"""Words out of pictures among the words of the pages that show them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.document import NO_CONFIDENCE
from thresher.service.readers.pdf.pictures.recognised_words import NO_UNIT, RecognisedWords, with_recognised_words
from thresher.service.readers.pdf.text.words import PageWords


def _words(pages: list[list[str]]) -> PageWords:
    """Words of pages, parted by spaces, each of them standing, apart and glued."""
    every = [(page, word) for page, words in enumerate(pages) for word in words]
    sizes = np.array([len(word) for _, word in every], np.int64)
    start = np.cumsum(sizes + 1) - sizes - 1
    box = np.arange(4 * len(every), dtype=np.float32).reshape(-1, 4)
    head, tail = (np.array([min(ord(word[i]), 0xFFFF) for _, word in every], np.uint16) for i in (0, -1))
    page = np.array([page for page, _ in every], np.int64)
    standing, apart, glued = (np.ones(len(every), np.bool_) for _ in range(3))
    text = " ".join(word for _, word in every)
    return PageWords(text, start, start + sizes, box, box, start, page, head, tail, standing, apart, glued)


def _recognised(words: list[str]) -> RecognisedWords:
    boxes = [(1.0, 2.0, 3.0, 4.0)] * len(words)
    return RecognisedWords(list(words), list(boxes), list(boxes), [90] * len(words))


_PAGES = st.lists(
    st.tuples(
        st.lists(st.text("abc😀", min_size=1, max_size=3), max_size=3),
        st.none() | st.lists(st.text("xyz😀", min_size=1, max_size=3), max_size=3),
    ),
    min_size=1,
    max_size=4,
)


@given(_PAGES)
def test_words_of_pictures_follow_those_of_their_page(pages: list[tuple[list[str], list[str] | None]]) -> None:
    """Each page's own words, then its pictures', in one text from which each word can be cut out in order."""
    own = _words([words for words, _ in pages])
    found = with_recognised_words(own, [None if more is None else _recognised(more) for _, more in pages])
    wanted = [
        (i, word, kind) for i, page in enumerate(pages) for kind, words in enumerate(page) for word in words or ()
    ]
    assert [word for word, _ in found.pieces()] == [word for _, word, _ in wanted]
    assert "".join(word + space for word, space in found.pieces()).split() == [word for _, word, _ in wanted]
    assert found.page.tolist() == [i for i, _, _ in wanted]
    added = [bool(kind) for _, _, kind in wanted]
    assert (found.unit == NO_UNIT).tolist() == added
    assert found.glued is not None
    for flags in (found.standing, found.apart, found.glued):
        assert flags.tolist() == [not one for one in added]
    if found.confidence is not None:
        assert found.confidence.tolist() == [90 if one else NO_CONFIDENCE for one in added]


def test_words_of_pictures_can_be_left_out_again() -> None:
    """What is known of the other words stays with them."""
    found = with_recognised_words(_words([["a", "b"], ["c"]]), [_recognised(["x"]), _recognised(["y", "z"])])
    left = found.without(np.array([False, True, True, False, False, True]))
    assert [left.text[a:b] for a, b in zip(left.start.tolist(), left.end.tolist(), strict=True)] == ["a", "c", "y"]
    assert left.confidence is not None
    assert left.confidence.tolist() == [NO_CONFIDENCE, NO_CONFIDENCE, 90]
    assert left.apart.tolist() == [True, True, False]
