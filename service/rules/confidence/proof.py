"""Proof: what says that a given value is right beyond the rules that found it. What nothing proves is given as unsure.

Four things prove a value: a sum that comes out, check digits, a label that can mean nothing else while no other value
stands beside one nearly as good, and a second labelled place that says the same while none says another thing. In a
sentence no words are a label, and "total" alone proves no amount, for a page may have many totals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from thresher.schemas.target import Field, Target
from thresher.service.rules.confidence.thresholds import STANCES, Sign
from thresher.service.rules.fields.column_meaning import Item, line_concept
from thresher.service.rules.fields.concepts import GENERAL
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.receipts.receipt_items import group_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import CENT, ZERO
from thresher.service.rules.spans.prose import in_sentence, is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import candidates, concept_of, found_spans, shape_of
from thresher.service.rules.tables.list_sums import makes_total
from thresher.service.rules.tables.table_items import fields_of

UNPROVED = "found by rules; no sum, check digits, label of its own or second place proves it"
CHOSEN = "two values were as likely, and the model chose"
UNSUMMED = "read by rules; no sum on the page proves that the rows are all and are right"
LISTED = "found by rules; nothing proves that these are all, and no more"
FREE = (
    "name",
    "address",
    "text",
    "title",
    "word",
    "terms",
    "method",
    "clause",
)  # shapes that reach to the end of a line
TOLD = 0.5  # points of the words beside a span that make them its label
OWN = 0.95  # points of words that can mean nothing else
OWN_OF_MONEY = 1.1  # the same of an amount: "gross total", and not "total", which a page has many of
BARE = GENERAL | {"total", "totals", "sum"}  # words of labels that many values of a page have
APART = 0.3  # points by which the words beside any other value are worse
_CODE = re.compile(r"[A-Z]{3}")
_WORD = re.compile(r"[\w:/&@-]")


def unproved(layout: Layout, wish: FieldCandidates, sign: Sign, spans: Sequence[Span]) -> str:
    """Why the first span, which is given, may be wrong; "" where it is proved."""
    shape, first = shape_of(wish.field, wish.concept) or "", spans[0]
    if first.proved:
        return ""
    if shape == "currency" and not _CODE.fullmatch(str(first.value)):
        return "the sign of a currency, of which there may be several"
    if shape == "currency" and _CODE.fullmatch(first.text) and _is_only_one(layout, wish.field, first):
        return ""
    if _is_general(first, wish.field):
        return UNPROVED
    if _is_said_twice(layout, wish.field, first):
        return ""
    clear = sign.worth >= STANCES["precision"] and _is_whole(layout, shape, first)
    return "" if clear and _is_labelled(layout, wish, shape, first) else UNPROVED


def unproved_list(layout: Layout, leaf: Field, spans: Sequence[Span]) -> str:
    """Why a list of scalars may be wrong; "" for the parties of a contract that its end names again."""
    concept = concept_of(leaf)
    if concept and concept.key == "party" and is_prose(layout) and len(spans) > 1:
        last = layout.text[(layout.start + 3 * layout.end) // 4 : layout.end].casefold()
        if all(" ".join(s.text.split()).casefold() in " ".join(last.split()) for s in spans):
            return ""
    return LISTED


def unproved_rows(layout: Layout, target: Target, pattern: str, items: Sequence[Item]) -> str:
    """Why the rows of a list may be wrong; "" where their amounts make a total of the page or each row multiplies out."""
    fields = fields_of(target, pattern)
    amount = next((f.path for f in fields if group_of(f) == "amount"), "")
    if amount and all(amount in i for i in items) and (makes_total(layout, items, amount) or _multiply(items, fields)):
        return ""
    return UNSUMMED


def _multiply(items: Sequence[Item], fields: Sequence[Field]) -> bool:
    """Whether in every row the quantity times the price is the amount."""
    means = {c.key: f.path for f in fields if (c := line_concept(f))}
    paths = [means.get(k, "") for k in ("quantity", "unit_price", "line_total")]
    return all(all(p in i for p in paths) and _comes_out(*(_number(i[p]) for p in paths)) for i in items)


def _comes_out(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    return abs(quantity * price - amount) < CENT and abs(amount) > CENT


def _number(span: Span) -> Decimal:
    said = span.hints.get("number", span.value)
    return Decimal(str(said)) if isinstance(said, int | float | Decimal) else ZERO


def _is_said_twice(layout: Layout, leaf: Field, span: Span) -> bool:
    """Whether a second labelled place says the same and none says anything else."""
    told = [s for s in candidates(layout, leaf) if s.told >= TOLD and not _meets(s, span)]
    return bool(told) and span.told >= TOLD and all(_said(s) == _said(span) for s in told)


def _is_general(span: Span, leaf: Field) -> bool:
    """Whether the words beside a value are those of any paper ("date"), and the field's name says more than they do."""
    label = set(span.label.split())
    return bool(label) and label <= BARE and not set(words_of(leaf.name).split()) <= BARE


def _is_only_one(layout: Layout, leaf: Field, span: Span) -> bool:
    """Whether all that the text has for a field says the same: a paper that names one currency is in that one."""
    return all(_said(s) == _said(span) for s in found_spans(layout, leaf, shape_of(leaf, concept_of(leaf))))


def _meets(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _said(span: Span) -> str:
    return plain(str(span.value))


def _is_labelled(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> bool:
    """Whether the words beside a span can mean the field alone, and no other value has words nearly as good."""
    least = OWN_OF_MONEY if shape == "money" else OWN
    if span.told < least or in_sentence(layout, span.start) or not span.label:
        return False
    others = (s for s in candidates(layout, wish.field) if not _meets(s, span) and _said(s) != _said(span))
    bare = set(span.label.split()) <= BARE  # "date": of all that the document has
    if bare and shape == "money":
        return False
    return not any(bare or s.told >= span.told - APART for s in others)


def _is_whole(layout: Layout, shape: str, span: Span) -> bool:
    """Whether a span is all that stands there: no part of a longer word, or of a longer line where lines are wanted."""
    before, after = layout.text[max(span.start - 1, 0) : span.start], layout.text[span.end : span.end + 1]
    if _WORD.match(after) or (_WORD.match(before) and before != ":") or (before == ":" and span.text[:1].isdigit()):
        return False
    if shape not in FREE:
        return True
    rest = re.split(r"[\n\t]|\s{3,}", layout.text[span.end : span.end + 80], maxsplit=1)[0]
    return not any(c.isalnum() for c in rest)
