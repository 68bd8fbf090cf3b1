"""Find what proves a given value beyond the rules that found it. A value without proof is given as unsure.

Four things prove a value: a sum that adds up; check digits; a label with only one meaning, while no other value has a label
nearly as good; a second labelled position with the same value, while none has another. In a sentence no words are a label.
"total" alone proves no amount, since a page may have many totals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from thresher.schemas.target import Field, Target
from thresher.service.rules.confidence.thresholds import STANCES, Sign
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.fields.concepts import GENERAL_WORDS
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.receipts.receipt_items import row_part_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT_TOLERANCE, ZERO
from thresher.service.rules.spans.prose import in_sentence, is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import candidates, concept_of, found_spans, shape_of
from thresher.service.rules.tables.list_sums import matches_total
from thresher.service.rules.tables.table_items import item_fields

UNPROVED = "found by rules; not proved by a sum, check digits, a unique label or a second occurrence"
MODEL_CHOSE = "two values were equally likely, and the model chose"
ROWS_UNPROVED = "read by rules; no sum on the page proves that the rows are complete and right"
LIST_UNPROVED = "found by rules; nothing proves that the list is complete and has no wrong value"
BALANCES_MIN_ROWS = 3  # rows whose balances show that their amounts are right
LINE_SHAPES = (
    "name",
    "address",
    "text",
    "title",
    "word",
    "terms",
    "method",
    "clause",
)  # shapes whose values reach to the end of a line
LABEL_MIN_POINTS = 0.5  # label points from which words are the span's label
UNIQUE_LABEL_MIN_POINTS = 0.95  # label points of words with only one meaning
UNIQUE_MONEY_LABEL_MIN_POINTS = 1.1  # the same for an amount: "gross total", not "total", of which a page has many
COMMON_LABEL_WORDS = GENERAL_WORDS | {"total", "totals", "sum"}  # words in the labels of many values of a page
LABEL_LEAD_POINTS = 0.3  # label points by which the labels of all other values are worse
_CODE = re.compile(r"[A-Z]{3}")
_WORD = re.compile(r"[\w:/&@-]")


def unproved_reason(layout: Layout, entry: FieldCandidates, sign: Sign, spans: Sequence[Span]) -> str:
    """Return why the first span, which is given, may be wrong; "" where it is proved."""
    shape, first = shape_of(entry.field, entry.concept) or "", spans[0]
    if first.proved:
        return ""
    if shape == "currency" and not _CODE.fullmatch(str(first.value)):
        return "the sign may stand for several currencies"
    if shape == "currency" and _CODE.fullmatch(first.text) and _has_one_value(layout, entry.field, first):
        return ""
    if _is_general(first, entry.field):
        return UNPROVED
    if _is_repeated(layout, entry.field, first):
        return ""
    clear = sign.worth >= STANCES["precision"] and _is_whole(layout, shape, first)
    return "" if clear and _is_labelled(layout, entry, shape, first) else UNPROVED


def unproved_list_reason(layout: Layout, leaf: Field, spans: Sequence[Span]) -> str:
    """Return why a list of scalars may be wrong; "" for parties of a contract that its end names again."""
    concept = concept_of(leaf)
    if concept and concept.key == "party" and is_prose(layout) and len(spans) > 1:
        last = layout.text[(layout.start + 3 * layout.end) // 4 : layout.end].casefold()
        if all(" ".join(s.text.split()).casefold() in " ".join(last.split()) for s in spans):
            return ""
    return LIST_UNPROVED


def unproved_rows_reason(layout: Layout, target: Target, pattern: str, items: Sequence[Item]) -> str:
    """Return why the rows of a list may be wrong.

    "" where they add up to a total, each row multiplies out, or each balance follows from the one before.
    """
    fields = item_fields(target, pattern)
    if _balances_follow(items, fields):
        return ""
    amount = next((f.path for f in fields if row_part_of(f) == "amount"), "")
    if (
        amount
        and all(amount in i for i in items)
        and (matches_total(layout, items, amount) or _rows_multiply_out(items, fields))
    ):
        return ""
    return ROWS_UNPROVED


def _rows_multiply_out(items: Sequence[Item], fields: Sequence[Field]) -> bool:
    """Whether quantity times price is the amount in every row."""
    means = {c.key: f.path for f in fields if (c := line_concept(f))}
    paths = [means.get(k, "") for k in ("quantity", "unit_price", "line_total")]
    return all(all(p in i for p in paths) and _comes_out(*(_number(i[p]) for p in paths)) for i in items)


def _balances_follow(items: Sequence[Item], fields: Sequence[Field]) -> bool:
    """Whether each row's balance is that of the row before with its money in and less its money out, over several rows."""
    means = {c.key: f.path for f in fields if (c := line_concept(f))}
    balance, into, out = (means.get(k, "") for k in ("running_balance", "money_in", "money_out"))
    if len(items) < BALANCES_MIN_ROWS or not (balance and into and out) or not all(balance in i for i in items):
        return False
    moved = [sum((abs(_number(i[p])) * way for p, way in ((into, 1), (out, -1)) if p in i), ZERO) for i in items]
    balances = [_number(i[balance]) for i in items]
    return all(
        abs(a + m - b) < CENT_TOLERANCE and m for a, m, b in zip(balances, moved[1:], balances[1:], strict=False)
    )


def _comes_out(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    return abs(quantity * price - amount) < CENT_TOLERANCE and abs(amount) > CENT_TOLERANCE


def _number(span: Span) -> Decimal:
    said = span.hints.get("number", span.value)
    return Decimal(str(said)) if isinstance(said, int | float | Decimal) else ZERO


def _is_repeated(layout: Layout, leaf: Field, span: Span) -> bool:
    """Whether a second labelled position has the same value and none has another."""
    labelled = [s for s in candidates(layout, leaf) if s.label_points >= LABEL_MIN_POINTS and not _overlaps(s, span)]
    return (
        bool(labelled)
        and span.label_points >= LABEL_MIN_POINTS
        and all(_plain_value(s) == _plain_value(span) for s in labelled)
    )


def _is_general(span: Span, leaf: Field) -> bool:
    """Whether the words next to a value are general ("date") while the field's name says more."""
    label = set(span.label.split())
    return bool(label) and label <= COMMON_LABEL_WORDS and not set(words_of(leaf.name).split()) <= COMMON_LABEL_WORDS


def _has_one_value(layout: Layout, leaf: Field, span: Span) -> bool:
    """Whether all spans for a field have the same value: a document that names one currency uses it."""
    return all(
        _plain_value(s) == _plain_value(span) for s in found_spans(layout, leaf, shape_of(leaf, concept_of(leaf)))
    )


def _overlaps(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _plain_value(span: Span) -> str:
    return plain(str(span.value))


def _is_labelled(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> bool:
    """Whether the words next to a span mean only this field, and no other value has words nearly as good."""
    least = UNIQUE_MONEY_LABEL_MIN_POINTS if shape == "money" else UNIQUE_LABEL_MIN_POINTS
    if span.label_points < least or in_sentence(layout, span.start) or not span.label:
        return False
    others = (
        s for s in candidates(layout, entry.field) if not _overlaps(s, span) and _plain_value(s) != _plain_value(span)
    )
    bare = set(span.label.split()) <= COMMON_LABEL_WORDS  # "date", which many values of the document have
    if bare and shape == "money":
        return False
    return not any(bare or s.label_points >= span.label_points - LABEL_LEAD_POINTS for s in others)


def _is_whole(layout: Layout, shape: str, span: Span) -> bool:
    """Whether a span is complete: no part of a longer word, or of a longer line where lines are wanted."""
    before, after = layout.text[max(span.start - 1, 0) : span.start], layout.text[span.end : span.end + 1]
    if _WORD.match(after) or (_WORD.match(before) and before != ":") or (before == ":" and span.text[:1].isdigit()):
        return False
    if shape not in LINE_SHAPES:
        return True
    rest = re.split(r"[\n\t]|\s{3,}", layout.text[span.end : span.end + 80], maxsplit=1)[0]
    return not any(c.isalnum() for c in rest)
