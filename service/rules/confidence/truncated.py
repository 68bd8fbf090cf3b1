"""Find names and addresses that may be incomplete: they may begin in the line above or continue below.

Where no label, legal form or postcode ends a name or an address, only its lines show how far it reaches. Half a name is a
wrong name, so a value that may be incomplete is doubted.
"""

from __future__ import annotations

import re

from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.ranking.position import is_label
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.line_pieces import Layout, Piece
from thresher.service.rules.spans.names import has_legal_form, has_only_common_words
from thresher.service.rules.spans.postal_addresses import ends_address, has_postcode, is_address_line
from thresher.service.rules.spans.span import Span

LABEL_MIN_POINTS = 0.3  # label points from which a label determines the line of a name
GAP_MAX_LINE_HEIGHTS = 1.2  # line heights; the largest gap between two lines of one name
ADDRESS_REST_MAX_CHARS = 28  # characters; a longer line is no rest of an address
_PERSON = frozenset(("name", "full name", "person", "candidate", "applicant", "author"))  # a person's name is one line
_HONORIFIC = re.compile(r"^(?:(?:dr|prof|professor|mr|mrs|ms|herr|frau|mme|sr|sra)\b\.?\s*)+", re.IGNORECASE)
PERSON_MIN_WORDS = 2  # fewest words of a person's name
_JOINING_END = re.compile(r"\s*(?:,|&|\b(?:and|und|et|y|of)\b|[-–—/])\s*$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_][^\d@:=$€£%()\[\]]*$")


def truncation_reason(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return why a name or an address may be incomplete; "" without a reason."""
    if shape not in ("name", "address") or layout.at(span.start) < 0:
        return ""
    if not (span.hints.get("legal") or span.hints.get("capacity")) and _open_ended(layout, span):
        return "not sure: its line ends in a comma or a joining word, so it may continue"
    if shape == "name" and (rest := _rest_of_line(layout, span)):
        return f"not sure: its line continues after it, {rest!r}"
    if shape == "address":
        return _continues_below(layout, span) or _begins_above(layout, span)
    if words_of(entry.field.name) in _PERSON:
        words = _HONORIFIC.sub("", span.text).replace(",", " ").split()
        lone = len(words) < PERSON_MIN_WORDS and span.label_points < LABEL_MIN_POINTS
        return "not sure: it is one word, and a person has two names" if lone else ""
    of_firm = entry.concept and entry.concept.place == "top"
    return _adjacent_name_line(layout, span) if of_firm else ""


def _open_ended(layout: Layout, span: Span) -> bool:
    """Whether a value's line continues below, and only a comma or a joining word ends it."""
    piece = layout.pieces[layout.at(span.end - 1)]
    rest = layout.text[span.end : piece.end]
    return bool(_JOINING_END.fullmatch(rest)) and any(
        _adjacent(piece, layout.pieces[j]) for j in _row_at(layout, piece, 1)
    )


def _rest_of_line(layout: Layout, span: Span) -> str:
    """Return the text after a name in its piece, where a label with a colon stands before it."""
    piece = layout.pieces[layout.at(span.start)]
    before, rest = layout.text[piece.start : span.start], layout.text[span.end : piece.end].strip()
    labelled = before.rstrip().endswith(":") and not span.hints.get("capacity")
    return rest if labelled and rest[:1].isalnum() and span.end <= piece.end else ""


def _continues_below(layout: Layout, span: Span) -> str:
    last = layout.pieces[layout.at(span.end - 1)]
    for j in [*_row_at(layout, last, 1), *_row_at(layout, last, 2)]:
        words = layout.words(j).strip()
        near = _adjacent(last, layout.pieces[j]) and not ends_address(words)
        town = not span.hints.get("postcode") and has_postcode(words)
        if near and (
            town
            or (len(words) < ADDRESS_REST_MAX_CHARS and _is_name_like(words) and layout.pieces[j].row == last.row + 1)
        ):
            return f"not sure: it may continue in the line below, {words!r}"
    if not span.hints.get("street") and has_postcode(span.text[:8]):
        return "not sure: it begins with the town, and its street may be in the line above"
    return ""


def _begins_above(layout: Layout, span: Span) -> str:
    """Return why the line above an address may be its first, and not the name above it; else ""."""
    first = layout.pieces[layout.at(span.start)]
    for j in _row_at(layout, first, -1):
        words, over = layout.words(j).strip(), layout.pieces[j]
        if (
            not _adjacent(first, over)
            or not _is_name_like(words)
            or has_legal_form(words)
            or span.label_points >= LABEL_MIN_POINTS
        ):
            continue
        if any(
            _adjacent(over, layout.pieces[k]) and _is_name_like(layout.words(k).strip())
            for k in _row_at(layout, over, -1)
        ):
            return f"not sure: it may begin in the line above, {words!r}"
    return ""


def _adjacent_name_line(layout: Layout, span: Span) -> str:
    """Return why a line that is a name only by its position may be part of the next or previous line; else ""."""
    hints = span.hints
    if not hints.get("piece") or hints.get("legal") or hints.get("capacity") or span.label_points >= LABEL_MIN_POINTS:
        return ""
    first, last = layout.pieces[layout.at(span.start)], layout.pieces[layout.at(span.end - 1)]
    for piece, step in ((last, 1), (first, -1)):
        for j in _row_at(layout, piece, step):
            words = layout.words(j).strip()
            if _adjacent(piece, layout.pieces[j]) and _is_name_like(words) and not is_address_line(words):
                return f"not sure: the next or previous line may belong to it, {words!r}"
    return ""


def _is_name_like(words: str) -> bool:
    return len(words) > 3 and bool(_WORDS.match(words)) and not has_only_common_words(words) and not is_label(words)


def _row_at(layout: Layout, piece: Piece, step: int) -> list[int]:
    row = piece.row + step
    return layout.rows[row] if 0 <= row < len(layout.rows) else []


def _adjacent(a: Piece, b: Piece) -> bool:
    """Whether two pieces are neighbouring lines of one column."""
    upper, lower = (a, b) if a.row < b.row else (b, a)
    near = a.page == b.page and lower.box[1] - upper.box[3] < GAP_MAX_LINE_HEIGHTS * min(a.height, b.height)
    return near and min(a.box[2], b.box[2]) - max(a.box[0], b.box[0]) > 0
