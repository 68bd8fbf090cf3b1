"""Tell on which produced page a place in a text stands: "ABC0000123", not "page 7".

A form feed ends a page of a text file. Pages have the keys of the OPT, else the numbers of the document's Bates range.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from itertools import islice

from thresher.service.discovery.loadfiles import bates

FORM_FEED = "\f"
PAGES_MAX = 100_000  # of one document


@dataclass(frozen=True, slots=True)
class PageMap:
    """The pages of a text: where each begins, and its Bates number."""

    starts: tuple[int, ...]  # 0-based positions of characters
    numbers: tuple[str, ...]  # as many as starts

    def at(self, position: int) -> str:
        r"""Return the Bates number of the page that holds a character.

        >>> page_map("one\ftwo", ("A001", "A002")).at(4)
        'A002'
        """
        return self.numbers[max(0, bisect.bisect_right(self.starts, position) - 1)]


def page_map(text: str, keys: tuple[str, ...]) -> PageMap:
    """Return the map of a text onto pages with known keys; one page, or pages that do not match, are the first key alone.

    A form feed behind the last page begins none. Keys must not be empty.
    """
    starts = [0]
    position = text.find(FORM_FEED)
    while position >= 0:
        if text[position + 1 :].strip(FORM_FEED):
            starts.append(position + 1)
        position = text.find(FORM_FEED, position + 1)
    if len(starts) == len(keys):
        return PageMap(tuple(starts), keys)
    return PageMap((0,), keys[:1])


def page_numbers(begin: str, end: str, image_keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the Bates numbers of a document's pages, the first being the document's own.

    >>> page_numbers("ABC0005", "ABC0007", ())
    ('ABC0005', 'ABC0006', 'ABC0007')
    """
    if image_keys:
        return image_keys
    first, last = bates.parse(begin), bates.parse(end or begin)
    pages = bates.page_count(first, last) if first and last else None
    if first is None or not pages or first.suffix:
        return (begin,)
    return tuple(islice(bates.numbers(first.prefix, first.number, first.width), min(pages, PAGES_MAX)))
