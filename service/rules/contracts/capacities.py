"""Find names by the capacity a document gives them: "X, as Borrower", "X (the “Landlord”)", "“Agent” means X"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.schemas.document import BlockKind
from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout

NAME_SEARCH_CHARS = 400  # characters before a capacity that are searched for the name
WRAPPED_MIN_CHARS = 60  # characters; a shorter line does not continue in the next
NAME_MIN_LETTERS = 3  # fewest letters of a name
_EMPTY = frozenset(
    ("name", "names", "of", "the", "legal", "full", "company", "party", "parties", "person", "entity", "list")
)
_FORM = r"(?:N\.?\s?A\.?|Inc\.?|L\.?L\.?C\.?|L\.?L\.?P\.?|L\.?P\.?|Ltd\.?|Limited|Corp\.?|Co\.?|S\.\s?A\.|P\.?L\.?C\.?|B\.\s?V\.|N\.\s?V\.|GmbH|AG|National Association|[A-Z][\w ]{2,24} Branch)"
_WORD = r"(?-i:[A-Z0-9][\w.&'’/+-]*|\([A-Z][\w.& ]{1,20}\)|&)"
_NAME = re.compile(
    rf"(?<![\w.]){_WORD}(?:\s+(?:(?:of|for|de|du|von)\s+(?:the\s+)?)?{_WORD}|,\s?(?={_FORM}(?:\W|$)){_FORM})*\.?$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,;(]*(?:(?:(?:for\s+itself|on\s+behalf\s+of|acting|solely|prior\s+to|together\s+with|in\s+its\s+capacity|with\s+(?:an?\s+)?(?:address|offices?|its)|located|having)\b(?:(?!\bas\b)[^()“”\"]){0,160})"
    r"|(?:an?\s+[^,;()“”\"]{0,60}\b(?:corporation|company|partnership|association|trust|bank|individual|resident|organi[sz]ation|entity|LLC|agency|municipality)(?:\s+(?:organi[sz]ed|incorporated|existing|formed)\b[^()“”\"]{0,120})?)"
    r"|\([^()]{0,80}\)?))?[\s,;(]*$",
    re.IGNORECASE,
)


_JOINT = re.compile(r"\b(?:together|collectively|jointly|co-?\w+s|joint)\b|s[”\"]$|s$", re.IGNORECASE)


def capacity_of(field: Field) -> str:
    """Return the capacity in a field's name as plain words: "administrative agent"; "" for none.

    >>> capacity_of(Field(path="/parties/administrative_agent", kind="text"))
    'administrative agent'
    """
    return " ".join(w for w in words_of(field.name).split() if w not in _EMPTY)


def find_capacities(layout: Layout, field: Field) -> Iterator[tuple[int, int]]:
    """Yield the ranges of names with the capacity of a field's name, in the text's order."""
    role = capacity_of(field)
    if len(role) < NAME_MIN_LETTERS or role.isdigit():
        return
    words = r"[\s-]+".join(re.escape(w.rstrip("s")) + "s?" for w in role.split())
    text = _without_furniture(layout)
    with_capacity = re.compile(
        rf"(?<!\bnot )\b(?:as|being)\s+(?:(?:an?|the|its|sole|initial|joint|co-?|lead)\s*)*{words}\b"
        rf"|\(\s*(?:[^()“”\"]{{0,60}}\b)?(?:the\s+|an?\s+)?[“\"”](?:the\s+)?{words}[”\"“]",
        re.IGNORECASE,
    )
    for m in with_capacity.finditer(text, layout.start, layout.end):
        low, joint = max(layout.start, m.start() - NAME_SEARCH_CHARS), bool(_JOINT.search(m[0]))
        found = [
            r for r in _before(text, low, m.start(), several=field.in_list or joint) if not _is_capacity(text, r, role)
        ]
        yield from found if field.in_list or not joint else [(found[-1][0], found[0][1])] if found else []
    defined = re.compile(
        rf"[“\"](?:the\s+)?{words}[”\"]\s*(?:means?|shall\s+mean|is|refers\s+to|:)\s+(?:the\s+)?", re.IGNORECASE
    )
    for m in defined.finditer(text, layout.start, layout.end):
        yield from _after(text, m.end())


def _is_capacity(text: str, place: tuple[int, int], role: str) -> bool:
    """Whether a name is the capacity itself: "the Designated Agent, as its agent"."""
    return plain(text[slice(*place)]).rstrip("s").endswith(role.rstrip("s"))


def _without_furniture(layout: Layout) -> str:
    """Return the text, of the same length, with spaces in place of page headers and footers."""
    if "body" not in layout.memory:
        parts, at = [], 0
        for start, end, kind, _ in layout.document.blocks:
            if kind in (BlockKind.HEADER, BlockKind.FOOTER) and start >= at:
                parts += [layout.text[at:start], " " * (end - start)]
                at = end
        layout.memory["body"] = "".join([*parts, layout.text[at:]])
    return str(layout.memory["body"])


def _before(text: str, low: int, end: int, *, several: bool) -> Iterator[tuple[int, int]]:
    """Yield the name that ends where a capacity begins; with `several` also the names listed before it."""
    while True:
        cut = _TAIL.search(text, low, end)
        stop = cut.start() if cut else end
        found = _NAME.search(_one_line(text[low:stop]))
        if found is None or not _is_name(found[0]):
            return
        start = low + found.start()
        yield start, stop
        listed = re.search(r"(?:,|\band\b|&|,\s*and\b)\s*$", text[low:start])
        if not several or listed is None:
            return
        end = low + listed.start()


def _one_line(text: str) -> str:
    """Return the text, of the same length, with NUL at the end of short lines, so that no name crosses it."""
    lines = text.split("\n")
    return "".join(line + (" " if len(line) >= WRAPPED_MIN_CHARS else "\0") for line in lines[:-1]) + lines[-1]


def _after(text: str, at: int) -> Iterator[tuple[int, int]]:
    body = re.match(
        rf"{_WORD}(?:\s+(?:(?:of|for|de)\s+)?{_WORD}|,\s?(?={_FORM}(?:\W|$)){_FORM})*\.?", text[at : at + 120]
    )
    if body and _is_name(body[0]):
        yield at, at + len(body[0].rstrip(","))


def _is_name(text: str) -> bool:
    words = text.split()
    several = len(words) == 1 and words[0].casefold().endswith("s")
    return sum(c.isalpha() for c in text) >= NAME_MIN_LETTERS and not several
