"""Halves: names and addresses that may go on in the line below, or begin in the one above, and are not whole.

Where no label, legal form or postcode ends a name or an address, nothing but its lines say how far it goes. A half of a
name is a wrong name, so what may be a half is doubted.
"""

from __future__ import annotations

import re

from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.ranking.position import is_label
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.line_pieces import Layout, Piece
from thresher.service.rules.spans.names import has_form, is_common
from thresher.service.rules.spans.postal_addresses import goes_past, has_postcode, like_address
from thresher.service.rules.spans.span import Span

LABELLED = 0.3  # points of the words beside a name, from which a label says which line it is
TIGHT = 1.2  # line heights between two lines of one name at most
SHORT = 28  # letters; a longer line is no rest of an address
_PERSON = frozenset(("name", "full name", "person", "candidate", "applicant", "author"))  # a person's name is one line
_HONOURED = re.compile(r"^(?:(?:dr|prof|professor|mr|mrs|ms|herr|frau|mme|sr|sra)\b\.?\s*)+", re.IGNORECASE)
TWO = 2  # names of a person at least
_OPEN = re.compile(r"\s*(?:,|&|\b(?:and|und|et|y|of)\b|[-–—/])\s*$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_][^\d@:=$€£%()\[\]]*$")


def halved(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """Why a name or an address may not be whole; "" if nothing says so."""
    if shape not in ("name", "address") or layout.at(span.start) < 0:
        return ""
    if not (span.hints.get("legal") or span.hints.get("capacity")) and _open_ended(layout, span):
        return "not sure: its line ends in a comma or a word that joins, so it may go on"
    if shape == "name" and (rest := _rest(layout, span)):
        return f"not sure: after it its line goes on, {rest!r}"
    if shape == "address":
        return _going_on(layout, span) or _begun_above(layout, span)
    if words_of(wish.field.name) in _PERSON:
        words = _HONOURED.sub("", span.text).replace(",", " ").split()
        lone = len(words) < TWO and span.told < LABELLED
        return "not sure: it is one word, and a person has two names" if lone else ""
    of_firm = wish.concept and wish.concept.place == "top"
    return _beside_another(layout, span) if of_firm else ""


def _open_ended(layout: Layout, span: Span) -> bool:
    """Whether only a comma, or a word that joins, stands between a value and the end of its piece of the line."""
    piece = layout.pieces[layout.at(span.end - 1)]
    rest = layout.text[span.end : piece.end]
    return bool(_OPEN.fullmatch(rest)) and any(_under(piece, layout.pieces[j]) for j in _row(layout, piece, 1))


def _rest(layout: Layout, span: Span) -> str:
    """What follows a name in its piece of a line, where a label and a colon stand before it."""
    piece = layout.pieces[layout.at(span.start)]
    before, rest = layout.text[piece.start : span.start], layout.text[span.end : piece.end].strip()
    labelled = before.rstrip().endswith(":") and not span.hints.get("capacity")
    return rest if labelled and rest[:1].isalnum() and span.end <= piece.end else ""


def _going_on(layout: Layout, span: Span) -> str:
    last = layout.pieces[layout.at(span.end - 1)]
    for j in [*_row(layout, last, 1), *_row(layout, last, 2)]:
        words = layout.words(j).strip()
        near = _under(last, layout.pieces[j]) and not goes_past(words)
        town = not span.hints.get("postcode") and has_postcode(words)
        if near and (town or (len(words) < SHORT and _is_name_like(words) and layout.pieces[j].row == last.row + 1)):
            return f"not sure: it may go on with the line below, {words!r}"
    if not span.hints.get("street") and has_postcode(span.text[:8]):
        return "not sure: it begins with the town, and its street may stand above"
    return ""


def _begun_above(layout: Layout, span: Span) -> str:
    """A line over an address that may be its first: not the name, which stands over that line or has a legal form."""
    first = layout.pieces[layout.at(span.start)]
    for j in _row(layout, first, -1):
        words, over = layout.words(j).strip(), layout.pieces[j]
        if not _under(first, over) or not _is_name_like(words) or has_form(words) or span.told >= LABELLED:
            continue
        if any(
            _under(over, layout.pieces[k]) and _is_name_like(layout.words(k).strip()) for k in _row(layout, over, -1)
        ):
            return f"not sure: it may begin with the line above, {words!r}"
    return ""


def _beside_another(layout: Layout, span: Span) -> str:
    """A whole line that only its place makes a name, with another such line next to it."""
    hints = span.hints
    if not hints.get("piece") or hints.get("legal") or hints.get("capacity") or span.told >= LABELLED:
        return ""
    first, last = layout.pieces[layout.at(span.start)], layout.pieces[layout.at(span.end - 1)]
    for piece, step in ((last, 1), (first, -1)):
        for j in _row(layout, piece, step):
            words = layout.words(j).strip()
            if _under(piece, layout.pieces[j]) and _is_name_like(words) and not like_address(words):
                return f"not sure: the line beside it may belong to it, {words!r}"
    return ""


def _is_name_like(words: str) -> bool:
    return len(words) > 3 and bool(_WORDS.match(words)) and not is_common(words) and not is_label(words)


def _row(layout: Layout, piece: Piece, step: int) -> list[int]:
    row = piece.row + step
    return layout.rows[row] if 0 <= row < len(layout.rows) else []


def _under(a: Piece, b: Piece) -> bool:
    """Whether two pieces are neighbouring lines of one column."""
    upper, lower = (a, b) if a.row < b.row else (b, a)
    near = a.page == b.page and lower.box[1] - upper.box[3] < TIGHT * min(a.height, b.height)
    return near and min(a.box[2], b.box[2]) - max(a.box[0], b.box[0]) > 0
